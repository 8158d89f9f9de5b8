import type { Dataset } from '../contract/dataset';
import type { ReadyMade, Recipe } from '../migrations/ready/ready-made';
import { body } from '../migrations/ready/sql';
import { findTable } from '../platform/lookup';
import type { Manifest } from '../platform/manifest';
import { identifier, literal, qualified } from '../sql/quote';
import { sourceNameOf } from './feed';

/** As whom AWS DMS follows the log: by a password, as connections for replication know no tokens of IAM's. */
export const followRole = 'ingot_cdc';
/** As whom functions compare tables, and give the other one its password. */
export const reconcileRole = 'ingot_reconcile';
/** Where AWS DMS writes every few minutes, so that the log of a database that is idle does not pile up behind its slot. */
export const heartbeatSchema = 'ingot_cdc';
/** The function that gives `ingot_cdc` its password. */
export const passwordFunction = 'ingot.cdc_password';

/** The tables of a source in the platform's own database. */
export interface ChangeSource {
  readonly publication: string;
  readonly replicaIdentity: 'key' | 'full';
  readonly tables: readonly {
    readonly schema: string;
    readonly name: string;
    /** Columns by which the contract tells rows apart, as the source calls them. */
    readonly key: readonly string[];
  }[];
}

/**
 * What following a database needs of it: a publication of the tables, what the log says of rows that were changed, and the
 * roles of those who follow and compare.
 */
export const changeSource: Recipe<ChangeSource> = {
  steps: [(source) => [rolesSql, ...grants(source), ...publication(source), ...source.tables.map(identity(source))]],
  change(before, after) {
    const gone = before.tables.filter((old) => !after.tables.some((table) => nameOf(table) === nameOf(old)));
    return [
      ...gone.map((table) => `REVOKE SELECT ON TABLE ${nameOf(table)} FROM ${followRole}, ${reconcileRole}`),
      ...grants(after),
      ...(before.publication === after.publication
        ? []
        : [`DROP PUBLICATION IF EXISTS ${identifier(before.publication)}`]),
      ...publication(after),
      ...after.tables.map(identity(after)),
    ];
  },
};

/** The ready-made migrations of sources that follow the platform's own database; after its files, which make the tables. */
export function sourceMigrations(manifest: Manifest): ReadyMade[] {
  return (manifest.cdc ?? [])
    .filter(({ deployed }) => deployed?.from === 'own')
    .map(({ name, publication: named, deployed, tables }) => {
      const parameters: ChangeSource = {
        publication: named,
        replicaIdentity: deployed!.replicaIdentity,
        tables: tables.map(({ table, schema, name: of }) => ({
          schema,
          name: of,
          key: keyOf(findTable(table, manifest).dataset),
        })),
      };
      return { recipe: 'changeSource', name, parameters, after: 'files' };
    });
}

const keyOf = ({ columns, key }: Dataset): string[] =>
  key.map((name) => sourceNameOf(columns.find((column) => column.name === name)!));

type Table = ChangeSource['tables'][number];
const nameOf = ({ schema, name }: Pick<Table, 'schema' | 'name'>): string => qualified(schema, name);

const rolesSql = `DO ${body(`
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['${followRole}', '${reconcileRole}'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
      EXECUTE format('CREATE ROLE %I LOGIN', wanted);
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), wanted);
  END LOOP;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_iam') THEN
    GRANT rds_iam TO ${reconcileRole};
  END IF;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_replication') THEN
    GRANT rds_replication TO ${followRole};
  ELSE
    ALTER ROLE ${followRole} REPLICATION;
  END IF;
END`)};
CREATE SCHEMA IF NOT EXISTS ${heartbeatSchema};
GRANT USAGE, CREATE ON SCHEMA ${heartbeatSchema} TO ${followRole};
CREATE OR REPLACE FUNCTION ${passwordFunction}(verifier text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS ${body(`
BEGIN
  -- A password itself would stand in logs.
  IF verifier !~ '^SCRAM-SHA-256\\$[0-9]+:[A-Za-z0-9+/=]+\\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$' THEN
    RAISE EXCEPTION 'must be a verifier of SCRAM-SHA-256';
  END IF;
  EXECUTE format('ALTER ROLE ${followRole} PASSWORD %L', verifier);
END`)};
REVOKE ALL ON FUNCTION ${passwordFunction}(text) FROM PUBLIC;
GRANT USAGE ON SCHEMA ingot TO ${reconcileRole};
GRANT EXECUTE ON FUNCTION ${passwordFunction}(text) TO ${reconcileRole}`;

const grants = ({ tables }: ChangeSource): string[] => [
  ...[...new Set(tables.map(({ schema }) => schema))].map(
    (schema) => `GRANT USAGE ON SCHEMA ${identifier(schema)} TO ${followRole}, ${reconcileRole}`,
  ),
  ...tables.map((table) => `GRANT SELECT ON TABLE ${nameOf(table)} TO ${followRole}, ${reconcileRole}`),
];

function publication({ publication: name, tables }: ChangeSource): string[] {
  const named = tables.map(nameOf).join(', ');
  return [
    `DO ${body(`
BEGIN
  IF EXISTS (SELECT FROM pg_publication WHERE pubname = ${literal(name)}) THEN
    ALTER PUBLICATION ${identifier(name)} SET TABLE ${named};
  ELSE
    CREATE PUBLICATION ${identifier(name)} FOR TABLE ${named};
  END IF;
END`)}`,
  ];
}

/** What the log says of a row that was changed. All of it, where its primary key is not the contract's key. */
const identity =
  ({ replicaIdentity }: ChangeSource) =>
  (table: Table): string =>
    `DO ${body(`
DECLARE
  of_table regclass := ${literal(nameOf(table))}::regclass;
  has "char" := (SELECT relreplident FROM pg_class WHERE oid = of_table);
  wants "char" := 'f';
BEGIN
  IF (SELECT relkind FROM pg_class WHERE oid = of_table) <> 'r' THEN
    RAISE EXCEPTION '% must be a table, and not a view or partitioned, for its changes to be followed', of_table;
  END IF;
  IF ${literal(replicaIdentity)} = 'key' AND EXISTS (
    SELECT FROM pg_index WHERE indrelid = of_table AND indisprimary AND ARRAY[${table.key.map(literal).join(', ')}]::text[] <@
      (SELECT array_agg(attname::text) FROM pg_attribute WHERE attrelid = of_table AND attnum = ANY (indkey)))
  THEN
    wants := 'd';
  END IF;
  -- It locks the table for a moment.
  IF has IN ('d', 'f') AND has <> wants OR has = 'n' THEN
    EXECUTE format('ALTER TABLE %s REPLICA IDENTITY %s', of_table, CASE wants WHEN 'd' THEN 'DEFAULT' ELSE 'FULL' END);
  END IF;
END`)}`;
