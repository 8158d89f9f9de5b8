import { createHash } from 'node:crypto';
import type { Column, Rule, Type } from '../contract/dataset';
import type { TablePlace } from '../platform/lookup';
import type { Model } from '../platform/manifest';

/** Who emits the events; OpenLineage wants a URI. */
const producer = 'urn:ingot';
const spec = 'https://openlineage.io/spec';

/** A set of data as OpenLineage names it. */
export interface DatasetName {
  /** `s3://bucket`, or `file`. */
  readonly namespace: string;
  /** Path in there. */
  readonly name: string;
}

/** OpenLineage's name of a folder, from its URI: `s3://bucket/flights` or `file:///lake/silver/flights`. */
export function datasetName(uri: string): DatasetName {
  const [, scheme, host, path] = /^([a-z0-9]+):\/\/([^/]*)\/?(.*)$/.exec(uri) ?? [];
  if (scheme === undefined) throw new Error(`A lake's root is a URI, s3://… or file://…; given ${JSON.stringify(uri)}`);
  return scheme === 'file'
    ? { namespace: 'file', name: `/${path}` }
    : { namespace: `${scheme}://${host}`, name: path! };
}

/** An input or output of a run. */
export interface LineageDataset {
  readonly at: DatasetName;
  readonly place?: TablePlace;
  /** Id of the snapshot that was read or written. */
  readonly snapshot?: string | null;
}

/** What one run did to one table. */
export interface LineageOfTable {
  readonly platform: string;
  readonly group: string;
  readonly run: string;
  /** `zone.table`. */
  readonly table: string;
  /** ISO 8601. */
  readonly finishedAt: string;
  readonly rows: number;
  readonly inputs: readonly LineageDataset[];
  readonly output: LineageDataset;
  /** The model that filled it; absent for a table that files are loaded into. */
  readonly model?: Model;
}

type Json = Readonly<Record<string, unknown>>;
/** A RunEvent of OpenLineage, as JSON. */
export type LineageEvent = Json;

/** The OpenLineage event (spec 2-0-2) of a table that a run has written. */
export function lineageEvent(of: LineageOfTable): LineageEvent {
  const { inputs, output, rows, model } = of;
  const columnLineage = model === undefined && inputs[0] !== undefined ? columnsFrom(inputs[0].at, output) : {};
  return {
    ...runEvent(of, 'write'),
    job: job(of, of.table, {
      jobType: facet('2-0-4/JobTypeJobFacet', { processingType: 'BATCH', integration: 'INGOT', jobType: 'MODEL' }),
      ...(model === undefined ? {} : { sql: facet('1-1-0/SQLJobFacet', { query: model.sql, dialect: 'duckdb' }) }),
    }),
    inputs: inputs.map((input) => ({ ...input.at, facets: datasetFacets(input) })),
    outputs: [
      {
        ...output.at,
        facets: { ...datasetFacets(output), ...columnLineage },
        outputFacets: { outputStatistics: facet('1-0-2/OutputStatisticsOutputDatasetFacet', { rowCount: rows }) },
      },
    ],
  };
}

/** The event that begins what another ends: of the same run and job, at the time when the platform's run began. */
export function startOf(end: LineageEvent, startedAt: string): LineageEvent {
  return { ...end, eventType: 'START', eventTime: startedAt, inputs: [], outputs: [] };
}

/** An answer to a rule, as it stands in the platform's own table. */
export interface Answer {
  readonly rule: string;
  readonly type: string;
  readonly severity: string;
  readonly status: string;
  readonly observed: number | null;
  readonly tolerance: string;
  readonly message: string;
}

