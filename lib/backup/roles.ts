import type { ReadyMade, Recipe } from '../migrations/ready/ready-made';

/**
 * One row a statement: roles of users and what they are members of, for a server that may have them already. A dump of
 * one database grants rights to roles and does not make them. Passwords stay behind: logins are by IAM.
 */
export const rolesSql = `
WITH kept AS (
  SELECT oid, rolname, rolcanlogin, rolinherit FROM pg_roles
  WHERE rolname !~ '^(pg_|rds)' AND NOT rolsuper)
SELECT statement FROM (
  SELECT 1 AS step, rolname AS name,
    format('DO $role$ BEGIN CREATE ROLE %I %s %s; EXCEPTION WHEN duplicate_object THEN NULL; END $role$;',
      rolname, CASE WHEN rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END, CASE WHEN rolinherit THEN 'INHERIT' ELSE 'NOINHERIT' END) AS statement
  FROM kept
  UNION ALL
  SELECT 2, g.rolname || ' ' || kept.rolname,
    format('DO $role$ BEGIN GRANT %I TO %I; EXCEPTION WHEN undefined_object THEN NULL; END $role$;', g.rolname, kept.rolname)
  FROM pg_auth_members AS m JOIN kept ON kept.oid = m.member JOIN pg_roles AS g ON g.oid = m.roleid
) AS statements ORDER BY step, name`;

/** Compares restored databases with their source. */
export const validateRole = 'ingot_validate';
/** Dumps the database. */
export const dumpRole = 'ingot_dump';

/**
 * The migration that makes the roles of backups: log-ins by IAM alone, that read and cannot write. Run by the master,
 * in each database once; a restored one has them from its backup. Policies of row-level security let them see all by naming
 * `pg_read_all_data`, whose members they are.
 */
export const backupRolesMigration = `
DO $roles$
DECLARE
  role text;
BEGIN
  FOREACH role IN ARRAY ARRAY['${validateRole}', '${dumpRole}'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
      EXECUTE format('CREATE ROLE %I LOGIN', role);
    END IF;
  END LOOP;
  GRANT pg_read_all_data TO ${validateRole}, ${dumpRole};
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_iam') THEN
    GRANT rds_iam TO ${validateRole}, ${dumpRole};
  END IF;
END
$roles$;
`;

/** The ready-made migration of a platform that has backups. */
export const backupRoles: Recipe<Record<string, never>> = { steps: [() => [backupRolesMigration]], change: () => [] };

export const backupMigrations: readonly ReadyMade[] = [
  { recipe: 'backupRoles', name: 'backups', parameters: {}, after: 0 },
];
