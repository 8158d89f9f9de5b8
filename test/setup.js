process.env.CDK_VALIDATION ??= 'false';
process.env.JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION ??= '1';

// PGlite imports Node's own modules while it runs, which Jest's sandbox refuses.
for (const name of ['@electric-sql/pglite', '@electric-sql/pglite-pgvector'])
  jest.mock(name, () => globalThis.requireOutside(name));
