import type { Recipe } from './ready-made';
import { beside, body, columnList, indexName, makeSchema, tableName, upkeep, upkeepTable } from './sql';

export interface ReadModel {
  readonly name: string;
  /** The SELECT that fills it. */
  readonly query: string;
  /** Columns of which no two rows have the same values; a refresh finds rows by them. */
  readonly key: readonly string[];
  /** How often it is brought up to date, as an interval of PostgreSQL. */
  readonly every: string;
}

/** A materialised view that readers see whole at any time: it is refreshed concurrently, on a schedule. */
export const readModel: Recipe<ReadModel> = {
  steps: [
    (parameters) => [
      ...makeSchema(parameters.name),
      `CREATE MATERIALIZED VIEW ${tableName(parameters.name)} AS\n${parameters.query}`,
      `CREATE UNIQUE INDEX ${indexName(parameters.name, '_key')} ON ${tableName(parameters.name)} (${columnList(parameters.key)})`,
      `CREATE FUNCTION ${refresh(parameters)} RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS ${body(
        `BEGIN\n  REFRESH MATERIALIZED VIEW CONCURRENTLY ${tableName(parameters.name)};\nEND`,
      )}`,
      `REVOKE ALL ON FUNCTION ${refresh(parameters)} FROM PUBLIC`,
      upkeepTable,
      schedule(parameters),
    ],
  ],
  change(before, after) {
    if (before.query === after.query && before.key.join() === after.key.join()) return [schedule(after)];
    const [name, other] = [tableName(after.name), beside(after.name, '_next')];
    const own = (table: string) => table.slice(table.lastIndexOf('.') + 1);
    // Nothing is lost: it is derived. Who may read it, may read the new one.
    return [
      `CREATE MATERIALIZED VIEW ${other} AS\n${after.query}`,
      `DO ${body(`
DECLARE
  _grant record;
BEGIN
  FOR _grant IN
    SELECT privilege_type, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS grantee
    FROM pg_class, aclexplode(relacl) WHERE oid = '${name}'::regclass AND grantee <> relowner
  LOOP
    EXECUTE format('GRANT %s ON ${other} TO %s', _grant.privilege_type, _grant.grantee);
  END LOOP;
END`)}`,
      `DROP MATERIALIZED VIEW ${name}`,
      `ALTER MATERIALIZED VIEW ${other} RENAME TO "${own(after.name)}"`,
      `CREATE UNIQUE INDEX ${indexName(after.name, '_key')} ON ${name} (${columnList(after.key)})`,
      schedule(after),
    ];
  },
};

const refresh = ({ name }: ReadModel): string => `${beside(name, '_refresh')}()`;

const schedule = (model: ReadModel): string =>
  upkeep(`readModel/${model.name}`, `SELECT ${refresh(model)}`, model.every);
