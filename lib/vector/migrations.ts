import type { ReadyMade, Recipe } from '../migrations/ready/ready-made';
import { identifier, literal } from '../sql/quote';
import {
  documentsRole,
  metadataTypes,
  metrics,
  type Store,
  type StoreIndex,
  searchRole,
  searchSchema,
  signature,
  tenantSetting,
} from './store';

/** What of a store its tables depend on: searches can be tuned without a migration. */
export interface StoreTable
  extends Pick<Store, 'name' | 'dimension' | 'element' | 'metric' | 'metadata' | 'tenants' | 'language' | 'embedder'> {
  readonly index:
    | Pick<StoreIndex & { readonly type: 'hnsw' }, 'type' | 'm' | 'efConstruction'>
    | Pick<StoreIndex & { readonly type: 'ivfflat' }, 'type' | 'lists'>;
}

/** The registry of stores, the functions that change it, and the roles of those who write and search. */
export const search: Recipe<Record<string, never>> = { steps: [() => [registrySql]], change: () => [] };

/**
 * The tables of a store. Whatever the declaration was before: where no version holds what it asks for now, one is made
 * beside the others; then columns and index of all versions. What is there stays.
 */
export const vectorStore: Recipe<StoreTable> = {
  steps: [(store) => [storeSql(store)]],
  change(before, after) {
    const other = Object.entries(after.metadata).find(([name, type]) => (before.metadata[name] ?? type) !== type);
    if (other === undefined) return [storeSql(after)];
    return `the metadata ${other[0]} of the store cannot become ${other[1]}, since it is ${before.metadata[other[0]]}`;
  },
};

/** The ready-made migrations that a platform's stores are made by. */
export function storeMigrations(stores: readonly Store[]): ReadyMade[] {
  if (stores.length === 0) return [];
  return [
    { recipe: 'search', name: 'registry', parameters: {}, after: 0 },
    ...stores.map((store): ReadyMade => {
      return { recipe: 'vectorStore', name: store.name, parameters: tableOf(store), after: 0 };
    }),
  ];
}

function tableOf({
  name,
  dimension,
  element,
  metric,
  index,
  metadata,
  tenants,
  language,
  embedder,
}: Store): StoreTable {
  const { type } = index;
  return {
    name,
    dimension,
    element,
    metric,
    index: type === 'hnsw' ? { type, m: index.m, efConstruction: index.efConstruction } : { type, lists: index.lists },
    metadata,
    tenants,
    language,
    ...(embedder === undefined ? {} : { embedder }),
  };
}

const schema = identifier(searchSchema);

/** A role that logs in by IAM where the database is RDS, and that nobody logs in as elsewhere. */
const role = (name: string): string => `
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${literal(name)}) THEN
    CREATE ROLE ${identifier(name)} LOGIN;
  END IF;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_iam') THEN
    GRANT rds_iam TO ${identifier(name)};
  END IF;
  -- Whoever migrates may take the role: a run on one machine has one user for all.
  EXECUTE format('GRANT %I TO %I', ${literal(name)}, current_user);
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), ${literal(name)});
EXCEPTION
  -- Two databases of one server share their roles, and may make them at the same time.
  WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;
GRANT USAGE ON SCHEMA ${schema} TO ${identifier(name)};`;

