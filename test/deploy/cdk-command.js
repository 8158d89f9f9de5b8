#!/usr/bin/env node
// The cdk command as deploy_check.py calls it. Around a deployment stands the catalog, which the emulator has none of
// that can be written; after it, while the emulator is up, what is deployed is tried.
require('../register.js');
const { main } = require('./cdk.ts');

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
