import type { Architecture, FunctionNode, LogGroupNode, Node, Removal, RoleNode, Statement } from './nodes';
import { ref, type Text } from './text';

/** One of Ingot's own handlers, as a Lambda function: what differs between them. */
export interface HandlerDecision {
  /** Begins the ids of its nodes: `Ingest` gives `IngestFunction`, `IngestRole`, `IngestLogGroup`. */
  readonly id: string;
  /** Name of the bundle, `dist/handlers/<bundle>.zip`. */
  readonly bundle: string;
  readonly functionName: string;
  readonly description: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly diskMb: number;
  readonly environment: Readonly<Record<string, Text>>;
  readonly layers: readonly Text[];
  /** Beside writing its own logs and traces. */
  readonly statements: readonly Statement[];
}

/** What all handlers of a construct share. */
export interface HandlerSetting {
  readonly architecture: Architecture;
  readonly logRetentionDays: number;
  readonly keyArn: Text;
  readonly removal: Removal;
}

/** Lambda's newest long-term Node.js that Ingot is tested for. */
const runtime = 'nodejs24.x';

/** Log group, role and function of a handler, in this order. */
export function handlerNodes(handler: HandlerDecision, setting: HandlerSetting): Node[] {
  const logGroup: LogGroupNode = {
    kind: 'logGroup',
    id: `${handler.id}LogGroup`,
    name: `/aws/lambda/${handler.functionName}`,
    retentionDays: setting.logRetentionDays,
    keyArn: setting.keyArn,
    removal: setting.removal,
  };
  const role: RoleNode = {
    kind: 'role',
    id: `${handler.id}Role`,
    description: `${handler.functionName}: ${handler.description}`,
    assumedBy: { service: 'lambda.amazonaws.com' },
    statements: [
      {
        sid: 'WriteLogs',
        effect: 'Allow',
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [ref(logGroup.id, 'arn')],
      },
      writeTraces,
      { sid: 'ReadEnvironment', effect: 'Allow', actions: ['kms:Decrypt'], resources: [setting.keyArn] },
      ...handler.statements,
    ],
  };
  const fn: FunctionNode = {
    kind: 'function',
    id: `${handler.id}Function`,
    name: handler.functionName,
    description: handler.description,
    roleArn: ref(role.id, 'arn'),
    zip: { bundle: handler.bundle },
    handler: 'index.handler',
    runtime,
    architecture: setting.architecture,
    memoryMb: handler.memoryMb,
    timeoutSeconds: handler.timeoutSeconds,
    diskMb: handler.diskMb,
    layers: handler.layers,
    environment: handler.environment,
    keyArn: setting.keyArn,
    logGroupName: ref(logGroup.id, 'name'),
  };
  return [logGroup, role, fn];
}

/** Lets a function be traced. */
const writeTraces: Statement = {
  sid: 'WriteTraces',
  because: 'X-Ray has no resources that a statement could name.',
  effect: 'Allow',
  actions: ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
  resources: ['*'],
};
