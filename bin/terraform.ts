#!/usr/bin/env node
/** Writes a platform as Terraform into `cdktf.out`: `terraform.js [FOLDER]`, by default the example. */
import { synthTerraform } from '../constructs/app/terraform';
import { reportFailure } from '../lib/cli/failure';
import { processIo } from '../lib/cli/io';
import { loadPlatform } from '../lib/platform/load';

async function main(): Promise<void> {
  const { folder, cost } = synthTerraform(await loadPlatform(process.argv[2] ?? 'examples/aviation'));
  console.error(`${folder}: ${cost}`);
}

main().catch((error: unknown) => {
  process.exitCode = reportFailure(error, processIo().err, { verbose: true, json: false });
});
