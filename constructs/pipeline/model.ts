import { assertValid, givenAllowed, type Problem } from '../../lib/errors';
import { deepFreeze } from '../../lib/freeze';
import type { Group, Manifest } from '../../lib/platform/manifest';
import { type HandlerDecision, type HandlerSetting, handlerNodes } from '../core/handler';
import { numberProblems, pascal } from '../core/names';
import type { EventRuleNode, Node, Statement } from '../core/nodes';
import { operationsKey, operationsKeyId } from '../core/operations-key';
import { removalProblems } from '../core/removal';
import { aws, ref, type Text, text } from '../core/text';
import { glueResources, readStatements, writeStatements } from '../lake/grants';
import type { LakeFacts, ZoneFacts } from '../lake/model';
import { groupAlarms } from './alarms';
import type { AlarmThresholds, PipelineDeclaration } from './props';
import { stateMachine } from './state-machine';

export interface PipelineModel {
  readonly nodes: readonly Node[];
  readonly facts: PipelineFacts;
}

/** What others need to know of a pipeline. Once rendered, every text is the engine's token. */
export interface PipelineFacts {
  readonly notices: Text;
  readonly deadLetters: Text;
  /** ARNs of the state machines, by group. */
  readonly machines: Readonly<Record<string, Text>>;
}

export interface PipelineGiven {
  /** Ids of nodes that are not to be made: `OperationsKey`. */
  readonly nodes: ReadonlySet<string>;
  /** Where synth runs, for the runtime's default place. */
  readonly folder: string;
  /** Whether a file is there. A model does no I/O of its own. */
  readonly exists: (file: string) => boolean;
  readonly deletionFlag?: unknown;
}

/** The days that CloudWatch Logs can keep logs for. */
const logRetentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** How often freshness is measured. Alarms on it look at an hour, so that one lost measurement is no alarm. */
const probeSchedule = 'rate(15 minutes)';

/**
 * Decides a pipeline over a lake: functions, and for each dataset group a queue of arrivals, a state machine, its
 * schedule and its alarms.
 *
 * @param path the construct's path, for messages
 * @throws InvalidInputError with every problem of the declaration
 */
