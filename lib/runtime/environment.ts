import { assertValid, givenAllowed, type Problem } from '../errors';
import type { DuckdbLimits } from './duckdb';
import type { CatalogAddress } from './services';

/**
 * The environment variables of a handler, one interface for Lambda and for a command line:
 *
 * | variable               | meaning                                                                                   |
 * | ---------------------- | ----------------------------------------------------------------------------------------- |
 * | INGOT_MANIFEST         | file of the manifest; by default `/opt/ingot/manifest.json`, where the layer has it         |
 * | INGOT_ZONES            | JSON: root of each zone by its name, `{"silver": "s3://…"}` or `file:///…`                 |
 * | INGOT_CATALOG_URI      | the Iceberg REST catalog                                                                  |
 * | INGOT_CATALOG_AUTH     | `none` or `sigv4` (as service `glue` in `AWS_REGION`); by default `sigv4`                  |
 * | INGOT_WAREHOUSE        | Glue: the account's id; another catalog: its warehouse's name                             |
 * | AWS_ENDPOINT_URL_S3    | where S3 answers, or AWS_ENDPOINT_URL; by default AWS. An emulator's address, as the SDK reads it |
 * | INGOT_QUEUES           | JSON: URL of the queue of arrivals by group; absent: folders are listed                    |
 * | INGOT_DUCKDB_EXTENSIONS| folder of DuckDB's extensions, before the layer's                                         |
 * | INGOT_DUCKDB_MEMORY    | memory that DuckDB may take, `4GB`; by default 80 % of the function's                     |
 * | INGOT_DUCKDB_THREADS   | threads; by default one for each core                                                     |
 * | INGOT_TEMP             | folder for what does not fit into memory; by default the system's                         |
 * | INGOT_LOG_LEVEL        | `debug`, `info`, `warn` or `error`; by default `info`                                      |
 */
export interface HandlerEnvironment {
  readonly manifestFile: string;
  readonly zones: Readonly<Record<string, string>>;
  readonly catalog: CatalogAddress;
  readonly queues: Readonly<Record<string, string>>;
  readonly s3Endpoint?: string;
  readonly limits: DuckdbLimits;
}

/** @throws InvalidInputError with every variable that is missing or wrong */
export function readEnvironment(env: NodeJS.ProcessEnv): HandlerEnvironment {
  const problems: Problem[] = [];
  const problem = (path: string, message: string) => problems.push({ where: 'environment', path, message });
  const required = (name: string, meaning: string): string => {
    const value = env[name];
    if (value === undefined || value === '') problem(name, `must be set to ${meaning}`);
    return value ?? '';
  };
  const map = (name: string, meaning: string): Record<string, string> => {
    const value = required(name, meaning);
    const parsed = value === '' ? {} : parseMap(value);
    if (parsed === undefined) problem(name, `must be ${meaning}; given ${value}`);
    return parsed ?? {};
  };

  const zones = map('INGOT_ZONES', 'a JSON object of zone names and their roots, {"silver": "s3://…"}');
  for (const [zone, root] of Object.entries(zones)) {
    if (!/^(s3|file):\/\//.test(root) || root.endsWith('/'))
      problem(
        'INGOT_ZONES',
        `the root of ${zone} must begin with s3:// or file:// and end without a slash; given ${root}`,
      );
  }
  const queues = env.INGOT_QUEUES === undefined ? {} : map('INGOT_QUEUES', 'a JSON object of groups and queue URLs');
  const uri = required('INGOT_CATALOG_URI', "the Iceberg REST catalog's address");
  if (uri !== '' && !URL.canParse(uri)) problem('INGOT_CATALOG_URI', `must be a URL; given ${uri}`);
  const warehouse = required('INGOT_WAREHOUSE', "the account's id, or the warehouse of another catalog");

  const given = env.INGOT_CATALOG_AUTH ?? 'sigv4';
  if (given !== 'none' && given !== 'sigv4')
    problem('INGOT_CATALOG_AUTH', `must name how requests are signed; ${givenAllowed(given, ['none', 'sigv4'])}`);
  const region = given === 'sigv4' ? required('AWS_REGION', 'the region, for signing') : '';
  const auth = given === 'none' ? ({ kind: 'none' } as const) : ({ kind: 'sigv4', region, service: 'glue' } as const);

  const memory = env.INGOT_DUCKDB_MEMORY;
  if (memory !== undefined && !/^\d+(\.\d+)? ?[KMGT]i?B$/.test(memory))
    problem('INGOT_DUCKDB_MEMORY', `must be a size with its unit, for example 4GB; given ${memory}`);
  const threads = env.INGOT_DUCKDB_THREADS === undefined ? undefined : Number(env.INGOT_DUCKDB_THREADS);
  if (threads !== undefined && !(Number.isInteger(threads) && threads > 0))
    problem('INGOT_DUCKDB_THREADS', `must be a whole number above 0; given ${env.INGOT_DUCKDB_THREADS}`);
  assertValid(problems);
  return {
    manifestFile: env.INGOT_MANIFEST ?? '/opt/ingot/manifest.json',
    zones,
    catalog: { uri, warehouse, auth },
    queues,
    s3Endpoint: env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL,
    limits: { memory, threads, tempFolder: env.INGOT_TEMP },
  };
}

/** A JSON object of strings; undefined for anything else. */
function parseMap(text: string): Record<string, string> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return Object.values(value).every((held) => typeof held === 'string')
      ? (value as Record<string, string>)
      : undefined;
  } catch {
    return undefined;
  }
}
