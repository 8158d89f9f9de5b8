import type { HandlerSetting } from './handler';
import type { AlarmMetric, Node, Statement } from './nodes';
import { inThisAccount } from './policy';
import { ref } from './text';

/** What the role of every state machine must be able to do: be traced, and deliver its log. */
const machineStatements: readonly Statement[] = [
  {
    sid: 'WriteTraces',
    because: 'X-Ray has no resources that a statement could name.',
    effect: 'Allow',
    actions: ['xray:GetSamplingRules', 'xray:GetSamplingTargets', 'xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
    resources: ['*'],
  },
  {
    sid: 'DeliverLogs',
    because: 'Log delivery is set up through calls that know no resource.',
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
];

/** A state machine, as far as those of a platform differ. */
export interface Machine {
  readonly id: string;
  readonly roleId: string;
  readonly logGroupId: string;
  readonly name: string;
  /** Of its role. */
  readonly description: string;
  /** Amazon States Language. */
  readonly definition: object;
  /** What its role may do, beside being traced and delivering its log. */
  readonly statements: readonly Statement[];
}

/** A state machine with its role and its log group. */
export function machineNodes(machine: Machine, { keyArn, logRetentionDays, removal }: MachineSetting): Node[] {
  const { id, roleId, logGroupId, name, description, definition, statements } = machine;
  return [
    {
      kind: 'logGroup',
      id: logGroupId,
      // The one prefix whose log groups need no resource policy of their own (10 an account).
      name: `/aws/vendedlogs/states/${name}`,
      retentionDays: logRetentionDays,
      keyArn,
      removal,
    },
    {
      kind: 'role',
      id: roleId,
      description,
      assumedBy: { service: 'states.amazonaws.com' },
      assumeConditions: inThisAccount,
      statements: [...statements, ...machineStatements],
    },
    {
      kind: 'stateMachine',
      id,
      name,
      roleArn: ref(roleId, 'arn'),
      definition,
      logGroupArn: ref(logGroupId, 'arn'),
    },
  ];
}

type MachineSetting = Pick<HandlerSetting, 'keyArn' | 'logRetentionDays' | 'removal'>;

/** Executions of a state machine that came to no good end, as a metric for an alarm. */
export function failedExecutions(machineId: string, label: string): AlarmMetric[] {
  const ended = { failed: 'ExecutionsFailed', aborted: 'ExecutionsAborted', timedout: 'ExecutionsTimedOut' };
  return [
    ...Object.entries(ended).map(
      ([id, name]): AlarmMetric => ({
        id,
        returns: false,
        namespace: 'AWS/States',
        name,
        dimensions: { StateMachineArn: ref(machineId, 'arn') },
        statistic: 'Sum',
        periodSeconds: 300,
      }),
    ),
    { id: 'value', returns: true, expression: 'failed + aborted + timedout', label },
  ];
}

/**
 * Errors that may pass when tried again, of a state that calls a function: the service's own faults, and those that a
 * handler names so.
 *
 * @param more errors of what else is called, or that pass where nothing is lost by trying
 */
export const errorsThatPass = (...more: readonly string[]): string[] => [
  'Lambda.AWSLambdaException',
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.SdkClientException',
  'Lambda.ServiceException',
  'Lambda.TooManyRequestsException',
  ...more,
  'States.Timeout',
  'TransientError',
];