/** The OpenLineage event of a quality check. Its table is an input: OpenLineage knows assertions on what is read alone. */
export function assertionsEvent(of: LineageOfTable, answers: readonly Answer[], rules: readonly Rule[]): LineageEvent {
  const assertions = answers.map((answer) => {
    const rule = rules.find((r) => r.name === answer.rule);
    return {
      assertion: answer.type,
      success: answer.status === 'passed',
      ...(rule !== undefined && 'column' in rule ? { column: rule.column } : {}),
      severity: answer.severity === 'warning' ? 'warn' : answer.severity,
      name: answer.rule,
      description: rule?.description ?? answer.message,
      expected: answer.tolerance,
      ...(answer.observed === null ? {} : { actual: String(answer.observed) }),
    };
  });
  return {
    ...runEvent(of, 'check'),
    job: job(of, `${of.table}.quality`, {
      jobType: facet('2-0-4/JobTypeJobFacet', { processingType: 'BATCH', integration: 'INGOT', jobType: 'TEST' }),
    }),
    inputs: [
      {
        ...of.output.at,
        facets: datasetFacets(of.output),
        inputFacets: {
          dataQualityAssertions: facet('1-1-0/DataQualityAssertionsDatasetFacet', { assertions }),
        },
      },
    ],
    outputs: [],
  };
}

function runEvent({ platform, group, run, table, finishedAt }: LineageOfTable, step: string): Json {
  const parent = {
    run: { runId: uuidOf(platform, group, run) },
    job: { namespace: platform, name: group },
  };
  return {
    eventType: 'COMPLETE',
    eventTime: finishedAt,
    producer,
    schemaURL: `${spec}/2-0-2/OpenLineage.json#/$defs/RunEvent`,
    run: {
      runId: uuidOf(platform, group, run, table, step),
      facets: { parent: facet('1-2-0/ParentRunFacet', parent) },
    },
  };
}

const job = ({ platform, group }: LineageOfTable, name: string, facets: Json): Json => ({
  namespace: platform,
  name: `${group}.${name}`,
  facets,
});

function datasetFacets({ place, snapshot }: LineageDataset): Json {
  return {
    ...(place === undefined
      ? {}
      : { schema: facet('1-2-0/SchemaDatasetFacet', { fields: place.dataset.columns.map(schemaField) }) }),
    ...(snapshot === undefined || snapshot === null
      ? {}
      : { version: facet('1-0-1/DatasetVersionDatasetFacet', { datasetVersion: snapshot }) }),
  };
}

function schemaField({ name, type, description }: Pick<Column, 'name' | 'type' | 'description'>): Json {
  return {
    name,
    type: typeof type === 'string' ? type : type.kind,
    ...(description === undefined ? {} : { description }),
    ...nestedFields(type),
  };
}

/** What a nested type holds, under the names that OpenLineage gives the parts of lists and maps. */
function nestedFields(type: Type): Json {
  if (typeof type === 'string') return {};
  switch (type.kind) {
    case 'struct':
      return { fields: type.fields.map(schemaField) };
    case 'list':
      return { fields: [schemaField({ name: '_element', type: type.element })] };
    case 'map':
      return {
        fields: [
          { name: 'key', type: type.key },
          { name: 'value', type: type.value },
        ].map(schemaField),
      };
  }
}

/** Columns of files that each column of the table is made from, as the contract says. */
function columnsFrom(files: DatasetName, { place }: LineageDataset): Json {
  if (place === undefined) return {};
  const fields = place.dataset.columns.map(({ name, sourceColumns, transform }) => {
    const transformation =
      transform === undefined
        ? { type: 'DIRECT', subtype: 'IDENTITY' }
        : { type: 'DIRECT', subtype: 'TRANSFORMATION', description: transform };
    const inputFields = sourceColumns.map((field) => ({ ...files, field, transformations: [transformation] }));
    return [name, { inputFields }] as const;
  });
  return { columnLineage: facet('1-2-0/ColumnLineageDatasetFacet', { fields: Object.fromEntries(fields) }) };
}

/** @param schema version and name of the facet, for example `1-1-0/SQLJobFacet` */
function facet(schema: string, content: Json): Json {
  const name = schema.split('/')[1];
  return { _producer: producer, _schemaURL: `${spec}/facets/${schema}.json#/$defs/${name}`, ...content };
}

/** A UUID (version 5) that is always the same for the same words: a repeat of a step names the same run. */
function uuidOf(...words: readonly string[]): string {
  const hash = createHash('sha1').update(JSON.stringify(words)).digest();
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
