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
