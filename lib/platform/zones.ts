import { isToken } from '../token';
import type { Zone } from './manifest';

/** A zone as a user may say it; what is left out follows from `name` and `holds`. */
export interface ZoneDeclaration {
  /** Lower-case letters, digits and underscores, at most 30, for example `bronze`. */
  readonly name: string;
  /**
   * What it holds: files as they arrived, or Iceberg tables.
   * @default files for the zone named `bronze`, else iceberg
   */
  readonly holds?: 'files' | 'iceberg';
  /**
   * Days after which files move to Glacier Instant Retrieval (still read by Athena); `false`: never. Only for files:
   * an object of an Iceberg table is never old, it is live until a snapshot says otherwise.
   * @default 90 for files
   */
  readonly archiveAfterDays?: number | false;
  /**
   * Days that data is kept; `false`: for ever.
   * @default for ever for files, 365 for the zone named `gold`, else 730
   */
  readonly retentionDays?: number | false;
}

/** The medallion zones: as it arrived, conformed, business-ready. */
export const defaultZones: readonly ZoneDeclaration[] = [{ name: 'bronze' }, { name: 'silver' }, { name: 'gold' }];

/** What a platform names after itself: its own tables, buckets and keys. */
const own = ['ops', 'access_logs', 'query_results', 'pipeline', 'operations'];
/** Where DuckDB reads `lake.orders` it takes the first word for one of these catalogs and schemas, not for a zone. */
const duckdbs = ['lake', 'memory', 'main', 'temp', 'system', 'pg_catalog', 'information_schema'];

/** Applies the defaults to the zones of the platform `name`. Says nothing of validity: see `zoneProblems`. */
export function resolveZones(name: string, zones: readonly ZoneDeclaration[] = defaultZones): Zone[] {
  return zones.map((zone) => {
    const holds = zone.holds ?? (zone.name === 'bronze' ? 'files' : 'iceberg');
    const archive = zone.archiveAfterDays ?? (holds === 'files' ? 90 : false);
    const retention = zone.retentionDays ?? (holds === 'files' ? false : zone.name === 'gold' ? 365 : 730);
    return {
      name: zone.name,
      holds,
      database: databaseName(name, zone.name),
      ...(archive === false ? {} : { archiveAfterDays: archive }),
      ...(retention === false ? {} : { retentionDays: retention }),
    };
  });
}

/** Glue database and Iceberg namespace of a zone: `aviation_silver`. Glue wants no hyphen where Athena shall read it. */
export function databaseName(platform: string, zone: string): string {
  return `${platform.replaceAll('-', '_')}_${zone}`;
}

/** One sentence for each thing that is wrong with a list of zones. Paths are relative to the list. */
export function zoneProblems(zones: readonly ZoneDeclaration[]): { path: string; message: string }[] {
  const problems: { path: string; message: string }[] = [];
  if (zones.length === 0)
    problems.push({ path: '', message: 'must name at least one zone; by default bronze, silver and gold' });
  const seen = new Set<string>();
  zones.forEach((zone, i) => {
    const add = (field: string, message: string) => problems.push({ path: `[${i}].${field}`, message });
    if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(zone.name) || zone.name.length > 30)
      add(
        'name',
        `must be 1 to 30 lower-case letters, digits or single underscores, a letter first; given ${JSON.stringify(zone.name)}`,
      );
    if (own.includes(zone.name)) add('name', `must not be ${zone.name}: the platform has something else of that name`);
    if (duckdbs.includes(zone.name))
      add('name', `must not be ${zone.name}: in SQL that word means something of DuckDB's`);
    // Names of resources are made from it, some of which know no underscores.
    const plain = zone.name.replaceAll('_', '');
    if (seen.has(plain)) add('name', `must be unique, underscores aside; ${JSON.stringify(zone.name)} is given twice`);
    seen.add(plain);
    for (const field of ['archiveAfterDays', 'retentionDays'] as const) {
      const days = zone[field];
      if (days !== undefined && days !== false && !isToken(days) && !(Number.isInteger(days) && days > 0))
        add(field, `must be a whole number of days from 1, or false; given ${JSON.stringify(days)}`);
    }
    const holds = zone.holds ?? (zone.name === 'bronze' ? 'files' : 'iceberg');
    if (holds === 'iceberg' && typeof zone.archiveAfterDays === 'number')
      add(
        'archiveAfterDays',
        'must be left out where the zone holds Iceberg tables: their live files may be of any age',
      );
    if (
      typeof zone.archiveAfterDays === 'number' &&
      typeof zone.retentionDays === 'number' &&
      !isToken(zone.archiveAfterDays) &&
      !isToken(zone.retentionDays) &&
      zone.retentionDays <= zone.archiveAfterDays
    )
      add(
        'retentionDays',
        `must be more than archiveAfterDays (${zone.archiveAfterDays}); given ${zone.retentionDays}`,
      );
  });
  if (zones.length > 0 && !zones.some((z) => (z.holds ?? (z.name === 'bronze' ? 'files' : 'iceberg')) === 'iceberg'))
    problems.push({ path: '', message: 'must have at least one zone that holds Iceberg tables' });
  return problems;
}
