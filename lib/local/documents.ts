import { readFile } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { openEmbedder } from '../documents/embedders';
import { exportDocuments } from '../documents/export';
import { type Ingested, type Ingesting, ingestObject, removeObject } from '../documents/ingest';
import { differenceOf, publishVersion } from '../documents/sync';
import { assertValid, type Problem } from '../errors';
import { findFiles } from '../platform/files';
import type { Manifest } from '../platform/manifest';
import type { LocalDeclaration, SearchDeclaration } from '../platform/schema';
import type { Postgres } from '../runtime/postgres';
import type { Services } from '../runtime/services';
import { qualified } from '../sql/quote';
import { answerSearch } from '../vector/ask';
import { onThisMachine, searchSchema } from '../vector/store';
import { currentVersion, declaredVersion, tableOf } from '../vector/versions';
import { asWriter } from '../vector/write';
import { plural } from './report/format';
import type { DocumentsReport, SearchReport, ShownSearch, StoreReport } from './report/search';

/**
 * Copies the files that `local.documents` names to where their ingestion finds them. A file that is there already with
 * the same content is left alone.
 *
 * @throws InvalidInputError with every pattern that no file is like
 */
export async function landDocuments(folder: string, local: LocalDeclaration, services: Services): Promise<void> {
  const { manifest, objects, zones } = services;
  const problems: Problem[] = [];
  for (const [name, patterns] of Object.entries(local.documents ?? {})) {
    const ingestion = manifest.documents?.find((documents) => documents.name === name);
    if (ingestion === undefined) continue;
    for (const [i, pattern] of patterns.entries()) {
      // The folder that stands before the first `*`: it may lie outside of the platform's.
      const [, above = '', below = ''] = /^((?:[^*/]*\/)*)(.+)$/.exec(pattern) ?? [];
      const root = isAbsolute(above) ? above : join(folder, above);
      const files = await findFiles(root, below);
      if (files.length === 0)
        problems.push({
          where: 'platform.yaml',
          path: `local.documents.${name}[${i}]`,
          message: `must name files that are there; none is like ${pattern}`,
        });
      for (const file of files) {
        const uri = `${zones[ingestion.zone]}/${ingestion.prefix}/${encodeURIComponent(basename(file))}`;
        const body = await readFile(join(root, file));
        const there = await objects.head(uri);
        if (there?.size !== body.length || !(await objects.read(uri)).equals(body)) await objects.write(uri, body);
      }
    }
  }
  assertValid(problems);
}

/** Rows of tables that are documents, written as objects; then every store is brought up to date with its objects. */
export async function ingestDocuments(services: Services, postgres: Postgres): Promise<DocumentsReport[]> {
  const { manifest } = services;
  const reports: DocumentsReport[] = [];
  for (const store of (manifest.stores ?? []).map(onThisMachine)) {
    const all = (manifest.documents ?? []).filter((documents) => documents.store === store.name);
    if (all.length === 0) continue;
    const version = await declaredVersion(store, postgres);
    const embedder = await openEmbedder(store.embedder!, store.dimension);
    let isWhole = true;
    for (const ingestion of all) {
      if (ingestion.query !== undefined) await exportDocuments(ingestion, services);
      const root = services.zones[ingestion.zone]!;
      const { objects } = services;
      const report = await ingestAll({ ingestion, store, version, postgres, objects, embedder, root });
      if (report.failures.length > 0) isWhole = false;
      reports.push(report);
    }
    if (isWhole) await publishVersion({ version }, postgres);
  }
  return reports;
}

async function ingestAll(ingesting: Ingesting): Promise<DocumentsReport> {
  const { ingestion, store, version, postgres } = ingesting;
  const { changed, gone } = await differenceOf(ingesting);
  const done: Ingested[] = [];
  const failures: { object: string; message: string }[] = [];
  for (const { uri } of changed) {
    try {
      done.push(await ingestObject(uri, ingesting));
    } catch (error) {
      failures.push({ object: uri, message: (error as Error).message });
    }
  }
  for (const object of gone) done.push(await removeObject(object, ingesting));
  const rows = await asWriter(postgres, (tx) =>
    tx.query<{ object: string; documents: number; chunks: number; reasons: DocumentsReport['quarantine'] }>(
      `SELECT object, documents, chunks, reasons FROM ${qualified(searchSchema, 'objects')}
       WHERE relation = $1 AND source = $2 ORDER BY object`,
      [version.relation, ingestion.name],
    ),
  );
  const change = changeOf(done);
  return {
    name: ingestion.name,
    store: store.name,
    objects: rows.length,
    documents: rows.reduce((sum, row) => sum + row.documents, 0),
    chunks: rows.reduce((sum, row) => sum + row.chunks, 0),
    ...(change === '' ? {} : { change }),
    quarantine: rows.flatMap(({ object, reasons }) => reasons.map((reason) => ({ ...reason, object }))),
    failures,
  };
}

function changeOf(done: readonly Ingested[]): string {
  const of = (status: Ingested['status']) => done.filter((one) => one.status === status);
  const embedded = done.reduce((sum, one) => sum + one.embedded, 0);
  const parts = [
    ...(of('ingested').length === 0 ? [] : [`${plural(of('ingested').length, 'object')} ingested`]),
    ...(embedded === 0 ? [] : [`${plural(embedded, 'chunk')} embedded`]),
    ...(of('removed').length === 0 ? [] : [`${plural(of('removed').length, 'object')} removed`]),
    ...(of('refused').length === 0 ? [] : [`${plural(of('refused').length, 'object')} refused`]),
  ];
  return parts.join(', ');
}

/** What the stores hold, and what the searches of `local.searches` find. */
export async function gatherSearch(
  manifest: Manifest,
  documents: readonly DocumentsReport[],
  searches: readonly SearchDeclaration[],
  postgres: Postgres,
): Promise<SearchReport> {
  const stores: StoreReport[] = [];
  for (const store of manifest.stores ?? []) {
    const { version, rows } = await asWriter(postgres, async (tx) => {
      const current = await currentVersion(store.name, tx);
      const [row] = await tx.query<{ n: bigint }>(`SELECT count(*) AS n FROM ${tableOf(current)}`);
      return { version: current, rows: Number(row!.n) };
    });
    stores.push({
      name: store.name,
      table: `${searchSchema}.${version.relation}`,
      rows,
      dimension: version.dimension,
      ...(version.embedder === null ? {} : { embedder: version.embedder }),
      ...(store.embedder === undefined ? {} : { deployed: store.embedder }),
    });
  }
  const shown: ShownSearch[] = [];
  for (const search of searches) shown.push(await show(search, manifest, postgres));
  return { stores, documents, searches: shown };
}

async function show(search: SearchDeclaration, manifest: Manifest, postgres: Postgres): Promise<ShownSearch> {
  const stores = (manifest.stores ?? []).map(onThisMachine);
  const page = await answerSearch({ ...search, limit: 3 }, { stores, postgres, embedder: openEmbedder });
  return {
    store: page.store,
    words: search.words,
    mode: page.mode,
    hits: page.hits.map(({ document, title, heading, score, content }) => {
      const under = [...new Set([title ?? '', ...(heading ?? '').split(' › ')])]
        .filter((part) => part !== '')
        .join(' › ');
      return {
        document,
        ...(under === '' ? {} : { heading: under }),
        score,
        text: content.length > 160 ? `${content.slice(0, 159)}…` : content,
      };
    }),
  };
}
