process.env.CDK_VALIDATION ??= 'false';
process.env.JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION ??= '1';

// They import modules while they run, which Jest's sandbox refuses.
for (const name of ['@electric-sql/pglite', '@electric-sql/pglite-pgvector', 'unpdf'])
  jest.mock(name, () => globalThis.requireOutside(name));

// A law is tried with what chance gives; where a landing hangs on it, with the same each time.
if (process.env.CI !== undefined)
  jest.mock('fast-check', () => {
    const fastCheck = jest.requireActual('fast-check');
    fastCheck.configureGlobal({ seed: 1 });
    return fastCheck;
  });

// For each database that is opened, DuckDB checks the signature of 80 MB of extensions, which it has loaded into this
// process already: 0.3 s each. Whoever starts Ingot as a process of its own has them checked.
jest.mock('@duckdb/node-api', () => {
  const api = jest.requireActual('@duckdb/node-api');
  const { create } = api.DuckDBInstance;
  api.DuckDBInstance.create = (path, options) =>
    create.call(api.DuckDBInstance, path, { ...options, allow_unsigned_extensions: 'true' });
  return api;
});

// Both engines remember for each token and resource where in the code it was made, which nothing that is synthesised
// holds; in Jest, which looks each line of a stack up in source maps, that is a fifth of a synthesis.
jest.mock('../node_modules/cdktf/lib/tokens/private/stack-trace.js', () => ({ captureStackTrace: () => [] }));
jest.mock('../node_modules/aws-cdk-lib/core/lib/private/stack-trace.js', () => {
  const none = () => [];
  const actual = jest.requireActual('../node_modules/aws-cdk-lib/core/lib/private/stack-trace.js');
  return { ...actual, captureStackTrace: none, enhancedStackTrace: none, captureCallStack: none };
});
