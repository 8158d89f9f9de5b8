#!/usr/bin/env node
// The cdk command as deploy_check.py calls it: around a deployment stands the catalog, and what is deployed is tried.
require('../../register.js');
require('./cdk')
  .main(process.argv.slice(2))
  .then(
    (code) => {
      process.exitCode = code;
    },
    (error) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
