import type { Statement } from '../core/nodes';

/** What every state machine needs to be traced. */
export const trace: Statement = {
  sid: 'WriteTraces',
  because: 'X-Ray has no resources that a statement could name.',
  effect: 'Allow',
  actions: ['xray:GetSamplingRules', 'xray:GetSamplingTargets', 'xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
  resources: ['*'],
};

/** What every state machine needs to log. */
export const deliverLogs: Statement = {
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
};
