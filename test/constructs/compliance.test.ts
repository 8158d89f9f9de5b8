import { catalogModel } from '../../constructs/catalog/model';
import type { CatalogDeclaration } from '../../constructs/catalog/props';
import type { Node } from '../../constructs/core/nodes';
import { lakeModel } from '../../constructs/lake/model';
import type { LakeDeclaration } from '../../constructs/lake/props';
import { pipelineModel } from '../../constructs/pipeline/model';
import type { PipelineDeclaration } from '../../constructs/pipeline/props';
import { dataset, manifest } from './manifest';
import { problemsOf } from './problems';
import { regulated, replica } from './regulated';

const { facts } = lakeModel('Lake', { name: 'aviation' });
const lake = (more: Partial<LakeDeclaration> = {}, nodes: string[] = []) =>
  lakeModel('Stack/Lake', { name: 'aviation', ...more }, { nodes: new Set(nodes) }).nodes;
const catalog = (more: Partial<CatalogDeclaration> = {}) =>
  catalogModel('Stack/Catalog', { manifest, ...more }, facts).nodes;
const pipeline = (more: Partial<PipelineDeclaration> = {}) =>
  pipelineModel('Stack/Pipeline', { manifest, ...more }, facts, { nodes: new Set(), folder: '/work' }).nodes;

const all = <K extends Node['kind']>(nodes: readonly Node[], kind: K) =>
  nodes.filter((node): node is Extract<Node, { kind: K }> => node.kind === kind);

describe('what regulated data needs and nobody gave is a problem that says what', () => {
  test.each([
    ['catalog', () => catalog({ compliance: 'regulated' })],
    ['pipeline', () => pipeline({ compliance: 'regulated' })],
  ])('a %s without a network', (_, make) => {
    expect(problemsOf(make)).toEqual([
      'network: must give subnetIds and securityGroupIds for the functions, since compliance is "regulated"; given nothing',
    ]);
  });

  test('a network of nothing', () => {
    expect(problemsOf(() => pipeline({ network: { subnetIds: [], securityGroupIds: [] } }))).toEqual([
      'network.subnetIds: must name at least one; given none',
      'network.securityGroupIds: must name at least one; given none',
    ]);
  });

  test('buckets without replicas, and one that logs nothing', () => {
    const made = () =>
      lake({ compliance: 'regulated', accessLogs: false, replicas: { silver: replica('silver') } }, ['GoldBucket']);
    expect(problemsOf(made)).toEqual([
      'replicas: must give a replica for every bucket, since compliance is "regulated"; missing: bronze, query_results',
      'accessLogs: must be true, since compliance is "regulated"; given false',
    ]);
  });

  test('a replica of a bucket that the lake does not make', () => {
    const [problem] = problemsOf(() => lake({ replicas: { sliver: replica('silver') } }));
    expect(problem).toMatch(/^replicas\.sliver: must be for a bucket that the lake makes; .*"sliver".*silver/);
  });
});

describe('each of it can be had alone', () => {
  test('a replica makes its bucket versioned, and what passes by itself leaves no versions for ever', () => {
    const bucket = all(lake({ replicas: { query_results: replica('q') } }), 'bucket').find(
      ({ id }) => id === 'QueryResultsBucket',
    )!;
    expect(bucket).toMatchObject({ versioned: true, replication: { bucketArn: 'arn:aws:s3:::replica-of-q' } });
    expect(bucket.lifecycle).toMatchObject([{ expireAfterDays: 30, expireNoncurrentAfterDays: 30 }]);
  });

  test('a network is that of every function, whose roles may join it', () => {
    const { network } = regulated;
    for (const nodes of [catalog({ network }), pipeline({ network })]) {
      for (const fn of all(nodes, 'function')) expect(fn.network).toEqual(network);
      const roles = all(nodes, 'role').filter(({ id }) =>
        nodes.some((node) => node.id === id.replace('Role', 'Function')),
      );
      expect(roles.length).toBe(all(nodes, 'function').length);
      for (const { statements } of roles) expect(statements.map(({ sid }) => sid)).toContain('JoinNetwork');
    }
  });

  test('without any of it nothing of it is there', () => {
    expect(JSON.stringify([lake(), catalog(), pipeline()])).not.toMatch(
      /"(network|replication|reservedConcurrency|permissions|exceptions)"|JoinNetwork/,
    );
  });
});

