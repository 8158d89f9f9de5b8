import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Construct } from 'constructs';
import { zipFile } from '../zip';
import {
  AssetType,
  LambdaEventSourceMapping,
  LambdaFunction,
  LambdaLayerVersion,
  LambdaPermission,
  TerraformAsset,
} from './aws';
import { permissionsOf } from './iam';
import type { Renderer } from './render';

export const renderLayer: Renderer<'layer'> = (scope, node) => {
  const layer = new LambdaLayerVersion(scope, node.id, {
    layerName: node.name,
    description: node.description,
    compatibleArchitectures: [node.architecture],
    ...code(scope, node.id, zipFile(scope, node.zip)),
  });
  return { arn: layer.arn };
};

export const renderFunction: Renderer<'function'> = (scope, node) => {
  const fn = new LambdaFunction(scope, node.id, {
    functionName: node.name,
    description: node.description,
    role: node.roleArn,
    ...code(scope, node.id, zipFile(scope, node.zip)),
    handler: node.handler,
    runtime: node.runtime,
    architectures: [node.architecture],
    memorySize: node.memoryMb,
    timeout: node.timeoutSeconds,
    ephemeralStorage: { size: node.diskMb },
    layers: [...node.layers],
    environment: { variables: node.environment },
    kmsKeyArn: node.keyArn,
    loggingConfig: { logFormat: 'JSON', logGroup: node.logGroupName },
    tracingConfig: { mode: 'Active' },
    reservedConcurrentExecutions: node.reservedConcurrency,
    vpcConfig:
      node.network === undefined
        ? undefined
        : { subnetIds: [...node.network.subnetIds], securityGroupIds: [...node.network.securityGroupIds] },
    deadLetterConfig: node.deadLetterArn === undefined ? undefined : { targetArn: node.deadLetterArn },
    dependsOn: permissionsOf(scope, node.roleArn),
  });
  return { arn: fn.arn, name: fn.functionName };
};

export const renderEventSource: Renderer<'eventSource'> = (scope, node) => {
  const mapping = new LambdaEventSourceMapping(scope, node.id, {
    functionName: node.functionName,
    eventSourceArn: node.sourceArn,
    batchSize: node.batchSize,
    maximumBatchingWindowInSeconds: node.batchSeconds,
    functionResponseTypes: ['ReportBatchItemFailures'],
    scalingConfig: { maximumConcurrency: node.concurrency },
  });
  return { id: mapping.id };
};

export const renderPermission: Renderer<'permission'> = (scope, node) => {
  const permission = new LambdaPermission(scope, node.id, {
    functionName: node.functionName,
    action: 'lambda:InvokeFunction',
    principal: node.service,
    sourceArn: node.sourceArn,
  });
  return { id: permission.id };
};

/** The zip as it is, byte for byte: Terraform would zip a folder anew, with the times of its files. */
function code(scope: Construct, id: string, file: string): { filename: string; sourceCodeHash: string } {
  const sha256 = createHash('sha256').update(readFileSync(file));
  const hash = sha256.copy().digest('hex');
  const asset = new TerraformAsset(scope, `${id}Zip`, { path: file, type: AssetType.FILE, assetHash: hash });
  return { filename: asset.path, sourceCodeHash: sha256.digest('base64') };
}
