import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { strict } from '../contract/strict';

/** A VPC to be made. It is made only where it is asked for: it costs money, and it has addresses that may be taken. */
export interface NewNetwork {
  /** Its addresses, `10.42.0.0/16`: a block of 16 to 24 bits. Each zone's subnet takes a sixteenth of them. */
  readonly cidr: string;
  /**
   * Availability zones that it spans, 2 or 3.
   * @default 2
   */
  readonly zones?: number;
  /**
   * Services of AWS that are reached through an interface endpoint, beside those that the platform's own functions use:
   * `sts`, `bedrock-runtime`, `ecr.api`. Each costs money by the hour and zone. S3 and DynamoDB have gateway endpoints,
   * which cost nothing, and are not named here.
   * @default none
   */
  readonly endpoints?: readonly string[];
}

/** A VPC that is there. */
export interface ExistingNetwork {
  /** `vpc-…`. */
  readonly vpcId: string;
  /** Private subnets in two availability zones or more, from which AWS's services are reached. */
  readonly subnetIds: readonly string[];
}

/** `network:` of platform.yaml, with its defaults. */
export type NetworkManifest = Required<NewNetwork> | ExistingNetwork;

/** What `network:` of platform.yaml may say: one of both forms. */
export const networkWords = strict({
  cidr: z
    .string()
    .optional()
    .describe('Addresses of a VPC to be made, such as 10.42.0.0/16: isolated subnets, endpoints, no NAT gateway.'),
  zones: z.int().min(2).max(3).optional().describe('Availability zones that the new VPC spans, 2 or 3. By default 2.'),
  endpoints: z
    .array(z.string())
    .optional()
    .describe('Services that the new VPC has interface endpoints for, beside those that are used, such as sts.'),
  vpcId: z.string().optional().describe('Id of an existing VPC, instead of cidr.'),
  subnetIds: z
    .array(z.string())
    .optional()
    .describe('Ids of private subnets of the existing VPC, in two availability zones or more.'),
})
  .superRefine((words, context) => {
    for (const { path, message } of networkProblems(words))
      context.addIssue({ code: 'custom', path: path === '' ? [] : [path], message });
  })
  .describe('The VPC that the database and its functions are in: a new one, by cidr, or an existing one, by vpcId.');

export type NetworkWords = z.infer<typeof networkWords>;

/** Applies the defaults. Says nothing of validity: see `networkProblems`. */
export function resolveNetwork(words: NetworkWords): NetworkManifest {
  const { cidr, vpcId, subnetIds } = words;
  if (cidr === undefined) return { vpcId: vpcId ?? '', subnetIds: subnetIds ?? [] };
  return { cidr, zones: words.zones ?? 2, endpoints: words.endpoints ?? [] };
}

/** One sentence for each thing that is wrong. */
function networkProblems(words: NetworkWords): { path: string; message: string }[] {
  const { cidr, vpcId, subnetIds } = words;
  if (cidr === undefined && vpcId === undefined)
    return [{ path: '', message: 'must give cidr for a new VPC, or vpcId and subnetIds of an existing one' }];
  if (cidr !== undefined)
    return [
      ...(['vpcId', 'subnetIds'] as const)
        .filter((word) => words[word] !== undefined)
        .map((path) => ({ path, message: 'must be left out where cidr asks for a new VPC' })),
      ...newNetworkProblems({ ...words, cidr }),
    ];
  return [
    ...(['zones', 'endpoints'] as const)
      .filter((word) => words[word] !== undefined)
      .map((path) => ({ path, message: 'must be left out where vpcId names an existing VPC' })),
    ...(/^vpc-[0-9a-f]{8,17}$/.test(vpcId!)
      ? []
      : [{ path: 'vpcId', message: `must be the id of a VPC, vpc-…; given ${JSON.stringify(vpcId)}` }]),
    ...(subnetIds === undefined || subnetIds.length < 2
      ? [
          {
            path: 'subnetIds',
            message: `must name private subnets in two availability zones or more; given ${JSON.stringify(subnetIds ?? [])}`,
          },
        ]
      : []),
  ];
}

/** One sentence for each thing that is wrong with a VPC to be made. */
export function newNetworkProblems({ cidr, zones, endpoints }: NewNetwork): { path: string; message: string }[] {
  const given = JSON.stringify(cidr);
  return [
    ...(parseCidr(cidr) === undefined
      ? [
          {
            path: 'cidr',
            message: `must be a block of private addresses of 16 to 24 bits that begins at its own first address, such as 10.42.0.0/16; given ${given}`,
          },
        ]
      : []),
    ...(zones === undefined || zones === 2 || zones === 3
      ? []
      : [{ path: 'zones', message: `must be 2 or 3; given ${JSON.stringify(zones)}` }]),
    ...(endpoints ?? []).flatMap((service, i) => {
      const path = `endpoints[${i}]`;
      if (service === 's3' || service === 'dynamodb')
        return [{ path, message: `must not be ${service}: every new VPC has a gateway endpoint for it` }];
      return /^[a-z0-9]+([.-][a-z0-9]+)*$/.test(service)
        ? []
        : [
            {
              path,
              message: `must be a service as its endpoint is named after the region, such as sts; given ${JSON.stringify(service)}`,
            },
          ];
    }),
  ];
}

const privateBlocks = [
  [10, 0, 255],
  [172, 16, 31],
  [192, 168, 168],
] as const;

/** First address as a number, and bits; undefined where it is no private block of 16 to 24 bits. */
function parseCidr(cidr: string): { first: number; bits: number } | undefined {
  const [address = '', bitsText = '', ...more] = cidr.split('/');
  const bits = Number(bitsText);
  if (more.length > 0 || !isIPv4(address) || !/^\d+$/.test(bitsText) || bits < 16 || bits > 24) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  if (!privateBlocks.some(([first, from, to]) => a === first && b >= from && b <= to)) return undefined;
  const first = ((a * 256 + b) * 256 + c) * 256 + d;
  return first % 2 ** (32 - bits) === 0 ? { first, bits } : undefined;
}

/** The nth of the sixteen blocks that a block is made of: `10.42.0.0/16` has `10.42.16.0/20` as its second. */
export function sixteenth(cidr: string, n: number): string {
  const { first, bits } = parseCidr(cidr)!;
  const start = first + n * 2 ** (28 - bits);
  return `${[24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join('.')}/${bits + 4}`;
}