export function pipelineModel(
  path: string,
  pipeline: PipelineDeclaration,
  lake: LakeFacts,
  given: PipelineGiven,
): PipelineModel {
  const { manifest } = pipeline;
  const removal = pipeline.removal ?? 'retain';
  const architecture = pipeline.architecture ?? 'arm64';
  const memoryMb = pipeline.memoryMb ?? 3008;
  const diskMb = pipeline.diskMb ?? 4096;
  const logRetentionDays = pipeline.logRetentionDays ?? 90;
  const runtime = pipeline.runtime ?? `${given.folder}/.ingot/runtime/${architecture}.zip`;
  const thresholds: Required<AlarmThresholds> = {
    successPercent: pipeline.alarms?.successPercent ?? 95,
    rowCountPercent: pipeline.alarms?.rowCountPercent ?? 20,
    durationRatio: pipeline.alarms?.durationRatio ?? 1.5,
  };
  const scheduled = pipeline.scheduled ?? true;
  assertValid([
    ...pipelineProblems(path, pipeline, lake, { memoryMb, diskMb, logRetentionDays, thresholds }),
    ...removalProblems(path, removal, given.deletionFlag),
    ...(given.exists(runtime)
      ? []
      : [
          {
            where: path,
            path: 'runtime',
            message: `must be the zip of the native runtime; ${runtime} is not there; write it with: npx ingot runtime --arch ${architecture}`,
          },
        ]),
  ]);

  const { name } = manifest;
  const keyArn = ref(operationsKeyId, 'arn');
  const setting: HandlerSetting = { architecture, logRetentionDays, keyArn, removal };
  const useKey: Statement = {
    sid: 'UseOperationsKey',
    effect: 'Allow',
    actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
    resources: [keyArn],
  };
  const queueIds = manifest.groups
    .filter((group) => group.ingests.length > 0)
    .map((group) => [group.name, arrivalsId(group)] as const);

  const environment: Record<string, Text> = {
    INGOT_CATALOG_URI: text`https://glue.${aws.region}.${aws.urlSuffix}/iceberg`,
    INGOT_CATALOG_AUTH: 'sigv4',
    INGOT_WAREHOUSE: aws.account,
    INGOT_ZONES: json(lake.zones.map((zone) => [zone.name, text`s3://${zone.bucketName}`])),
  };
  const layers = [ref('RuntimeLayer', 'arn'), ref('ManifestLayer', 'arn')];
  const sql = { memoryMb, diskMb, timeoutSeconds: 900, layers };
  const handlers: HandlerDecision[] = [
    {
      id: 'Ingest',
      bundle: 'ingest',
      functionName: `${name}-ingest`,
      description: 'Plans what has arrived and loads it: types, validates, de-duplicates, merges',
      ...sql,
      environment: { ...environment, INGOT_QUEUES: json(queueIds.map(([group, id]) => [group, ref(id, 'url')])) },
      statements: [
        ...writeStatements(lake, zonesFor(lake, manifest, 'ingest')),
        ...writeOps(lake),
        ...(queueIds.length === 0
          ? []
          : [
              {
                sid: 'TakeArrivals',
                effect: 'Allow' as const,
                actions: [
                  'sqs:ChangeMessageVisibility',
                  'sqs:DeleteMessage',
                  'sqs:GetQueueAttributes',
                  'sqs:ReceiveMessage',
                ],
                resources: queueIds.map(([, id]) => ref(id, 'arn')),
              },
            ]),
      ],
    },
    {
      id: 'Quality',
      bundle: 'quality',
      functionName: `${name}-quality`,
      description: "Answers every rule of a table's contract by one scan",
      ...sql,
      environment,
      statements: [...readStatements(lake, icebergZones(lake)), ...writeOps(lake)],
    },
    {
      id: 'Transform',
      bundle: 'transform',
      functionName: `${name}-transform`,
      description: 'Runs one SQL model into its table',
      ...sql,
      environment,
      statements: [
        ...readStatements(lake, icebergZones(lake)),
        ...writeTables(lake, zonesFor(lake, manifest, 'transform')),
      ],
    },
    {
      id: 'Publish',
      bundle: 'publish',
      functionName: `${name}-publish`,
      description: 'Emits metrics and lineage after a run, and measures freshness between runs',
      ...sql,
      environment,
      statements: [...readStatements(lake, icebergZones(lake)), ...writeOps(lake)],
    },
  ];

  const nodes: Node[] = [
    ...(given.nodes.has(operationsKeyId) ? [] : [operationsKey(name, 'pipeline', removal)]),
    ...notices(name, pipeline.emails ?? [], keyArn),
    deadLetterQueue(name, keyArn),
    ...manifest.groups.flatMap((group) => arrivals(manifest, lake, group, keyArn)),
    {
      kind: 'layer',
      id: 'RuntimeLayer',
      name: `${name}-runtime`,
      description: 'DuckDB and its extensions',
      zip: { file: runtime },
      architecture,
    },
    {
      kind: 'layer',
      id: 'ManifestLayer',
      name: `${name}-manifest`,
      description: `Contracts and models of ${name}`,
      zip: { entries: { 'ingot/manifest.json': JSON.stringify(manifest) } },
      architecture,
    },
    ...handlers.flatMap((handler) => handlerNodes(handler, setting)),
    ...manifest.groups.flatMap((group) => runs(manifest, group, setting, useKey)),
    ...(scheduled ? schedules(manifest, useKey, keyArn) : []),
    ...(scheduled
      ? manifest.groups.flatMap((group) =>
          groupAlarms(
            manifest,
            group,
            manifest.datasets.filter((dataset) => tablesOf(manifest, group).has(`${dataset.zone}.${dataset.name}`)),
            ref(machineId(group), 'arn'),
            thresholds,
            ref('NoticesTopic', 'arn'),
          ),
        )
      : []),
    deadLetterAlarm(name),
  ];
  return deepFreeze({
    nodes,
    facts: {
      notices: ref('NoticesTopic', 'arn'),
      deadLetters: ref('DeadLettersQueue', 'arn'),
      machines: Object.fromEntries(manifest.groups.map((group) => [group.name, ref(machineId(group), 'arn')])),
    },
  });
}

