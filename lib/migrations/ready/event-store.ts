import { literal } from '../../sql/quote';
import type { Recipe } from './ready-made';
import { beside, body } from './sql';

export interface EventStore {
  readonly name: string;
}

/**
 * Events in streams, which are only ever appended: `<name>_events`, `<name>_append` with the version that the writer
 * expects, `<name>_stream` to read one stream and `<name>_replay` to read all in the order in which they were committed.
 *
 * Who appends waits for whoever is appending to the same store: only so no position becomes visible after a higher one,
 * and no reader ever misses an event.
 */
export const eventStore: Recipe<EventStore> = {
  steps: [
    ({ name }) => {
      const events = beside(name, '_events');
      const append = beside(name, '_append');
      return [
        `CREATE TABLE ${events} (
  "position" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "stream" text NOT NULL,
  "version" integer NOT NULL CHECK ("version" > 0),
  "type" text NOT NULL,
  "data" jsonb NOT NULL,
  "metadata" jsonb NOT NULL DEFAULT '{}',
  "recorded_at" timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE ("stream", "version")
)`,
        `CREATE OR REPLACE FUNCTION ingot.append_only() RETURNS trigger LANGUAGE plpgsql AS ${body(`
BEGIN
  RAISE EXCEPTION 'Events are only appended; % of %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END`)}`,
        `CREATE TRIGGER "append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON ${events}
FOR EACH STATEMENT EXECUTE FUNCTION ingot.append_only()`,
        `CREATE FUNCTION ${append}("stream" text, "expected" integer, "events" jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS ${body(`
DECLARE
  _version integer;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(${literal(`ingot.event_store.${name}`)}, 0));
  SELECT coalesce(max(e."version"), 0) INTO _version FROM ${events} e WHERE e."stream" = $1;
  IF $2 IS NOT NULL AND $2 <> _version THEN
    RAISE EXCEPTION 'Stream % is at version %; given the expected version %', $1, _version, $2
      USING ERRCODE = 'serialization_failure', HINT = 'Read the stream again, decide again, append again.';
  END IF;
  INSERT INTO ${events} ("stream", "version", "type", "data", "metadata")
  SELECT $1, _version + n, one ->> 'type', coalesce(one -> 'data', '{}'), coalesce(one -> 'metadata', '{}')
  FROM jsonb_array_elements($3) WITH ORDINALITY AS t (one, n) ORDER BY n;
  RETURN _version + jsonb_array_length($3);
END`)}`,
        `COMMENT ON FUNCTION ${append} IS 'Appends [{type, data, metadata}] to a stream that is at the expected version (NULL: at any); gives its new version'`,
        `CREATE FUNCTION ${beside(name, '_stream')}("stream" text, "after" integer DEFAULT 0) RETURNS SETOF ${events}
LANGUAGE sql STABLE AS ${body(`SELECT * FROM ${events} e WHERE e."stream" = $1 AND e."version" > $2 ORDER BY e."version"`)}`,
        `CREATE FUNCTION ${beside(name, '_replay')}("after" bigint DEFAULT 0, "count" integer DEFAULT 1000) RETURNS SETOF ${events}
LANGUAGE sql STABLE AS ${body(`SELECT * FROM ${events} e WHERE e."position" > $1 ORDER BY e."position" LIMIT $2`)}`,
        `REVOKE ALL ON FUNCTION ${append} FROM PUBLIC`,
      ];
    },
  ],
  change: () => 'an event store has nothing but its name',
};
