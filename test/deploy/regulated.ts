/**
 * `node -r ./test/register.js test/deploy/regulated.ts FOLDER`: the example with all that a platform may be asked for
 * beside its contracts, for regulated data, in both engines: `FOLDER/cdk.out` and `FOLDER/cdktf.out`, for cfn-lint and
 * Terraform to judge; and what costs while it stands, and so is in no example: clusters and Airflow. No function of it is called, so any file will do as the native runtime.
 */
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { App as TerraformApp, TerraformStack } from 'cdktf';
import * as cdk from '../../constructs/cdk';
import { AwsProvider } from '../../constructs/core/terraform/aws';
import * as terraform from '../../constructs/terraform';
import { loadPlatform } from '../../lib/platform/load';
import { regulated, replica } from '../constructs/regulated';
import { clustersInCdk, clustersInTerraform } from './clusters';

async function main(out: string): Promise<void> {
  const { manifest } = await loadPlatform(join(__dirname, '../../examples/aviation'));
  const [backupReplica, deadLetterReplica] = [replica('backups'), replica('dead-letters')];
  const props = {
    ...regulated,
    backupReplica,
    deadLetterReplica,
    manifest,
    runtime: __filename,
    dataQualityRulesets: true,
  };

  // Jobs of Spark consume its stream and its changes here, and functions in the nested one.
  const tables = Object.fromEntries(['silver.departures', 'silver.carriers'].map((table) => [table, 'spark' as const]));
  const byJobs = { ...props, manifest: { ...manifest, engine: { tables } }, sparkPackage: __filename };

  const app = new App({ outdir: join(out, 'cdk.out') });
  new cdk.Platform(new Stack(app, 'Regulated'), 'Platform', byJobs);
  // Tables in nested stacks as well, which only CloudFormation has.
  new cdk.Platform(new Stack(app, 'Nested'), 'Platform', { ...props, tableStacks: 2 });
  clustersInCdk(new Stack(app, 'Clusters'));
  app.synth();

  const terraformApp = new TerraformApp({ outdir: join(out, 'cdktf.out') });
  const stack = new TerraformStack(terraformApp, 'Regulated');
  new AwsProvider(stack, 'Aws', {});
  new terraform.Platform(stack, 'Platform', byJobs);
  const clusters = new TerraformStack(terraformApp, 'Clusters');
  new AwsProvider(clusters, 'Aws', {});
  clustersInTerraform(clusters);
  terraformApp.synth();
}

const [out] = process.argv.slice(2);
if (out === undefined) throw new Error('Say which folder to write to');
main(out).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
