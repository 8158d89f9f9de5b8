#!/usr/bin/env node
/** The CDK app of `cdk.json`: one stack of the platform that the context names. */
import { App, Stack } from 'aws-cdk-lib';
import { Platform } from '../constructs/platform/cdk';
import { InvalidInputError } from '../lib/errors';
import { loadPlatform } from '../lib/platform/load';

async function main(): Promise<void> {
  const app = new App();
  const folder = app.node.tryGetContext('ingot:platform') ?? '.';
  const { manifest, deployment } = await loadPlatform(folder);
  const stack = new Stack(app, manifest.name, {
    description: `The data platform ${manifest.name}`,
  });
  new Platform(stack, 'Platform', { manifest, ...deployment });
  app.synth();
}

main().catch((error: unknown) => {
  console.error(error instanceof InvalidInputError ? error.message : error);
  process.exitCode = 1;
});
