// What stands in both engines: see test/engines-transform.js.
const engines = '(aws-cdk-lib|cdk-nag|constructs|cdktf|@cdktf/provider-aws)/';

/** @type {import('jest').Config} */
module.exports = {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {
    '\\.ts$': '<rootDir>/test/esbuild-transform.js',
    [`/node_modules/${engines}.*\\.js$`]: '<rootDir>/test/engines-transform.js',
  },
  transformIgnorePatterns: [`/node_modules/(?!${engines})`],
  testEnvironment: '<rootDir>/test/environment.js',
  globalSetup: '<rootDir>/test/global-setup.js',
  globalTeardown: '<rootDir>/test/global-teardown.js',
  setupFiles: ['<rootDir>/test/setup.js'],
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/cdk.out', '<rootDir>/cdktf.out'],
  testTimeout: 180_000,
  maxWorkers: 2,
};