test('logs of regulated data are kept for a year, or for as long as was said', () => {
  const { compliance, network } = regulated;
  const days = (more: object) =>
    new Set(all(pipeline({ compliance, network, ...more }), 'logGroup').map((g) => g.retentionDays));
  expect(days({})).toEqual(new Set([365]));
  expect(days({ logRetentionDays: 1 })).toEqual(new Set([1]));
});

test('as many of a function may run as the state machines of all groups call at once', () => {
  const { compliance, network } = regulated;
  const groups = [manifest.groups[0]!, { ...manifest.groups[0]!, name: 'idle', ingests: [], levels: [] }];
  const nodes = pipeline({ compliance, network, manifest: { ...manifest, groups } });
  const reserved = Object.fromEntries(
    all(nodes, 'function').map(({ id, reservedConcurrency }) => [id, reservedConcurrency]),
  );
  expect(reserved).toMatchObject({
    IngestFunction: 16,
    QualityFunction: 16,
    TransformFunction: 16,
    PublishFunction: 4,
  });
});

describe('the Iceberg catalog', () => {
  const environments = (more: Pick<PipelineDeclaration, 'icebergCatalog'>) =>
    [...all(catalog(more), 'function'), ...all(pipeline(more), 'function')].map(({ environment }) => ({
      uri: environment.INGOT_CATALOG_URI,
      auth: environment.INGOT_CATALOG_AUTH,
      warehouse: environment.INGOT_WAREHOUSE,
    }));

  test('is the one that was named, for every function', () => {
    const icebergCatalog = { uri: 'http://127.0.0.1:8181', warehouse: 'main', auth: 'none' } as const;
    const found = environments({ icebergCatalog });
    expect(found.length).toBeGreaterThan(4);
    for (const environment of found) expect(environment).toEqual(icebergCatalog);
  });

  test('is asked with signatures where nothing else is said', () => {
    const [first] = environments({ icebergCatalog: { uri: 'https://catalog.example.com', warehouse: 'main' } });
    expect(first).toEqual({ uri: 'https://catalog.example.com', auth: 'sigv4', warehouse: 'main' });
  });

  test.each([catalog, pipeline])('must have an address, a warehouse and a known way to sign', (make) => {
    const icebergCatalog = { uri: 'catalog.example.com', warehouse: '', auth: 'oauth' as 'none' };
    expect(problemsOf(() => make({ icebergCatalog }))).toEqual([
      'icebergCatalog.uri: must be an http or https address; given "catalog.example.com"',
      'icebergCatalog.warehouse: must name the warehouse of the catalog; given ""',
      expect.stringMatching(/^icebergCatalog\.auth: must say how requests are signed; .*oauth/),
    ]);
  });
});

describe('names that are nearly the same', () => {
  const tables = (...names: string[]) => ({
    manifest: { ...manifest, datasets: names.map((name) => dataset('silver', name, [])) },
  });

  test('have resources of their own where they differ in an underscore before a digit', () => {
    const ids = all(catalog(tables('a_1', 'a1')), 'icebergTable').map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain('SilverA1Table');
    expect(ids).toContain('SilverA_1Table');
  });

  test('are a problem that names both where the engines could not tell them apart', () => {
    expect(problemsOf(() => catalog(tables('a_b', 'a__b')))).toEqual([
      'icebergTable: must have names that differ in letters or digits, since SilverABTable is the id of both; given "a_b" and "a__b"',
    ]);
    expect(problemsOf(() => pipeline({ emails: ['a.b@example.com', 'a-b@example.com'] }))).toEqual([
      expect.stringMatching(/given "a\.b@example\.com" and "a-b@example\.com"$/),
    ]);
  });
});
