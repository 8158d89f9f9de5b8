import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describeProblem } from '../../lib/errors';
import type { PlatformCheck } from '../../lib/platform/check';
import { checkPlatform } from '../../lib/platform/load';

export type Files = Readonly<Record<string, string>>;

/** A contract of one table; `columns` as `name: logical type`, `more` YAML lines for each by name. */
export function contractFile(
  table: string,
  zone: string,
  columns: Readonly<Record<string, string>>,
  more: { readonly source?: boolean; readonly top?: string; readonly table?: string } = {},
): string {
  return [
    'apiVersion: v3.1.0',
    'kind: DataContract',
    `id: ${zone}-${table}`,
    'version: 1.0.0',
    'status: active',
    ...(more.source === true
      ? [`servers: [{server: in, type: s3, location: "s3://bronze/${table}/", format: parquet}]`]
      : []),
    ...(more.top === undefined ? [`customProperties: [{property: zone, value: ${zone}}]`] : [more.top]),
    'schema:',
    `  - name: ${table}`,
    ...(more.table === undefined ? [] : [more.table]),
    '    properties:',
    ...Object.entries(columns).map(
      ([name, type]) => `      - {name: ${name}, ${type.includes(':') ? type : `logicalType: ${type}`}}`,
    ),
    '',
  ].join('\n');
}

/** Flights in silver, made to a fact table in gold through a staging model: valid as it stands. */
export const flights: Files = {
  'platform.yaml': 'name: aviation\n',
  'contracts/flights.odcs.yaml': contractFile(
    'flights',
    'silver',
    { origin: 'string', distance: 'integer', departed_at: 'timestamp' },
    { source: true },
  ),
  'contracts/fct_flights.odcs.yaml': contractFile('fct_flights', 'gold', { origin: 'string', km: 'number' }),
  'models/stg_flights.sql': 'select origin, distance * 1.6 as km from silver.flights\n',
  'models/fct_flights.sql': 'select origin, cast(km as double) as km from stg_flights\n',
};

/** Runs `work` on a folder of these files, which is gone afterwards. */
export async function inFolder<T>(files: Files, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-platform-'));
  try {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const check = (files: Files): Promise<PlatformCheck> => inFolder(files, checkPlatform);

/** Problems of a platform, one line each. */
export const problemsOf = async (files: Files): Promise<string[]> => (await check(files)).problems.map(describeProblem);
