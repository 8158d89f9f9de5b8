import type { Source, Type } from '../../lib/contract/dataset';
import { glueType } from '../../lib/contract/types';
import type { Problem } from '../../lib/errors';
import { pascal } from '../core/names';
import type { GlueColumn, GlueTableNode } from '../core/nodes';
import { text } from '../core/text';
import type { ZoneFacts } from '../lake/model';
import type { Arriving } from './source';

/**
 * The Glue table over files as they arrive, so that Athena reads bronze. It finds its partitions by
 * projection: they are worked out from the query and never have to be added.
 *
 * @param since the earliest date that a partition may have, `YYYY-MM-DD`
 */
export function bronzeTable(zone: ZoneFacts, { source, datasets, columns }: Arriving, since: string): GlueTableNode {
  const taken = new Set(columns.map(({ name }) => columnName(source, name)));
  // Where the files have a column of that name, Parquet finds it by its name and the partition must have another.
  const partition = (name: string) => (taken.has(name) ? `arrival_${name}` : name);
  const [from, on] = [partition('source'), partition('date')];
  const root = text`s3://${zone.bucketName}/${source.prefix}/`;
  const list = (values: readonly string[]) => [...new Set(values)].join(', ');
  return {
    kind: 'glueTable',
    id: `${pascal(zone.name)}${pascal(source.prefix)}Table`,
    database: zone.database,
    name: source.prefix,
    description: clip(
      2048,
      `As it arrived for ${list(datasets.map((d) => `${d.zone}.${d.name}`))}. ${byPosition(source)}`,
    ),
    location: root,
    columns: columns.map(
      (column): GlueColumn => ({
        name: columnName(source, column.name),
        type: columnType(source, column.type),
        ...(column.description === undefined ? {} : { comment: clip(255, column.description) }),
      }),
    ),
    partitionKeys: [
      { name: from, type: 'string', comment: 'Where it came from' },
      { name: on, type: 'string', comment: 'The day that it arrived' },
    ],
    ...files(
      source,
      columns.map(({ name }) => name),
    ),
    parameters: {
      EXTERNAL: 'TRUE',
      classification: source.format,
      ...(source.format === 'csv' && (source.header ?? true) ? { 'skip.header.line.count': '1' } : {}),
      'projection.enabled': 'true',
      ...(source.sources === undefined
        ? { [`projection.${from}.type`]: 'injected' }
        : { [`projection.${from}.type`]: 'enum', [`projection.${from}.values`]: source.sources.join(',') }),
      [`projection.${on}.type`]: 'date',
      [`projection.${on}.format`]: 'yyyy-MM-dd',
      // A day ahead: east of Greenwich it is tomorrow before Athena's clock, which is UTC, says so.
      [`projection.${on}.range`]: `${since},NOW+1DAYS`,
      [`projection.${on}.interval`]: '1',
      [`projection.${on}.interval.unit`]: 'DAYS',
      'storage.location.template': text`${root}source=\${${from}}/date=\${${on}}/`,
      'ingot.contract': list(datasets.map(({ contract }) => `${contract.id}@${contract.version}`)),
      ...notEmpty('ingot.owners', list(datasets.flatMap(({ owners }) => owners))),
      ...notEmpty('ingot.tags', list(datasets.flatMap(({ tags }) => tags))),
      ...Object.fromEntries(
        columns.flatMap(({ name, classification, tags }) => [
          ...Object.entries(notEmpty(`ingot.classification.${columnName(source, name)}`, classification ?? '')),
          ...Object.entries(notEmpty(`ingot.tags.${columnName(source, name)}`, list(tags))),
        ]),
      ),
    },
    // It holds no data: the files outlive it in their bucket, and it can be made again from its contract.
    removal: 'delete',
  };
}

/** Sources that projection cannot list, and columns that Glue, which knows no capitals, could not tell apart. */
export function bronzeProblems(where: string, { source, datasets, columns }: Arriving): Problem[] {
  const path = `manifest.datasets.${datasets[0]!.zone}.${datasets[0]!.name}`;
  const problems: Problem[] = [];
  const { sources = ['any'] } = source;
  if (sources.length === 0 || !sources.every((name) => /^[^\s,/=]+$/.test(name)))
    problems.push({
      where,
      path: `${path}.source.sources`,
      message: `must be names without spaces, commas, slashes and equals signs, at least one; given ${JSON.stringify(sources)}`,
    });
  const names = new Map<string, string>();
  for (const { name } of columns) {
    const glueName = columnName(source, name);
    const before = names.get(glueName);
    if (before !== undefined)
      problems.push({
        where,
        path: `${path}.columns`,
        message: `must read source columns that differ in more than capitals and signs; given ${JSON.stringify(before)} and ${JSON.stringify(name)}`,
      });
    names.set(glueName, name);
  }
  return problems;
}

/**
 * Glue's name of a source column. Parquet is read by name, so only capitals go; other formats take a name that SQL needs
 * no quotes for.
 */
function columnName({ format }: Source, name: string): string {
  return format === 'parquet' ? name.toLowerCase() : name.toLowerCase().replaceAll(/[^a-z0-9_]/g, '_');
}

/** Text stays text where a reader of text could fail on it: bronze shows what arrived, valid or not. */
function columnType({ format }: Source, type: Type): string {
  if (format === 'csv') return 'string';
  return glueType(format === 'json' ? jsonType(type) : type);
}

/** JSON has no dates, times and bytes; they arrive as strings. */
function jsonType(type: Type): Type {
  if (typeof type === 'string') return /^(date|time|timestamp|timestamptz|uuid|binary)$/.test(type) ? 'string' : type;
  switch (type.kind) {
    case 'struct':
      return { ...type, fields: type.fields.map((field) => ({ ...field, type: jsonType(field.type) })) };
    case 'list':
      return { ...type, element: jsonType(type.element) };
    case 'map':
      return { ...type, key: jsonType(type.key), value: jsonType(type.value) };
  }
}

function byPosition({ format }: Source): string {
  return format === 'csv' ? "CSV is read by position: the files' columns must stand in this order." : '';
}

function files(
  source: Source,
  columns: readonly string[],
): Pick<GlueTableNode, 'inputFormat' | 'outputFormat' | 'serde'> {
  const asText = {
    inputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
    outputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
  };
  switch (source.format) {
    case 'csv':
      return {
        ...asText,
        serde: {
          library: 'org.apache.hadoop.hive.serde2.OpenCSVSerde',
          parameters: { separatorChar: source.delimiter ?? ',', quoteChar: '"', escapeChar: '\\' },
        },
      };
    case 'json':
      return {
        ...asText,
        serde: {
          library: 'org.openx.data.jsonserde.JsonSerDe',
          parameters: {
            // A line that is broken must not hide those that are not.
            'ignore.malformed.json': 'true',
            ...Object.fromEntries(
              columns.flatMap((name) => {
                const glueName = columnName(source, name);
                return glueName === name ? [] : [[`mapping.${glueName}`, name]];
              }),
            ),
          },
        },
      };
    case 'parquet':
      return {
        inputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
        outputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
        serde: {
          library: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
          parameters: { 'serialization.format': '1' },
        },
      };
  }
}

const notEmpty = (name: string, value: string): Record<string, string> => (value === '' ? {} : { [name]: value });

/** Glue refuses a longer text. */
const clip = (length: number, given: string): string =>
  given.trim().length <= length ? given.trim() : `${given.trim().slice(0, length - 1)}…`;
