import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Postgres } from '../../lib/runtime/postgres';

/** A database with what a platform has: keys, vectors, JSON, partitions, sequences, names that need quotes. */
export async function fill(postgres: Postgres, rows = 2000): Promise<void> {
  await postgres.execute(`
    CREATE EXTENSION IF NOT EXISTS vector;
    CREATE SCHEMA events;
    CREATE TABLE airports (code text PRIMARY KEY, name text NOT NULL, created_at timestamptz NOT NULL);
    CREATE TABLE flights (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, origin text NOT NULL REFERENCES airports, delay numeric(8, 2),
      details jsonb, embedding vector(3), updated_at timestamptz NOT NULL);
    CREATE INDEX flights_origin ON flights (origin);
    CREATE TABLE events.log (stream text, version int, body jsonb, recorded_at timestamptz NOT NULL, PRIMARY KEY (stream, version));
    CREATE TABLE readings (at timestamptz NOT NULL, value double precision) PARTITION BY RANGE (at);
    CREATE TABLE readings_2026 PARTITION OF readings FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE TABLE "Odd ""Names""" ("a column" text, bytes bytea);
    CREATE TABLE empty (id int PRIMARY KEY);
    INSERT INTO airports SELECT 'A' || g, 'Airport ' || g, '2026-01-01'::timestamptz + g * interval '1 day' FROM generate_series(1, 50) AS g;
    INSERT INTO flights (origin, delay, details, embedding, updated_at)
      SELECT 'A' || (g % 50 + 1), g / 7.0, jsonb_build_object('gate', g % 12), ARRAY[g, g % 3, 0.1 * g]::vector, '2026-02-01'::timestamptz + g * interval '1 minute'
      FROM generate_series(1, ${rows}) AS g;
    INSERT INTO events.log SELECT 's' || (g % 20), g, '{"kind": "moved"}', '2026-03-01'::timestamptz + g * interval '1 second' FROM generate_series(1, ${rows}) AS g;
    INSERT INTO readings SELECT '2026-04-01'::timestamptz + g * interval '1 hour', sin(g) FROM generate_series(1, 200) AS g;
    INSERT INTO "Odd ""Names""" VALUES ('O''Hare', '\\x00ff'), (NULL, NULL), ('O''Hare', '\\x00ff');`);
}

/** Makes a dump's manifest true again: as if the damage had been done before anybody took the hash. */
export async function seal(folder: string): Promise<void> {
  const path = join(folder, 'manifest.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as { files: Record<string, unknown> };
  for (const name of Object.keys(manifest.files)) {
    const body = await readFile(join(folder, name));
    manifest.files[name] = { bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') };
  }
  await writeFile(path, JSON.stringify(manifest));
}
