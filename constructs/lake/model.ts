import { assertValid, givenAllowed, type Problem } from '../../lib/errors';
import { deepFreeze } from '../../lib/freeze';
import type { Zone } from '../../lib/platform/manifest';
import { databaseName, resolveZones, type ZoneDeclaration, zoneProblems } from '../../lib/platform/zones';
import { nameProblems, numberProblems } from '../core/names';
import type { BucketNode, KeyNode, LifecycleRule, Node } from '../core/nodes';
import { accountAdministersKey, bucketOverTls, inThisAccount } from '../core/policy';
import { removalProblems } from '../core/removal';
import { aws, ref, type Text, text } from '../core/text';
import { bucketId, databaseId, keyId } from './ids';
import type { LakeDeclaration } from './props';
import { replicaProblems, replicas } from './replicas';

/** What stands of a lake once it is decided: its resources, and what others need to know to use it. */
export interface LakeModel {
  readonly nodes: readonly Node[];
  readonly facts: LakeFacts;
}

/** What catalogs, pipelines and grants need to know of a lake. Once rendered, every text is the engine's token. */
export interface LakeFacts {
  readonly name: string;
  readonly zones: readonly ZoneFacts[];
  /** The platform's own tables: their database, and their root, inside the first Iceberg zone. */
  readonly ops: { readonly database: Text; readonly zone: string };
  readonly workgroup: Text;
  readonly queryResults: { readonly bucketArn: Text; readonly bucketName: Text; readonly keyArn: Text };
  /** Name of the bucket that others may log who reads and writes them into; absent where the lake logs nothing. */
  readonly accessLogs?: Text;
}

export interface ZoneFacts extends Omit<Zone, 'database'> {
  /** Name of its Glue database, as an attribute of the database: what uses the name is made after it. */
  readonly database: Text;
  readonly bucketArn: Text;
  readonly bucketName: Text;
  /** Absent where an existing bucket was passed in that has no key of its own. */
  readonly keyArn?: Text;
}

/** Days that a version of an object is kept that another has taken the place of. */
export const versionDays = 30;
/** Days that results of queries are kept, where nobody says how long. */
export const defaultQueryResultDays = 30;

/** What the user brought along: ids of nodes that are not to be made, for example `BronzeBucket`. */
export interface LakeGiven {
  readonly nodes: ReadonlySet<string>;
  /** The context's `ingot:allow-data-deletion`. */
  readonly deletionFlag?: unknown;
}

/**
 * Decides a lake.
 *
 * @param path the construct's path, for messages
 * @throws InvalidInputError with every problem of the declaration
 */
