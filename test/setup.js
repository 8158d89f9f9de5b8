process.env.CDK_VALIDATION ??= 'false';
process.env.JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION ??= '1';

// They import modules while they run, which Jest's sandbox refuses.
for (const name of ['@electric-sql/pglite', '@electric-sql/pglite-pgvector', 'unpdf'])
  jest.mock(name, () => globalThis.requireOutside(name));