const registrySql = `
CREATE EXTENSION IF NOT EXISTS vector;
CREATE SCHEMA IF NOT EXISTS ${schema};

-- Every version of every store. Searches read the current one.
CREATE TABLE ${schema}.stores (
  store text NOT NULL,
  version integer NOT NULL,
  relation text NOT NULL UNIQUE,
  -- What its rows depend on: another signature is another version.
  signature text NOT NULL,
  embedder text,
  dimension integer NOT NULL,
  element text NOT NULL,
  tenants boolean NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- When it held all there was to hold for the first time.
  filled_at timestamptz,
  is_current boolean NOT NULL,
  PRIMARY KEY (store, version),
  UNIQUE (store, signature)
);
CREATE UNIQUE INDEX stores_current ON ${schema}.stores (store) WHERE is_current;

-- Every object that was ingested into a version, or refused, and why.
CREATE TABLE ${schema}.objects (
  relation text NOT NULL REFERENCES ${schema}.stores (relation) ON DELETE CASCADE,
  source text NOT NULL,
  object text NOT NULL,
  -- Identity of its content, and of how it was cut: the same again is nothing new. Null: not ingested whole.
  fingerprint text,
  documents integer NOT NULL DEFAULT 0,
  chunks integer NOT NULL DEFAULT 0,
  -- Why it, or documents in it, were refused.
  reasons jsonb NOT NULL DEFAULT '[]',
  written_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (relation, source, object)
);

-- Makes a version the one that is searched, once it is filled. True where that changed anything.
CREATE FUNCTION ${schema}.publish(wanted_store text, wanted_version integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found ${schema}.stores;
  lists name;
BEGIN
  SELECT * INTO found FROM ${schema}.stores WHERE store = wanted_store AND version = wanted_version FOR UPDATE;
  IF found.relation IS NULL THEN
    RAISE EXCEPTION 'store % has no version %', wanted_store, wanted_version;
  END IF;
  IF found.is_current AND found.filled_at IS NOT NULL THEN
    RETURN false;
  END IF;
  -- The lists of an IVFFlat index are chosen among the rows that are there when it is built.
  FOR lists IN
    SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
    WHERE i.indrelid = format('${searchSchema}.%I', found.relation)::regclass AND a.amname = 'ivfflat'
  LOOP
    EXECUTE format('REINDEX INDEX ${searchSchema}.%I', lists);
  END LOOP;
  UPDATE ${schema}.stores SET is_current = false WHERE store = wanted_store AND is_current AND version <> wanted_version;
  UPDATE ${schema}.stores SET is_current = true, filled_at = coalesce(filled_at, now())
  WHERE store = wanted_store AND version = wanted_version;
  RETURN true;
END
$$;
REVOKE ALL ON FUNCTION ${schema}.publish FROM PUBLIC;

-- Takes a version that is no longer searched away, with its rows.
CREATE FUNCTION ${schema}.drop_version(old_store text, old_version integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found ${schema}.stores;
BEGIN
  SELECT * INTO found FROM ${schema}.stores WHERE store = old_store AND version = old_version FOR UPDATE;
  IF found.relation IS NULL THEN
    RAISE EXCEPTION 'store % has no version %', old_store, old_version;
  END IF;
  IF found.is_current THEN
    RAISE EXCEPTION 'version % of store % is the one that is searched', old_version, old_store;
  END IF;
  EXECUTE format('DROP TABLE ${searchSchema}.%I', found.relation);
  DELETE FROM ${schema}.stores WHERE store = old_store AND version = old_version;
END
$$;
REVOKE ALL ON FUNCTION ${schema}.drop_version FROM PUBLIC;
${role(documentsRole)}
${role(searchRole)}
GRANT SELECT ON ${schema}.stores TO ${documentsRole}, ${searchRole};
GRANT SELECT, INSERT, UPDATE, DELETE ON ${schema}.objects TO ${documentsRole};
GRANT EXECUTE ON FUNCTION ${schema}.publish TO ${documentsRole};
`;

/** Makes the version of a store that its declaration asks for, where there is none; then columns and index of all versions. */
function storeSql(store: StoreTable): string {
  const { name, embedder, dimension, element, tenants } = store;
  const { id: index, sql: indexSql } = indexOf(store);
  const columns = Object.entries(store.metadata);
  return `
DO $migration$
DECLARE
  next integer;
  found record;
  given text;
  old name;
BEGIN
  LOCK TABLE ${schema}.stores IN SHARE ROW EXCLUSIVE MODE;
  IF NOT EXISTS (SELECT FROM ${schema}.stores WHERE store = ${literal(name)} AND signature = ${literal(signature(store))}) THEN
    SELECT coalesce(max(version), 0) + 1 INTO next FROM ${schema}.stores WHERE store = ${literal(name)};
    EXECUTE format($sql$${tableSql(store)}$sql$, ${literal(name)} || '_v' || next);
    INSERT INTO ${schema}.stores (store, version, relation, signature, embedder, dimension, element, tenants, is_current)
    SELECT ${literal(name)}, next, ${literal(name)} || '_v' || next, ${literal(signature(store))},
      ${literal(embedder ?? null)}, ${literal(dimension)}, ${literal(element)}, ${literal(tenants)},
      -- Where there is nothing else to search it is searched while it fills.
      NOT EXISTS (SELECT FROM ${schema}.stores WHERE store = ${literal(name)});
  END IF;
  FOR found IN SELECT relation FROM ${schema}.stores WHERE store = ${literal(name)} LOOP${columns
    .map(([column, type]) => columnSql(column, metadataTypes[type]))
    .join('')}
    FOR old IN
      SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
      WHERE i.indrelid = format('${searchSchema}.%I', found.relation)::regclass AND a.amname IN ('hnsw', 'ivfflat')
        AND c.relname <> found.relation || ${literal(`_${index}`)}
    LOOP
      EXECUTE format('DROP INDEX ${searchSchema}.%I', old);
    END LOOP;
    EXECUTE format(
      'CREATE INDEX IF NOT EXISTS %I ON ${searchSchema}.%I ${indexSql}',
      found.relation || ${literal(`_${index}`)}, found.relation,
      (SELECT element FROM ${schema}.stores WHERE relation = found.relation)
    );
  END LOOP;
END
$migration$;
`;
}

