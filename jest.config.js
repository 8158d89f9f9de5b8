/** @type {import('jest').Config} */
module.exports = {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: { '\\.ts$': '<rootDir>/test/esbuild-transform.js' },
  testEnvironment: '<rootDir>/test/environment.js',
  globalSetup: '<rootDir>/test/global-setup.js',
  globalTeardown: '<rootDir>/test/global-teardown.js',
  // Aspects and validations of synth are checked once, in their own tests; everywhere else they cost seconds a file.
  setupFiles: ['<rootDir>/test/setup.js'],
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/cdk.out', '<rootDir>/cdktf.out'],
  testTimeout: 180_000,
  maxWorkers: 2,
};
