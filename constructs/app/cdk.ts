import { App, type AppProps, type CfnElement, CfnResource, Stack } from 'aws-cdk-lib';
import { assertValid } from '../../lib/errors';
import type { LoadedPlatform } from '../../lib/platform/load';
import { missingFiles } from '../core/missing-files';
import { Platform } from '../platform/cdk';
import { costLine } from '../platform/cost';
import type { Synthesis } from './synthesis';

/** Where in Ingot a resource is created tells nobody anything, and one stack trace for each is a tenth of a synthesis. */
const withoutTraces = { 'aws:cdk:disable-creation-stack-traces': true };

/** Remembers logical ids: each reference to a key or a topic asks for its id, and each id is a hash. */
class PlatformStack extends Stack {
  #ids = new WeakMap<CfnElement, string>();

  override getLogicalId(element: CfnElement): string {
    const known = this.#ids.get(element);
    if (known !== undefined) return known;
    const id = super.getLogicalId(element);
    this.#ids.set(element, id);
    return id;
  }

  override renameLogicalId(oldId: string, newId: string): void {
    this.#ids = new WeakMap();
    super.renameLogicalId(oldId, newId);
  }
}

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
  const stack = new PlatformStack(app, manifest.name, { description: `The data platform ${manifest.name}` });
  const construct = new Platform(stack, 'Platform', { manifest, deployed, ...deployment, runtime });
  assertValid(missingFiles(app));
  const assembly = app.synth();
  // Those of nested stacks too.
  const resources = stack.node.findAll().filter((each) => CfnResource.isCfnResource(each)).length;
  const idle = construct.idleCost;
  return {
    folder: assembly.directory,
    stack: stack.stackName,
    resources,
    idle,
    cost: costLine(resources, idle),
  };
}
