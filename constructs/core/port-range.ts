import type { AllOf } from './nodes';

/** Protocol and ports as EC2 writes them, in both engines. */
export function portRange(port: number | AllOf): { ipProtocol: string; fromPort?: number; toPort?: number } {
  if (typeof port === 'number') return { ipProtocol: 'tcp', fromPort: port, toPort: port };
  return ranges[port];
}

/** -1 is every type of ICMP, and as a protocol every protocol, which has no ports. */
const ranges = {
  'all-tcp': { ipProtocol: 'tcp', fromPort: 0, toPort: 65_535 },
  'all-udp': { ipProtocol: 'udp', fromPort: 0, toPort: 65_535 },
  'all-icmp': { ipProtocol: 'icmp', fromPort: -1, toPort: -1 },
  any: { ipProtocol: '-1' },
} as const;