export function lakeModel(path: string, lake: LakeDeclaration, given: LakeGiven = { nodes: new Set() }): LakeModel {
  const removal = lake.removal ?? 'retain';
  const accessLogDays = lake.accessLogDays ?? 365;
  const queryScanLimitGb = lake.queryScanLimitGb ?? 100;
  const queryResultDays = lake.queryResultDays ?? defaultQueryResultDays;
  assertValid([
    ...lakeProblems(path, lake, { accessLogDays, queryScanLimitGb, queryResultDays }),
    ...bucketNameProblems(path, lake, given.nodes),
    ...replicaProblems(path, lake, given.nodes),
    ...removalProblems(path, removal, given.deletionFlag),
  ]);

  const { name } = lake;
  const zones = resolveZones(name, lake.zones);
  const logged = lake.accessLogs ?? true;
  const exists = (id: string) => given.nodes.has(id);
  const bucketName = (purpose: string) => text`${name}-${purpose.replaceAll('_', '-')}-${aws.account}-${aws.region}`;
  const regulated = lake.compliance === 'regulated';
  const copied = replicas(lake, bucketName);
  const accessLogs = (prefix: string) =>
    logged ? { accessLogs: { bucketName: ref('AccessLogsBucket', 'name'), prefix: `${prefix}/` } } : {};
  const key = (id: string, purpose: string): KeyNode => ({
    kind: 'key',
    id,
    alias: `alias/${name}-${purpose.replaceAll('_', '-')}`,
    description: `${name}: ${purpose}`,
    policy: [accountAdministersKey],
    removal,
  });

  /** What goes by itself after some days. Versions of it are kept where a replica or a rule demands them. */
  const passing = (purpose: string, expireAfterDays: number) => {
    const versioned = regulated || copied.of(purpose) !== undefined;
    const versions = versioned ? { expireNoncurrentAfterDays: versionDays } : {};
    const lifecycle: LifecycleRule[] = [{ id: 'expire', expireAfterDays, ...versions, abortUploadsAfterDays: 7 }];
    return { versioned, lifecycle, replication: copied.of(purpose) };
  };

  const accessLogsBucket: BucketNode = {
    kind: 'bucket',
    id: 'AccessLogsBucket',
    name: bucketName('access-logs'),
    ...passing('access_logs', accessLogDays),
    ...(regulated ? { exceptions: accessLogsWithoutKey } : {}),
    policy: [
      bucketOverTls,
      {
        sid: 'AccessLogsArrive',
        effect: 'Allow',
        principal: { service: 'logging.s3.amazonaws.com' },
        actions: ['s3:PutObject'],
        resources: [],
        conditions: inThisAccount,
      },
    ],
    eventBridge: false,
    removal,
  };

  const zoneNodes = zones.flatMap((zone): Node[] => {
    const bucket = ref(bucketId(zone.name), 'name');
    return [
      key(keyId(zone.name), zone.name),
      {
        kind: 'bucket',
        id: bucketId(zone.name),
        name: bucketName(zone.name),
        keyArn: ref(keyId(zone.name), 'arn'),
        versioned: true,
        lifecycle: [zoneLifecycle(zone)],
        replication: copied.of(zone.name),
        ...accessLogs(zone.name),
        policy: [bucketOverTls],
        eventBridge: zone.holds === 'files',
        removal,
      },
      {
        kind: 'glueDatabase',
        id: databaseId(zone.name),
        name: zone.database,
        description: `${name}: ${zone.name}, ${zone.holds === 'files' ? 'files as they arrived' : 'Iceberg tables'}`,
        location: text`s3://${bucket}/`,
        removal,
      },
    ];
  });

  const opsZone = zones.find((zone) => zone.holds === 'iceberg')!;
  const queries: Node[] = [
    key('QueryResultsKey', 'query-results'),
    {
      kind: 'bucket',
      id: 'QueryResultsBucket',
      name: bucketName('query-results'),
      keyArn: ref('QueryResultsKey', 'arn'),
      ...passing('query_results', queryResultDays),
      ...accessLogs('query-results'),
      policy: [bucketOverTls],
      eventBridge: false,
      removal,
    },
    {
      kind: 'workgroup',
      id: 'Workgroup',
      name,
      description: `${name}: queries of the lake; results encrypted, scans limited`,
      outputLocation: text`s3://${ref('QueryResultsBucket', 'name')}/results/`,
      keyArn: ref('QueryResultsKey', 'arn'),
      scanLimitBytes: Math.round(queryScanLimitGb * 1e9),
    },
  ];

  const made: Node[] = [
    ...(logged ? [accessLogsBucket] : []),
    ...zoneNodes,
    {
      kind: 'glueDatabase',
      id: databaseId('ops'),
      name: databaseName(name, 'ops'),
      description: `${name}: the platform's own tables: files ingested, quality results, runs`,
      location: text`s3://${ref(bucketId(opsZone.name), 'name')}/_ops/`,
      removal,
    },
    ...queries,
  ];
  const missing = made.filter(({ id }) => !exists(id) && !(id.endsWith('Key') && exists(id.replace(/Key$/, 'Bucket'))));
  // Keys first: a role that copies from one bucket to another names them, and the buckets name the role.
  const isKey = ({ kind }: Node) => kind === 'key';
  const nodes = [...missing.filter(isKey), ...copied.role, ...missing.filter((node) => !isKey(node))];
  return deepFreeze({
    nodes,
    facts: {
      name,
      zones: zones.map((zone) => ({
        ...zone,
        database: ref(databaseId(zone.name), 'name'),
        bucketArn: ref(bucketId(zone.name), 'arn'),
        bucketName: ref(bucketId(zone.name), 'name'),
        ...(exists(bucketId(zone.name)) && !exists(keyId(zone.name)) ? {} : { keyArn: ref(keyId(zone.name), 'arn') }),
      })),
      ops: { database: ref(databaseId('ops'), 'name'), zone: opsZone.name },
      workgroup: ref('Workgroup', 'name'),
      queryResults: {
        bucketArn: ref('QueryResultsBucket', 'arn'),
        bucketName: ref('QueryResultsBucket', 'name'),
        keyArn: ref('QueryResultsKey', 'arn'),
      },
      ...(logged ? { accessLogs: ref('AccessLogsBucket', 'name') } : {}),
    },
  });
}

