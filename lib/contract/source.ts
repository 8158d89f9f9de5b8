import { givenAllowed, nearest } from '../errors';
import { readCustom, serverProperties } from './custom';
import type { PostgresTable, Source } from './dataset';
import type { Notes } from './notes';
import type { DataContract, Server } from './odcs';
import { show } from './strict';

/** What resolving needs to know of a zone. */
export interface ZoneKind {
  readonly name: string;
  readonly holds: 'files' | 'iceberg';
}

const formats = ['csv', 'json', 'parquet'] as const;

/**
 * Where the files of a table arrive: the first server of type s3 whose location is `s3://<zone>/<prefix>/` with a zone
 * that holds files. `{model}` in it stands for the table. Other servers say where else the data is, and are kept.
 */
export function sourceOf(
  contract: DataContract,
  table: string,
  zones: readonly ZoneKind[],
  notes: Notes,
): Source | undefined {
  const files = zones.filter((zone) => zone.holds === 'files').map((zone) => zone.name);
  for (const [i, server] of (contract.servers ?? []).entries()) {
    if (server.type !== 's3') continue;
    const at = ['servers', i];
    const [host = '', ...rest] = (server.location ?? '').replace(/^s3:\/\//, '').split('/');
    if (!files.includes(host)) {
      const meant = nearest(host, files);
      if (meant !== undefined)
        notes.notice(
          [...at, 'location'],
          `names no zone that holds files; given ${show(host)}; did you mean ${meant}?`,
        );
      continue;
    }
    const hasPlaceholder = /\{(model|table|object)\}/.test(server.location!);
    if ((contract.schema?.length ?? 0) > 1 && !hasPlaceholder)
      notes.problem(
        [...at, 'location'],
        'must hold {model}: the contract has several tables, each with files of its own',
      );
    const prefix = rest
      .join('/')
      .replace(/\{(model|table|object)\}/g, table)
      .replace(/\/?[^/]*\*.*$/, '')
      .replace(/^\/+|\/+$/g, '');
    if (!/^[a-z][a-z0-9_]*$/.test(prefix))
      notes.problem(
        [...at, 'location'],
        `must be s3://${host}/<prefix>/ where the prefix, which names the bronze table, is one word of lower-case letters, digits and underscores; given ${show(server.location)}`,
      );
    return { zone: host, prefix, ...fileShape(server, at, notes) };
  }
  return undefined;
}

function fileShape(server: Server, at: (string | number)[], notes: Notes): Omit<Source, 'zone' | 'prefix'> {
  const format = formats.find((known) => known === server.format?.toLowerCase());
  if (format === undefined)
    notes.problem(
      [...at, 'format'],
      server.format === undefined
        ? `is missing; it must be one of ${formats.join(', ')}`
        : `must be a format that Ingot reads: ${givenAllowed(server.format, formats)}`,
    );
  const { header, nullValues, sources } = readCustom(serverProperties, server.customProperties, at, notes);
  const { delimiter } = server;
  if (format === 'csv' && delimiter !== undefined && delimiter.length !== 1 && delimiter !== '\\t')
    notes.problem([...at, 'delimiter'], `must be one character in CSV; given ${show(delimiter)}`);
  return {
    format: format ?? 'parquet',
    ...(format === 'csv' && delimiter !== undefined ? { delimiter: delimiter === '\\t' ? '\t' : delimiter } : {}),
    ...(header === undefined ? {} : { header: header.value }),
    ...(nullValues === undefined ? {} : { nullValues: nullValues.value }),
    ...(sources === undefined ? {} : { sources: sources.value }),
  };
}

/** The table of the contract's first server of type postgres. */
export function postgresOf(contract: DataContract, table: string): PostgresTable | undefined {
  const server = contract.servers?.find(({ type }) => type === 'postgres' || type === 'postgresql');
  if (server?.server === undefined) return undefined;
  return { server: server.server, schema: server.schema ?? 'public', table };
}
