import type { Dataset } from '../../contract/dataset';
import { CannotError } from '../../errors';
import type { Postgres } from '../../runtime/postgres';
import { identifier, literal, qualified } from '../../sql/quote';
import type { CdcSource, CdcTable } from '../declaration';
import { sourceNameOf } from '../feed';

/** A table of the source with the dataset that it fills. */
export interface SourceTable extends CdcTable {
  readonly dataset: Dataset;
}

/**
 * Checks that the source can be followed, and makes its publication, or adds tables to it, where they lack.
 *
 * @throws CannotError with everything that stands against it, and how to put it right
 */
export async function prepareSource(
  source: CdcSource,
  tables: readonly SourceTable[],
  postgres: Postgres,
): Promise<string[]> {
  const notes: string[] = [];
  const [setting] = await postgres.query<{ level: string }>("SELECT current_setting('wal_level') AS level");
  if (setting!.level !== 'logical')
    throw new CannotError(
      `The source writes its log for ${setting!.level} alone: set wal_level = logical and restart it (on Amazon RDS, rds.logical_replication = 1)`,
    );
  const problems: string[] = [];
  for (const table of tables) problems.push(...(await tableProblems(table, postgres, notes)));
  if (problems.length > 0) throw new CannotError(problems.join('\n  '));

  const names = tables.map(({ schema, name }) => qualified(schema, name));
  const [known] = await postgres.query('SELECT 1 FROM pg_publication WHERE pubname = $1', [source.publication]);
  if (known === undefined) {
    await postgres.execute(`CREATE PUBLICATION ${identifier(source.publication)} FOR TABLE ${names.join(', ')}`);
    notes.push(
      `Publication ${source.publication} made, of ${tables.length} ${tables.length === 1 ? 'table' : 'tables'}`,
    );
    return notes;
  }
  const published = await postgres.query<{ name: string }>(
    "SELECT schemaname || '.' || tablename AS name FROM pg_publication_tables WHERE pubname = $1",
    [source.publication],
  );
  const missing = tables.filter(({ schema, name }) => !published.some((one) => one.name === `${schema}.${name}`));
  if (missing.length > 0) {
    const added = missing.map(({ schema, name }) => qualified(schema, name));
    await postgres.execute(`ALTER PUBLICATION ${identifier(source.publication)} ADD TABLE ${added.join(', ')}`);
    notes.push(`Publication ${source.publication} has ${missing.map(({ name }) => name).join(', ')} now`);
  }
  return notes;
}

async function tableProblems({ schema, name, table, dataset }: SourceTable, postgres: Postgres, notes: string[]) {
  const where = `${schema}.${name}`;
  const [found] = await postgres.query<{ identity: string; key: string[] | null }>(
    `SELECT c.relreplident AS identity, (SELECT array_agg(a.attname::text) FROM pg_index i
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
        WHERE i.indrelid = c.oid AND CASE c.relreplident WHEN 'i' THEN i.indisreplident WHEN 'd' THEN i.indisprimary END) AS key
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = 'r'`,
    [schema, name],
  );
  if (found === undefined)
    return [`The source has no table ${where} (or it is a view, or partitioned), which the contract of ${table} names`];
  const columns = await postgres.query<{ name: string; storage: string }>(
    `SELECT attname AS name, attstorage AS storage FROM pg_attribute
      WHERE attrelid = (${literal(qualified(schema, name))})::regclass AND attnum > 0 AND NOT attisdropped`,
  );
  const missing = dataset.columns.map(sourceNameOf).filter((one) => !columns.some((column) => column.name === one));
  if (missing.length > 0)
    return [`Table ${where} of the source has no ${missing.join(', ')}, which the contract of ${table} names`];
  const key = dataset.key.map((one) => sourceNameOf(dataset.columns.find((column) => column.name === one)!));
  const identity = found.key ?? [];
  if (found.identity !== 'f' && key.some((one) => !identity.includes(one)))
    return [
      `Table ${where} of the source tells its rows apart by ${identity.join(', ') || 'nothing'}, the contract of ${table} by ${key.join(', ')}: ALTER TABLE ${qualified(schema, name)} REPLICA IDENTITY FULL`,
    ];
  const large = columns.filter((column) => column.storage !== 'p' && !key.includes(column.name));
  if (found.identity !== 'f' && large.length > 0)
    notes.push(
      `${where}: where a row's key changes, large values of ${large.map((column) => column.name).join(', ')} are not sent; with REPLICA IDENTITY FULL they are`,
    );
  return [];
}