/** `%1$I` is the table's name. */
function tableSql({ dimension, element, language, tenants }: StoreTable): string {
  const tenant = `
      -- Never empty: a session that names no tenant sees no row.
      tenant text NOT NULL CHECK (tenant <> ''),`;
  const isolation = `
    ALTER TABLE ${schema}.%1$I ENABLE ROW LEVEL SECURITY;
    -- The owner is held to it too.
    ALTER TABLE ${schema}.%1$I FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON ${schema}.%1$I FOR SELECT TO ${searchRole}
      USING (tenant = current_setting(${literal(tenantSetting)}, true));
    CREATE POLICY documents ON ${schema}.%1$I TO ${documentsRole} USING (true) WITH CHECK (true);
    -- Who compares restored backups with their source, and who dumps.
    CREATE POLICY backups ON ${schema}.%1$I FOR SELECT TO pg_read_all_data USING (true);
    CREATE INDEX ON ${schema}.%1$I (tenant);`;
  return `
    CREATE TABLE ${schema}.%1$I (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      -- The ingestion that wrote it, the object it read, the document in it ('' where the object is one), and which of
      -- its pieces this is.
      source text NOT NULL,
      object text NOT NULL,
      document text NOT NULL,
      position integer NOT NULL,${tenants ? tenant : ''}
      title text,
      heading text,
      content text NOT NULL,
      content_hash text NOT NULL,
      embedding ${element}(${dimension}) NOT NULL,
      words tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector(${literal(language)}, coalesce(title, '') || ' ' || coalesce(heading, '')), 'A')
          || setweight(to_tsvector(${literal(language)}, content), 'B')
      ) STORED,
      written_at timestamptz NOT NULL DEFAULT now(),
      UNIQUE (source, object, document, position)
    );
    CREATE INDEX ON ${schema}.%1$I (content_hash);
    CREATE INDEX ON ${schema}.%1$I USING gin (words);
    GRANT SELECT ON ${schema}.%1$I TO ${searchRole};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ${schema}.%1$I TO ${documentsRole};${tenants ? isolation : ''}
  `;
}

function columnSql(column: string, type: string): string {
  return `
    SELECT format_type(atttypid, NULL) INTO given FROM pg_attribute
    WHERE attrelid = format('${searchSchema}.%I', found.relation)::regclass AND attname = ${literal(column)} AND NOT attisdropped;
    IF given <> ${literal(type)} THEN
      RAISE EXCEPTION 'column % of ${searchSchema}.% is %, and cannot become %; give the new one another name',
        ${literal(column)}, found.relation, given, ${literal(type)};
    END IF;
    EXECUTE format('ALTER TABLE ${searchSchema}.%I ADD COLUMN IF NOT EXISTS ${identifier(column)} ${type}', found.relation);
    EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON ${searchSchema}.%I (${identifier(column)})', found.relation || ${literal(`_by_${column}`)}, found.relation);`;
}

/** `%3$s` is the type of the vectors. Its name holds what it depends on, so that a change of it is another index. */
function indexOf({ index, metric }: StoreTable): { readonly id: string; readonly sql: string } {
  const operators = `%3$s_${metrics[metric].operators}`;
  if (index.type === 'hnsw') {
    const { m, efConstruction } = index;
    return {
      id: `hnsw_${metric}_${m}_${efConstruction}`,
      sql: `USING hnsw (embedding ${operators}) WITH (m = ${m}, ef_construction = ${efConstruction})`,
    };
  }
  return {
    id: `ivfflat_${metric}_${index.lists}`,
    sql: `USING ivfflat (embedding ${operators}) WITH (lists = ${index.lists})`,
  };
}
