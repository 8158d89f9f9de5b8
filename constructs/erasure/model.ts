import { erasureLedgerTable } from '../../lib/erasure/ledger-table';
import { tablePlaces } from '../../lib/erasure/places';
import { subjectColumns } from '../../lib/erasure/subjects';
import { assertValid, type Problem } from '../../lib/errors';
import { deepFreeze } from '../../lib/freeze';
import type { Manifest } from '../../lib/platform/manifest';
import { scheduleProblem } from '../../lib/platform/schedule';
import { atFirst } from '../core/alarm';
import { networkProblems, regulate } from '../core/compliance';
import { type HandlerSetting, handlerNodes } from '../core/handler';
import { icebergCatalogProblems } from '../core/iceberg-catalog';
import { manifestLayer, runtimeFile, runtimeLayer } from '../core/layers';
import { logRetentionOf, logRetentionProblems } from '../core/log-retention';
import { failedExecutions, machineNodes } from '../core/machine';
import type { Node, Statement } from '../core/nodes';
import { operationsKey, operationsKeyId, useOperationsKey } from '../core/operations-key';
import { removalProblems } from '../core/removal';
import { scheduleNodes } from '../core/schedules';
import { aws, ref, type Text, text } from '../core/text';
import { idProblems } from '../core/unique';
import { readStatements, writeStatements } from '../lake/grants';
import { defaultQueryResultDays, type LakeFacts, versionDays } from '../lake/model';
import { lakeEnvironment, writeOps } from '../pipeline/functions';
import { deadLettersId, noticesId } from '../pipeline/ids';
import { emailProblems, failedCalls, notices, withoutGiven } from '../pipeline/notices';
import type { ErasureDeclaration } from './props';
import { eraseMachine, placesAtOnce } from './state-machine';

/** What stands of erasures once they are decided. */
export interface ErasureModel {
  readonly nodes: readonly Node[];
  readonly facts: ErasureFacts;
}

/** What others need to know of erasures. Once rendered, every text is the engine's token. */
export interface ErasureFacts {
  /** Takes requests: `{"action": "request", "subject": "customer", "keys": ["42"]}`. */
  readonly functionArn: Text;
  readonly machineArn: Text;
  /** Name of DynamoDB's table of erasures. */
  readonly ledger: Text;
}

export interface ErasureGiven {
  /** Ids of nodes that are not to be made: `OperationsKey`, `NoticesTopic`. */
  readonly nodes: ReadonlySet<string>;
  /** Where synth runs, for the runtime's default place. */
  readonly folder: string;
  readonly deletionFlag?: unknown;
}

const backupRules = ['HIPAA.Security-DynamoDBInBackupPlan', 'NIST.800.53.R5-DynamoDBInBackupPlan'];
const ledgerId = 'Ledger';
const machineId = 'EraseMachine';

/**
 * Decides erasures over a lake: a function, a state machine that it starts and a schedule starts again, the ledger, and
 * alarms.
 *
 * @param path the construct's path, for messages
 * @throws InvalidInputError with every problem of the declaration
 */
export function erasureModel(
  path: string,
  declared: ErasureDeclaration,
  lake: LakeFacts,
  given: ErasureGiven,
): ErasureModel {
  const { manifest, compliance } = declared;
  const removal = declared.removal ?? 'retain';
  const architecture = declared.architecture ?? 'arm64';
  const memoryMb = declared.memoryMb ?? 3008;
  const schedule = declared.schedule ?? 'rate(1 day)';
  const logRetentionDays = logRetentionOf(declared);
  const runtime = declared.runtime ?? runtimeFile(given.folder, architecture);
  assertValid([
    ...erasureProblems(path, declared, lake, { memoryMb, schedule }),
    ...emailProblems(path, declared.emails),
    ...icebergCatalogProblems(path, declared.icebergCatalog),
    ...logRetentionProblems(path, logRetentionDays),
    ...networkProblems(path, declared),
    ...removalProblems(path, removal, given.deletionFlag),
  ]);

  const own = `${manifest.name}-erase`;
  const keyArn = ref(operationsKeyId, 'arn');
  const setting: HandlerSetting = { architecture, logRetentionDays, keyArn, removal };
  // By its name: the machine calls the function, which starts the machine.
  const machineArn = text`arn:${aws.partition}:states:${aws.region}:${aws.account}:stateMachine:${own}`;
  const holds = {
    versionDays,
    queryResultDays: declared.queryResultDays ?? defaultQueryResultDays,
    ...(declared.replicated === undefined ? {} : { replicas: declared.replicated }),
  };
  const all: Node[] = [
    operationsKey(own, 'operations', removal),
    ...notices(own, declared.emails ?? [], keyArn),
    ...(schedule === false && compliance !== 'regulated' ? [] : failedCalls(own, keyArn, 'a schedule and a function')),
    {
      kind: 'dynamoTable',
      id: ledgerId,
      name: `${own}-ledger`,
      partitionKey: erasureLedgerTable.partition,
      sortKey: erasureLedgerTable.sort,
      keyArn,
      exceptions: backupRules.map((rule) => ({
        rule,
        reason:
          'It can be recovered to any second of 35 days; a plan that restored it with the lake would forget erasures since.',
      })),
      removal,
    },
    runtimeLayer(own, runtime, architecture),
    manifestLayer(own, `Contracts of ${manifest.name}`, manifest, architecture),
    ...handlerNodes(
      {
        id: 'Erase',
        bundle: 'erase',
        functionName: own,
        description: 'Erases persons from tables, files and snapshots',
        memoryMb,
        timeoutSeconds: 900,
        // A table that is rewritten, or a file, may not fit into memory.
        diskMb: 10_240,
        layers: [ref('RuntimeLayer', 'arn'), ref('ManifestLayer', 'arn')],
        environment: {
          ...lakeEnvironment(lake, declared.icebergCatalog),
          INGOT_ERASURE_LEDGER: ref(ledgerId, 'name'),
          INGOT_ERASE_MACHINE: machineArn,
          INGOT_HOLDS: JSON.stringify(holds),
        },
        statements: [
          ...tableStatements(manifest, lake),
          {
            sid: 'KeepLedger',
            effect: 'Allow',
            actions: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'],
            resources: [ref(ledgerId, 'arn')],
          },
          { ...useOperationsKey, sid: 'LedgerKey' },
          { sid: 'StartMachine', effect: 'Allow', actions: ['states:StartExecution'], resources: [machineArn] },
        ],
      },
      setting,
    ),
    ...machine(manifest.name, own, setting),
    failedAlarm(manifest.name, own),
    ...(schedule === false ? [] : scheduled(own, schedule)),
  ];
  const nodes = withoutGiven(all, given.nodes);
  assertValid(idProblems(path, nodes));
  return deepFreeze({
    nodes: regulate(nodes, {
      compliance,
      network: declared.network,
      deadLetterArn: ref(deadLettersId, 'arn'),
      keyArn,
      // The state machine, and who asks.
      concurrency: () => placesAtOnce + 2,
    }),
    facts: {
      functionArn: ref('EraseFunction', 'arn'),
      machineArn: ref(machineId, 'arn'),
      ledger: ref(ledgerId, 'name'),
    },
  });
}

