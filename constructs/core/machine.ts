import type { Statement } from './nodes';

/** What the role of every state machine must be able to do: be traced, and deliver its log. */
export const machineStatements: readonly Statement[] = [
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
