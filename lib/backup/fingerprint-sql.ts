/** Parts that the rows of a table are divided into, by a hash of their key. */
const bucketCount = 64;

/** Columns of which the first that a table has says when its rows came, in this order. */
const newestColumns = ['recorded_at', 'occurred_at', 'created_at', 'inserted_at', 'updated_at'] as const;

/** What makes values look the same wherever they are read: rows are compared as text. */
export const settings = [
  'SET LOCAL search_path = pg_catalog',
  "SET LOCAL TimeZone = 'UTC'",
  "SET LOCAL DateStyle = 'ISO, YMD'",
  "SET LOCAL IntervalStyle = 'postgres'",
  'SET LOCAL extra_float_digits = 1',
  "SET LOCAL bytea_output = 'hex'",
].join(';\n');

/** Tables of users: no system's, no extension's. Views hold nothing; a materialised view is made of what is compared. */
const tables = `
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p')
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
    AND NOT EXISTS (
      SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`;

/** One row, one text: a JSON object of all but the rows: when, which server, extensions, sequences, and how tables look. */
export const structureSql = `
SELECT json_build_object(
  'version', 1,
  'takenAt', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  'server', current_setting('server_version'),
  'extensions', (SELECT coalesce(json_object_agg(extname, extversion ORDER BY extname), '{}') FROM pg_extension),
  'sequences', (
    SELECT coalesce(json_object_agg(schemaname || '.' || sequencename, coalesce(last_value, start_value - 1)::text
      ORDER BY schemaname, sequencename), '{}')
    FROM pg_sequences WHERE increment_by > 0 AND NOT cycle),
  'structure', (
    SELECT coalesce(json_object_agg(name, json_build_object('columns', columns, 'indexes', indexes, 'constraints', constraints)
      ORDER BY name), '{}')
    FROM (
      SELECT n.nspname || '.' || c.relname AS name,
        (SELECT coalesce(json_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
           || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END ORDER BY a.attnum), '[]')
         FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
        (SELECT coalesce(json_agg(pg_get_indexdef(i.indexrelid) ORDER BY pg_get_indexdef(i.indexrelid)), '[]')
         FROM pg_index AS i WHERE i.indrelid = c.oid AND i.indisvalid) AS indexes,
        (SELECT coalesce(json_agg(k.conname || ' ' || pg_get_constraintdef(k.oid) ORDER BY k.conname), '[]')
         FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'f', 'c', 'x')) AS constraints
      ${tables}
    ) AS described)
)::text AS fingerprint`;

/**
 * One row a table that holds rows: a statement that gives, as one JSON object, how many rows each bucket has, the sum of
 * their hashes, and the newest. Tables that are not logged are empty after a crash, and so after a restore.
 */
export const rowStatementsSql = `
SELECT format($ingot$
  SELECT json_build_object('table', %L, 'newest', max(newest), 'buckets', coalesce(json_object_agg(bucket, held ORDER BY bucket), '{}'))::text
    AS fingerprint
  FROM (SELECT bucket, count(*) || ':' || sum(hash) AS held, max(newest) AS newest
    FROM (SELECT ('x' || substr(md5(ROW(%s)::text), 1, 2))::bit(8)::int %% ${bucketCount} AS bucket,
        ('x' || substr(md5(ROW(r.*)::text), 1, 16))::bit(64)::bigint AS hash, %s AS newest
      FROM ONLY %I.%I AS r) AS hashed
    GROUP BY bucket) AS grouped
$ingot$,
  name,
  coalesce(key, 'r.*'),
  coalesce('r.' || quote_ident(newest), 'NULL') || '::text',
  schema, "table") AS statement
FROM (
  SELECT n.nspname || '.' || c.relname AS name, n.nspname AS schema, c.relname AS "table",
    (SELECT string_agg('r.' || quote_ident(a.attname), ', ' ORDER BY a.attnum)
     FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
     WHERE i.indrelid = c.oid AND i.indisprimary) AS key,
    (SELECT a.attname FROM pg_attribute AS a
     WHERE a.attrelid = c.oid AND NOT a.attisdropped
       AND a.attname IN (${newestColumns.map((name) => `'${name}'`).join(', ')})
       AND a.atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype)
     ORDER BY array_position(ARRAY[${newestColumns.map((name) => `'${name}'`).join(', ')}], a.attname::text) LIMIT 1) AS newest
  ${tables} AND c.relkind = 'r' AND c.relpersistence = 'p'
) AS stored ORDER BY name`;

/** Tables of which the current role sees only some rows: row-level security, and no policy that lets it see all. */
export const hiddenRowsSql = `
SELECT n.nspname || '.' || c.relname AS name
${tables} AND c.relrowsecurity
  AND NOT (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user)
  AND (c.relforcerowsecurity OR NOT pg_has_role(c.relowner, 'USAGE'))
  AND NOT EXISTS (
    SELECT FROM pg_policy AS p
    WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd IN ('r', '*')
      AND pg_get_expr(p.polqual, p.polrelid) = 'true'
      AND EXISTS (SELECT FROM unnest(p.polroles) AS role(id) WHERE role.id = 0 OR pg_has_role(role.id, 'USAGE')))
ORDER BY 1`;