export const machineId = (group: Group) => `${pascal(group.name)}StateMachine`;
const arrivalsId = (group: Group) => `${pascal(group.name)}ArrivalsQueue`;

/** A topic that tells people, and its e-mail subscriptions. */
function notices(name: string, emails: readonly string[], keyArn: Text): Node[] {
  return [
    {
      kind: 'topic',
      id: 'NoticesTopic',
      name: `${name}-notices`,
      keyArn,
      policy: [
        {
          sid: 'AlarmsPublish',
          effect: 'Allow',
          principal: { service: 'cloudwatch.amazonaws.com' },
          actions: ['sns:Publish'],
          resources: [],
          conditions: { StringEquals: { 'aws:SourceAccount': aws.account } },
        },
        tlsOnlyTo('sns:Publish'),
      ],
    },
    ...emails.map(
      (email): Node => ({
        kind: 'subscription',
        id: `Notices${pascal(email)}`,
        topicArn: ref('NoticesTopic', 'arn'),
        protocol: 'email',
        endpoint: email,
      }),
    ),
  ];
}

function deadLetterQueue(name: string, keyArn: Text): Node {
  return {
    kind: 'queue',
    id: 'DeadLettersQueue',
    name: `${name}-dead-letters`,
    keyArn,
    visibilitySeconds: 900,
    retentionSeconds: 14 * 86_400,
    policy: [tlsOnlyTo('sqs:*')],
  };
}

/** S3 says to EventBridge what was created; rules on the group's prefixes bring it to the group's queue. */
function arrivals(manifest: Manifest, lake: LakeFacts, group: Group, keyArn: Text): Node[] {
  const sources = manifest.datasets.flatMap((dataset) =>
    dataset.source !== undefined && group.ingests.includes(`${dataset.zone}.${dataset.name}`) ? [dataset.source] : [],
  );
  if (sources.length === 0) return [];
  const queue = arrivalsId(group);
  const rules = lake.zones.flatMap((zone): EventRuleNode[] => {
    const prefixes = [
      ...new Set(sources.filter((source) => source.zone === zone.name).map((source) => `${source.prefix}/`)),
    ].sort();
    return chunks(prefixes, 20).map((some, i) => ({
      kind: 'eventRule',
      id: `${pascal(group.name)}${pascal(zone.name)}Arrivals${i + 1}`,
      name: `${manifest.name}-${group.name}-${zone.name}-arrivals-${i + 1}`,
      description: `Objects that arrive in ${zone.name} for ${group.name}`,
      pattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Created'],
        detail: { bucket: { name: [zone.bucketName] }, object: { key: some.map((prefix) => ({ prefix })) } },
      },
      targetArn: ref(queue, 'arn'),
      deadLetterArn: ref('DeadLettersQueue', 'arn'),
    }));
  });
  return [
    {
      kind: 'queue',
      id: queue,
      name: `${manifest.name}-${group.name}-arrivals`,
      keyArn,
      // As long as a plan may take: what it has not written down by then comes again.
      visibilitySeconds: 900,
      retentionSeconds: 14 * 86_400,
      redrive: { queueArn: ref('DeadLettersQueue', 'arn'), maxReceives: 5 },
      policy: [
        {
          sid: 'EventsArrive',
          effect: 'Allow',
          principal: { service: 'events.amazonaws.com' },
          actions: ['sqs:SendMessage'],
          resources: [],
          conditions: { StringEquals: { 'aws:SourceAccount': aws.account } },
        },
        tlsOnlyTo('sqs:*'),
      ],
    },
    ...rules,
  ];
}