/** What a principal must be allowed to ask for erasures, and what became of them. */
export const requestStatements = ({ functionArn }: ErasureFacts): Statement[] => [
  { sid: 'RequestErasures', effect: 'Allow', actions: ['lambda:InvokeFunction'], resources: [functionArn] },
];

function erasureProblems(
  where: string,
  { manifest, replicated = [] }: ErasureDeclaration,
  lake: LakeFacts,
  { memoryMb, schedule }: { readonly memoryMb: number; readonly schedule: string | false },
): Problem[] {
  const problems: Problem[] = [];
  const problem = (path: string, message: string) => problems.push({ where, path, message });
  const zones = lake.zones.map(({ name }) => name);
  if (zonesOf(manifest).length === 0)
    problem(
      'manifest',
      'must have a contract that says whom a column names, by the custom property subject; given none',
    );
  for (const zone of zonesOf(manifest).filter((name) => !zones.includes(name)))
    problem('lake', `must have the zone ${zone}, which the manifest names; it has ${zones.join(', ')}`);
  if (!(Number.isInteger(memoryMb) && memoryMb >= 512 && memoryMb <= 10_240))
    problem('memoryMb', `must be a whole number from 512 to 10240; given ${memoryMb}`);
  const wrong = schedule === false ? undefined : scheduleProblem(schedule, ['rate', 'cron', false]);
  if (wrong !== undefined) problem('schedule', wrong);
  for (const [i, zone] of replicated.entries())
    if (!zones.includes(zone))
      problem(
        `replicated[${i}]`,
        `must be a zone of the lake; given ${JSON.stringify(zone)}; allowed: ${zones.join(', ')}`,
      );
  return problems;
}

/** Zones in which anybody may be: no others are touched. */
const zonesOf = ({ datasets }: Manifest): string[] => [
  ...new Set(
    datasets.flatMap((one) =>
      subjectColumns(one).length === 0 ? [] : [one.zone, ...(one.source === undefined ? [] : [one.source.zone])],
    ),
  ),
];

function tableStatements(manifest: Manifest, lake: LakeFacts): Statement[] {
  const names = zonesOf(manifest);
  const zones = lake.zones.filter((zone) => names.includes(zone.name));
  const windows = tablePlaces(manifest).some(({ kind }) => kind === 'window');
  const reading = new Set(readStatements(lake, zones).map(({ sid }) => sid));
  return [
    ...readStatements(lake, zones),
    ...writeStatements(lake, zones).filter(({ sid }) => !reading.has(sid)),
    ...(windows ? writeOps(lake) : []),
  ];
}

function machine(name: string, own: string, setting: HandlerSetting): Node[] {
  const functionArn = ref('EraseFunction', 'arn');
  return machineNodes(
    {
      id: machineId,
      roleId: 'MachineRole',
      logGroupId: 'MachineLogGroup',
      name: own,
      description: `${own}: erasures`,
      definition: eraseMachine(name, functionArn),
      statements: [
        { sid: 'CallErase', effect: 'Allow', actions: ['lambda:InvokeFunction'], resources: [functionArn] },
        useOperationsKey,
      ],
    },
    setting,
  );
}

const failedAlarm = (name: string, own: string): Node => ({
  kind: 'alarm',
  id: 'FailedAlarm',
  name: `${own}-failed`,
  description: `An erasure failed, was stopped or timed out: it stays open, and the law says until when. Platform ${name}.`,
  metrics: failedExecutions(machineId, 'Erasures that failed'),
  ...atFirst,
  actions: [ref(noticesId, 'arn')],
});

function scheduled(own: string, expression: string): Node[] {
  const targetArn = ref(machineId, 'arn');
  return scheduleNodes(
    {
      id: 'ScheduleRole',
      description: `${own}: starts erasures that are open`,
      statements: [
        { sid: 'StartErasures', effect: 'Allow', actions: ['states:StartExecution'], resources: [targetArn] },
      ],
      deadLetterArn: ref(deadLettersId, 'arn'),
    },
    [
      {
        id: 'EraseSchedule',
        name: own,
        description: 'Does erasures that are open, and again those that a restore has brought back',
        expression,
        targetArn,
      },
    ],
  );
}
