import type { Manifest } from '../../lib/platform/manifest';
import type { ZoneDeclaration } from '../../lib/platform/zones';

/** A manifest's zones as a lake is told of them: what the manifest leaves out is decided to be never. */
export function zoneDeclarations(manifest: Manifest): ZoneDeclaration[] {
  return manifest.zones.map(({ name, holds, archiveAfterDays, retentionDays }) => ({
    name,
    holds,
    archiveAfterDays: archiveAfterDays ?? false,
    retentionDays: retentionDays ?? false,
  }));
}

/** Services of AWS that functions inside the platform's own VPC call: it has an interface endpoint for each. */
export function endpointsOf({ network, database }: Manifest, functionsInside: boolean): string[] {
  return [
    ...new Set([
      ...(network !== undefined && 'cidr' in network ? network.endpoints : []),
      // Migrations log in with the master secret, and start their state machine; all others with IAM, which makes its tokens without a call.
      ...(database === undefined ? [] : ['secretsmanager', 'states']),
      ...(functionsInside ? ['glue', 'sqs'] : []),
    ]),
  ].sort();
}
