import { identifier, literal } from '../../sql/quote';
import type { Recipe } from './ready-made';
import { body, tableName } from './sql';

export interface Role {
  /** The function that logs in with it; the role is `ingot_<name>`. */
  readonly name: string;
  /** Tables and views that it may read. */
  readonly read: readonly string[];
  /** Tables that it may also insert into, update and delete from. */
  readonly write: readonly string[];
  /** Functions that it may call, by name. */
  readonly call: readonly string[];
  /** Whether it may follow the log, as CDC does. */
  readonly replication: boolean;
}

/** The database role of a function, and the only place where it is given anything. */
const roleName = (name: string): string => `ingot_${name}`;

/**
 * A role that logs in by IAM, where the database is in AWS, and its grants. What is no longer asked for is revoked.
 */
export const role: Recipe<Role> = {
  steps: [
    (parameters) => {
      const name = roleName(parameters.name);
      return [
        `DO ${body(`
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${literal(name)}) THEN
    CREATE ROLE ${identifier(name)} LOGIN;
  END IF;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_iam') THEN
    GRANT rds_iam TO ${identifier(name)};
  END IF;
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO ${identifier(name)}', current_database());
END`)}`,
        ...granted(parameters).map((grant) => `GRANT ${grant.what} TO ${identifier(name)}`),
        ...(parameters.replication ? [replication(name, true)] : []),
      ];
    },
  ],
  change(before, after) {
    const name = roleName(after.name);
    const has = granted(after);
    const gone = granted(before).filter(({ what }) => !has.some((grant) => grant.what === what));
    return [
      ...gone.filter(({ isSchema }) => !isSchema).map(({ what }) => `REVOKE ${what} FROM ${identifier(name)}`),
      // All of them: what was revoked may have been part of what stays.
      ...has.map(({ what }) => `GRANT ${what} TO ${identifier(name)}`),
      ...(before.replication === after.replication ? [] : [replication(name, after.replication)]),
    ];
  },
};

interface Grant {
  /** Of `GRANT what TO` and `REVOKE what FROM`. */
  readonly what: string;
  readonly isSchema?: boolean;
}

function granted({ read, write, call }: Role): Grant[] {
  const schemas = [...new Set([...read, ...write, ...call].map(schemaOf))].sort();
  return [
    ...schemas.map((schema) => ({ what: `USAGE ON SCHEMA ${identifier(schema)}`, isSchema: true })),
    ...read.map((table) => ({ what: `SELECT ON TABLE ${tableName(table)}` })),
    ...write.map((table) => ({ what: `SELECT, INSERT, UPDATE, DELETE ON TABLE ${tableName(table)}` })),
    ...call.map((name) => ({ what: `EXECUTE ON FUNCTION ${tableName(name)}` })),
  ];
}

const schemaOf = (name: string): string => (name.includes('.') ? name.slice(0, name.indexOf('.')) : 'public');

/** In RDS a role follows the log as a member of `rds_replication`; elsewhere by an attribute of its own. */
const replication = (name: string, may: boolean): string =>
  `DO ${body(`
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_replication') THEN
    ${may ? 'GRANT' : 'REVOKE'} rds_replication ${may ? 'TO' : 'FROM'} ${identifier(name)};
  ELSE
    ALTER ROLE ${identifier(name)} ${may ? 'REPLICATION' : 'NOREPLICATION'};
  END IF;
END`)}`;