/** The state machine of a group, with its role and log group. */
function runs(manifest: Manifest, group: Group, setting: HandlerSetting, useKey: Statement): Node[] {
  const id = machineId(group);
  const prefix = pascal(group.name);
  const fn = (handler: string) => ref(`${handler}Function`, 'arn');
  const called = ['Ingest', 'Quality', 'Transform', 'Publish'].map(fn);
  return [
    {
      kind: 'logGroup',
      id: `${prefix}RunsLogGroup`,
      // The one prefix whose log groups need no resource policy of their own (10 an account).
      name: `/aws/vendedlogs/states/${manifest.name}-${group.name}`,
      retentionDays: setting.logRetentionDays,
      keyArn: setting.keyArn,
      removal: setting.removal,
    },
    {
      kind: 'role',
      id: `${prefix}RunsRole`,
      description: `${manifest.name}: runs of ${group.name}`,
      assumedBy: { service: 'states.amazonaws.com' },
      assumeConditions: { StringEquals: { 'aws:SourceAccount': aws.account } },
      statements: [
        { sid: 'CallHandlers', effect: 'Allow', actions: ['lambda:InvokeFunction'], resources: called },
        {
          sid: 'KeepDeadLetters',
          effect: 'Allow',
          actions: ['sqs:SendMessage'],
          resources: [ref('DeadLettersQueue', 'arn')],
        },
        { sid: 'TellPeople', effect: 'Allow', actions: ['sns:Publish'], resources: [ref('NoticesTopic', 'arn')] },
        useKey,
        {
          sid: 'WriteTraces',
          effect: 'Allow',
          actions: [
            'xray:GetSamplingRules',
            'xray:GetSamplingTargets',
            'xray:PutTelemetryRecords',
            'xray:PutTraceSegments',
          ],
          resources: ['*'],
        },
        {
          // Log delivery is set up through calls that know no resource.
          sid: 'DeliverLogs',
          effect: 'Allow',
          actions: [
            'logs:CreateLogDelivery',
            'logs:DeleteLogDelivery',
            'logs:DescribeLogGroups',
            'logs:DescribeResourcePolicies',
            'logs:GetLogDelivery',
            'logs:ListLogDeliveries',
            'logs:PutResourcePolicy',
            'logs:UpdateLogDelivery',
          ],
          resources: ['*'],
        },
      ],
    },
    {
      kind: 'stateMachine',
      id,
      name: `${manifest.name}-${group.name}`,
      roleArn: ref(`${prefix}RunsRole`, 'arn'),
      definition: stateMachine(group, manifest, {
        ingest: fn('Ingest'),
        quality: fn('Quality'),
        transform: fn('Transform'),
        publish: fn('Publish'),
        deadLetters: ref('DeadLettersQueue', 'url'),
        notices: ref('NoticesTopic', 'arn'),
      }),
      logGroupArn: ref(`${prefix}RunsLogGroup`, 'arn'),
    },
    {
      // Of its own, since it names the state machine, which itself needs its role.
      kind: 'policy',
      id: `${prefix}ListRunsPolicy`,
      roleName: ref(`${prefix}RunsRole`, 'name'),
      statements: [
        { sid: 'ListOwnRuns', effect: 'Allow', actions: ['states:ListExecutions'], resources: [ref(id, 'arn')] },
      ],
    },
  ];
}

