#!/usr/bin/env node
/** The app of `cdk.json`: one stack with the platform that the context `ingot:platform` names. */
import { App } from 'aws-cdk-lib';
import { synthCloudFormation } from '../constructs/app/cdk';
import { reportFailure } from '../lib/cli/failure';
import { processIo } from '../lib/cli/io';
import { loadPlatform } from '../lib/platform/load';

async function main(): Promise<void> {
  // The CLI lets an app write its assembly when the process ends, even one that failed: here only `synth` writes.
  const app = new App({ autoSynth: false });
  const folder: string = app.node.tryGetContext('ingot:platform') ?? '.';
  console.error(synthCloudFormation(await loadPlatform(folder), app).cost);
}

main().catch((error: unknown) => {
  process.exitCode = reportFailure(error, processIo().err, { verbose: true, json: false });
});
