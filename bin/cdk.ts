#!/usr/bin/env node
/** The app of `cdk.json`: one stack with the platform that the context `ingot:platform` names. */
import { App } from 'aws-cdk-lib';
import { synthCloudFormation } from '../constructs/app/cdk';
import { reportFailure } from '../lib/cli/failure';
import { processIo } from '../lib/cli/io';
import { loadPlatform } from '../lib/platform/load';

async function main(): Promise<void> {
  const folder: string = new App().node.tryGetContext('ingot:platform') ?? '.';
  console.error(synthCloudFormation(await loadPlatform(folder)).cost);
}

main().catch((error: unknown) => {
  process.exitCode = reportFailure(error, processIo().err, { verbose: true, json: false });
});