/** Starts runs and measures freshness. */
function schedules(manifest: Manifest, useKey: Statement, keyArn: Text): Node[] {
  const roleArn = ref('SchedulesRole', 'arn');
  return [
    {
      kind: 'role',
      id: 'SchedulesRole',
      description: `${manifest.name}: starts runs and freshness probes on schedule`,
      assumedBy: { service: 'scheduler.amazonaws.com' },
      assumeConditions: { StringEquals: { 'aws:SourceAccount': aws.account } },
      statements: [
        {
          sid: 'StartRuns',
          effect: 'Allow',
          actions: ['states:StartExecution'],
          resources: manifest.groups.map((group) => ref(machineId(group), 'arn')),
        },
        {
          sid: 'Probe',
          effect: 'Allow',
          actions: ['lambda:InvokeFunction'],
          resources: [ref('PublishFunction', 'arn')],
        },
        {
          sid: 'KeepDeadLetters',
          effect: 'Allow',
          actions: ['sqs:SendMessage'],
          resources: [ref('DeadLettersQueue', 'arn')],
        },
        useKey,
      ],
    },
    ...manifest.groups.flatMap((group): Node[] => [
      {
        kind: 'schedule',
        id: `${pascal(group.name)}Schedule`,
        name: `${manifest.name}-${group.name}`,
        description: `Runs ${group.name}`,
        expression: group.schedule,
        timeZone: group.timeZone,
        targetArn: ref(machineId(group), 'arn'),
        roleArn,
        keyArn,
        input: {},
        deadLetterArn: ref('DeadLettersQueue', 'arn'),
      },
      {
        kind: 'schedule',
        id: `${pascal(group.name)}ProbeSchedule`,
        name: `${manifest.name}-${group.name}-probe`,
        description: `Measures how fresh the tables of ${group.name} are`,
        expression: probeSchedule,
        timeZone: 'UTC',
        targetArn: ref('PublishFunction', 'arn'),
        roleArn,
        keyArn,
        input: { action: 'probe', group: group.name },
        deadLetterArn: ref('DeadLettersQueue', 'arn'),
      },
    ]),
  ];
}

function deadLetterAlarm(name: string): Node {
  return {
    kind: 'alarm',
    id: 'DeadLettersAlarm',
    name: `${name}-dead-letters`,
    description: `Something could not be done and is kept in the queue ${name}-dead-letters.`,
    metrics: [
      {
        id: 'value',
        returns: true,
        namespace: 'AWS/SQS',
        name: 'ApproximateNumberOfMessagesVisible',
        dimensions: { QueueName: ref('DeadLettersQueue', 'name') },
        statistic: 'Maximum',
        periodSeconds: 300,
      },
    ],
    comparison: 'GreaterThanThreshold',
    threshold: 0,
    periods: 1,
    periodsToAlarm: 1,
    // A queue that nobody has used for six hours sends no metrics.
    missingData: 'notBreaching',
    actions: [ref('NoticesTopic', 'arn')],
  };
}

const tlsOnlyTo = (action: string): Statement => ({
  sid: 'TlsOnly',
  effect: 'Deny',
  principal: 'anyone',
  actions: [action],
  resources: [],
  conditions: { Bool: { 'aws:SecureTransport': 'false' } },
});

/** Tables that a group writes, as `zone.table`. */
function tablesOf(manifest: Manifest, group: Group): ReadonlySet<string> {
  const models = new Set(group.levels.flat());
  return new Set([
    ...group.ingests,
    ...manifest.models.flatMap((m) => (models.has(m.name) && m.writes !== undefined ? [m.writes] : [])),
  ]);
}

const icebergZones = (lake: LakeFacts): ZoneFacts[] => lake.zones.filter((zone) => zone.holds === 'iceberg');

/** Zones that a step touches: those it reads files from and writes tables in. */
function zonesFor(lake: LakeFacts, manifest: Manifest, step: 'ingest' | 'transform'): ZoneFacts[] {
  const names = new Set(
    step === 'ingest'
      ? manifest.datasets.flatMap((d) => (d.source === undefined ? [] : [d.zone, d.source.zone]))
      : manifest.models.flatMap((m) => (m.writes === undefined ? [] : [m.writes.split('.')[0]!])),
  );
  return lake.zones.filter((zone) => names.has(zone.name));
}

