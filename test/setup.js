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

// asl-validator compiles its schemas anew for each state machine that it looks at, which is all of its time.
jest.mock('ajv', () => {
  const actual = jest.requireActual('ajv');
  let made;
  function Ajv(options) {
    if (made === undefined) {
      made = new actual.default(options);
      const { addKeyword } = made;
      made.addKeyword = (one) => (made.getKeyword(one.keyword[0]) === false ? addKeyword.call(made, one) : made);
    }
    return made;
  }
  return { ...actual, __esModule: true, default: Ajv };
});