/**
 * The zones of these names; all where none is named.
 *
 * @throws InvalidInputError for a name that no zone has
 */
export function selectZones<Facts extends Pick<ZoneFacts, 'name'>>(
  path: string,
  lake: { readonly zones: readonly Facts[] },
  names: readonly string[],
): readonly Facts[] {
  const known = lake.zones.map((zone) => zone.name);
  assertValid(
    names
      .filter((name) => !known.includes(name))
      .map((name) => ({
        where: path,
        path: 'zones',
        message: `must be names of its zones; ${givenAllowed(name, known)}`,
      })),
  );
  return names.length === 0 ? lake.zones : lake.zones.filter((zone) => names.includes(zone.name));
}

/** S3 does not deliver access logs to a bucket whose default is a KMS key. */
const accessLogsWithoutKey = ['HIPAA.Security', 'NIST.800.53.R5', 'PCI.DSS.321'].map((pack) => ({
  rule: `${pack}-S3DefaultEncryptionKMS`,
  reason: 'S3 delivers access logs only to buckets that are encrypted with SSE-S3 by default.',
}));

/** An object of an Iceberg table has no age that S3 knows: only snapshots say what is live. */
function zoneLifecycle(zone: Zone): LifecycleRule {
  return {
    id: 'keep',
    ...(zone.holds === 'files' && zone.archiveAfterDays !== undefined
      ? { archiveAfterDays: zone.archiveAfterDays }
      : {}),
    ...(zone.holds === 'files' && zone.retentionDays !== undefined ? { expireAfterDays: zone.retentionDays } : {}),
    expireNoncurrentAfterDays: versionDays,
    abortUploadsAfterDays: 7,
  };
}

/** S3 takes 63 characters, of which the account and the longest region's name leave 34 to platform and zone. */
function bucketNameProblems(where: string, lake: LakeDeclaration, given: ReadonlySet<string>): Problem[] {
  const left = 34 - lake.name.length;
  return (lake.zones ?? []).flatMap(({ name }, i) =>
    name.length <= left || given.has(bucketId(name))
      ? []
      : [
          {
            where,
            path: `zones[${i}].name`,
            message: `must be at most ${left} characters beside the lake's name, since both are in its bucket's name; given ${JSON.stringify(name)}, ${name.length} characters`,
          },
        ],
  );
}

function lakeProblems(
  where: string,
  lake: LakeDeclaration,
  numbers: { accessLogDays: number; queryScanLimitGb: number; queryResultDays: number },
): Problem[] {
  const zones: readonly ZoneDeclaration[] | undefined = lake.zones;
  return [
    ...nameProblems(where, 'name', lake.name),
    ...(zones === undefined
      ? []
      : zoneProblems(zones).map(({ path, message }) => ({ where, path: `zones${path}`, message }))),
    ...numberProblems(where, 'accessLogDays', numbers.accessLogDays, { min: 1, whole: true, tokens: true }),
    ...numberProblems(where, 'queryResultDays', numbers.queryResultDays, { min: 1, whole: true, tokens: true }),
    ...numberProblems(where, 'queryScanLimitGb', numbers.queryScanLimitGb, { min: 0.01, whole: false }),
  ];
}
