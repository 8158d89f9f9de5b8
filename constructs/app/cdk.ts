import { App, type AppProps, CfnResource, Stack } from 'aws-cdk-lib';
import type { LoadedPlatform } from '../../lib/platform/load';
import { Platform } from '../platform/cdk';
import { costLine } from '../platform/cost';
import type { Synthesis } from './synthesis';

/** Where in Ingot a resource is created tells nobody anything, and one stack trace for each is a tenth of a synthesis. */
const withoutTraces = { 'aws:cdk:disable-creation-stack-traces': true };

/**
 * Synthesises one stack with a whole platform, for any account and region.
 *
 * @param target the CDK app, or the props of one: `outdir`, `context`
 * @param runtime zip of the native runtime; by default as `PipelineDeclaration.runtime`
 * @throws InvalidInputError where the platform cannot be made
 */
export function synthCloudFormation(
  platform: LoadedPlatform,
  target: App | AppProps = {},
  runtime?: string,
): Synthesis {
  const { manifest, deployment, deployed } = platform;
  const app = App.isApp(target) ? target : new App({ ...target, context: { ...withoutTraces, ...target.context } });
  const stack = new Stack(app, manifest.name, { description: `The data platform ${manifest.name}` });
  const construct = new Platform(stack, 'Platform', { manifest, deployed, ...deployment, runtime });
  const assembly = app.synth();
  // Those of nested stacks too.
  const resources = stack.node.findAll().filter((each) => CfnResource.isCfnResource(each)).length;
  return {
    folder: assembly.directory,
    stack: stack.stackName,
    resources,
    cost: costLine(resources, construct.idleCost),
  };
}
