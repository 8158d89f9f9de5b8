import { CfnEventSourceMapping, CfnFunction, CfnLayerVersion, CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { zipFile } from '../zip';
import type { Renderer } from './render';

export const renderLayer: Renderer<'layer'> = (scope, node) => {
  const asset = new Asset(scope, `${node.id}Zip`, { path: zipFile(scope, node.zip) });
  const layer = new CfnLayerVersion(scope, node.id, {
    layerName: node.name,
    description: node.description,
    compatibleArchitectures: [node.architecture],
    content: { s3Bucket: asset.s3BucketName, s3Key: asset.s3ObjectKey },
  });
  return { arn: layer.ref };
};

export const renderFunction: Renderer<'function'> = (scope, node) => {
  const asset = new Asset(scope, `${node.id}Zip`, { path: zipFile(scope, node.zip) });
  const fn = new CfnFunction(scope, node.id, {
    functionName: node.name,
    description: node.description,
    role: node.roleArn,
    code: { s3Bucket: asset.s3BucketName, s3Key: asset.s3ObjectKey },
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
  });
  return { arn: fn.attrArn, name: fn.ref };
};

export const renderEventSource: Renderer<'eventSource'> = (scope, node) => {
  const mapping = new CfnEventSourceMapping(scope, node.id, {
    functionName: node.functionName,
    eventSourceArn: node.sourceArn,
    batchSize: node.batchSize,
    maximumBatchingWindowInSeconds: node.batchSeconds,
    functionResponseTypes: ['ReportBatchItemFailures'],
    scalingConfig: { maximumConcurrency: node.concurrency },
  });
  return { id: mapping.ref };
};

export const renderPermission: Renderer<'permission'> = (scope, node) => {
  const permission = new CfnPermission(scope, node.id, {
    functionName: node.functionName,
    action: 'lambda:InvokeFunction',
    principal: node.service,
    sourceArn: node.sourceArn,
  });
  return { id: permission.ref };
};