/** Writing alone; reading is said once for all zones. */
function writeTables(lake: LakeFacts, zones: readonly ZoneFacts[]): Statement[] {
  const reading = new Set(readStatements(lake, zones).map((statement) => statement.sid));
  return zones.length === 0 ? [] : writeStatements(lake, zones).filter((statement) => !reading.has(statement.sid));
}

/** The platform's own tables and lineage, which every handler adds to. */
function writeOps(lake: LakeFacts): Statement[] {
  const zone = lake.zones.find((z) => z.name === lake.ops.zone)!;
  return [
    {
      sid: 'ReadWriteOps',
      effect: 'Allow',
      actions: ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:GetObject', 's3:PutObject'],
      resources: [text`${zone.bucketArn}/_ops/*`],
    },
    {
      sid: 'ListOps',
      effect: 'Allow',
      actions: ['s3:GetBucketLocation', 's3:ListBucket'],
      resources: [zone.bucketArn],
    },
    ...(zone.keyArn === undefined
      ? []
      : [
          {
            sid: 'OpsKey',
            effect: 'Allow' as const,
            actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
            resources: [zone.keyArn],
          },
        ]),
    {
      sid: 'OpsCatalog',
      effect: 'Allow',
      actions: ['glue:GetCatalog', 'glue:GetDatabase', 'glue:GetTable', 'glue:GetTables', 'glue:UpdateTable'],
      resources: glueResources([lake.ops.database]),
    },
  ];
}

/** A JSON object whose values may be known only at deploy. */
function json(entries: readonly (readonly [string, Text])[]): Text {
  return text`{${entries.reduce<Text>((all, [key, value], i) => text`${all}${i === 0 ? '' : ','}${JSON.stringify(key)}:"${value}"`, '')}}`;
}

function chunks<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, i) => values.slice(i * size, (i + 1) * size));
}

function pipelineProblems(
  where: string,
  pipeline: PipelineDeclaration,
  lake: LakeFacts,
  numbers: { memoryMb: number; diskMb: number; logRetentionDays: number; thresholds: Required<AlarmThresholds> },
): Problem[] {
  const { manifest } = pipeline;
  const lakeZones = lake.zones.map((zone) => zone.name);
  const { successPercent, rowCountPercent, durationRatio } = numbers.thresholds;
  return [
    ...(manifest.name === lake.name
      ? []
      : [
          {
            where,
            path: 'manifest.name',
            message: `must be the lake's name, ${JSON.stringify(lake.name)}; given ${JSON.stringify(manifest.name)}`,
          },
        ]),
    ...manifest.zones
      .filter((zone) => !lakeZones.includes(zone.name))
      .map((zone) => ({
        where,
        path: 'manifest.zones',
        message: `must be zones of the lake; ${givenAllowed(zone.name, lakeZones)}`,
      })),
    ...numberProblems(where, 'memoryMb', numbers.memoryMb, { min: 512, max: 10_240, whole: true }),
    ...numberProblems(where, 'diskMb', numbers.diskMb, { min: 512, max: 10_240, whole: true }),
    ...(logRetentions.includes(numbers.logRetentionDays)
      ? []
      : [
          {
            where,
            path: 'logRetentionDays',
            message: `must be a number of days that CloudWatch Logs knows; given ${numbers.logRetentionDays}; allowed: ${logRetentions.join(', ')}`,
          },
        ]),
    ...(successPercent === false
      ? []
      : numberProblems(where, 'alarms.successPercent', successPercent, { min: 0, max: 100, whole: false })),
    ...(rowCountPercent === false
      ? []
      : numberProblems(where, 'alarms.rowCountPercent', rowCountPercent, { min: 0, whole: false })),
    ...(durationRatio === false
      ? []
      : numberProblems(where, 'alarms.durationRatio', durationRatio, { min: 1, whole: false })),
    ...(pipeline.emails ?? [])
      .filter((email) => !/^[^@\s]+@[^@\s]+$/.test(email))
      .map((email) => ({ where, path: 'emails', message: `must be e-mail addresses; given ${JSON.stringify(email)}` })),
  ];
}
