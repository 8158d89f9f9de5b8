import { assertValid } from '../../lib/errors';
import type { LoadedPlatform } from '../../lib/platform/load';
import { missingFiles } from '../core/missing-files';
import { App, AwsProvider, TerraformResource } from '../core/terraform/aws';
import { OnlyStack } from '../core/terraform/only-stack';
import { costLine } from '../platform/cost';
import { Platform } from '../platform/terraform';
import type { Synthesis } from './synthesis';

/**
 * Synthesises one Terraform stack with a whole platform. The provider takes region and account from its environment.
 *
 * @param outdir where to write; by default `cdktf.out`
 * @param runtime zip of the native runtime; by default as `PipelineDeclaration.runtime`
 * @throws InvalidInputError where the platform cannot be made
 */
export function synthTerraform(
  platform: LoadedPlatform,
  props: { readonly outdir?: string; readonly context?: Record<string, unknown> } = {},
  runtime?: string,
): Synthesis {
  const { manifest, deployment, deployed } = platform;
  const app = new App({ ...props, skipValidation: false });
  const stack = new OnlyStack(app, manifest.name);
  new AwsProvider(stack, 'Aws', {});
  const construct = new Platform(stack, 'Platform', { manifest, deployed, ...deployment, runtime });
  assertValid(missingFiles(app));
  app.synth();
  const resources = stack.node.findAll().filter((each) => TerraformResource.isTerraformResource(each)).length;
  const idle = construct.idleCost;
  return { folder: app.outdir, stack: manifest.name, resources, idle, cost: costLine(resources, idle) };
}
