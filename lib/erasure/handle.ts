import { createHash, randomBytes } from 'node:crypto';
import { findTable } from '../platform/lookup';
import { objectRoot } from '../runtime/objects';
import { eraseFiles } from './files';
import { type Erasure, type ErasureLedger, type ErasureRun, Erasures, type PlaceDone } from './ledger';
import { filePlaces, namedIn, type TablePlace, tablePlaces } from './places';
import { type ErasureReport, remainsOf } from './report';
import type { ErasureServices } from './services';
import { subjectColumns, textsOf } from './subjects';
import { eraseTable, rowsLeft } from './table';
import { eraseWaiting } from './waiting';
import { hashOf, Wanted } from './wanted';

/** What the function is asked. Keys of persons stand in a request alone: the state machine's events name runs and tables. */
export type ErasureEvent =
  /** Writes down who is to be erased, for the next run. */
  | { readonly action: 'request'; readonly subject: string; readonly keys: readonly string[] }
  /** Begins a run over all that is to be done; with `replay`, over all that was ever asked for. */
  | { readonly action: 'begin'; readonly replay?: boolean }
  | { readonly action: 'files'; readonly run: string; readonly table: string; readonly after: string }
  | { readonly action: 'table'; readonly run: string; readonly place: string }
  /** Looks whether everybody is gone, writes the report, and ends the run. */
  | { readonly action: 'finish'; readonly run: string }
  /** What was asked for, and the last report. */
  | { readonly action: 'status' };

export interface Requested {
  readonly subject: string;
  /** How many were given. */
  readonly keys: number;
  readonly erasures: readonly string[];
}

export interface Begun {
  readonly run: string;
  /** True where nobody is to be erased. */
  readonly empty: boolean;
  /** Tables whose files are gone through. */
  readonly files: readonly string[];
  /** Iceberg tables. */
  readonly tables: readonly string[];
}

export interface Status {
  readonly erasures: readonly Omit<Erasure, 'hashes'>[];
  readonly last?: ErasureReport;
}

/** Rows of somebody were found after they had been erased: something has written them meanwhile. */
class CameBackError extends Error {
  override readonly name = 'CameBackError';
}

export const erase = (event: ErasureEvent, services: ErasureServices) => {
  switch (event.action) {
    case 'request':
      return request(event.subject, event.keys, services);
    case 'begin':
      return begin(event.replay ?? false, services);
    case 'files':
      return files(event, services);
    case 'table':
      return table(event, services);
    case 'finish':
      return finish(event.run, services);
    case 'status':
      return status(services);
  }
};

/**
 * Writes down who is to be erased. Asked for again, an erasure that is open is the same one; one that was done is open again.
 *
 * @throws InvalidInputError where the subject or a key is not valid; nothing was written down then
 */
export async function request(subject: string, keys: readonly string[], services: ErasureServices): Promise<Requested> {
  const { ledger, manifest, lake, clock } = services;
  const erasures = new Erasures(ledger);
  const texts = await textsOf(subject, keys, manifest, lake);
  const secret = await erasures.secret(() => randomBytes(32).toString('hex'));
  const requestedAt = new Date(clock.now()).toISOString();
  const ids: string[] = [];
  for (const of of texts.values()) {
    const hashes = of.map((text) => hashOf(secret, text)).sort();
    const id = createHash('sha256')
      .update(`${subject} ${hashes.join(' ')}`)
      .digest('hex')
      .slice(0, 32);
    const known = await erasures.request({ id, subject, hashes, requestedAt });
    // It may have come back since, and somebody asks again.
    if (known.completedAt !== undefined) await erasures.put({ id, subject, hashes, requestedAt });
    ids.push(id);
  }
  return { subject, keys: texts.size, erasures: ids };
}

/** Says where a zone stands: an older word of it was restored from a backup. */
interface Mark {
  readonly run: string;
  readonly at: string;
}

const markOf = (zone: string, { zones }: ErasureServices): string => `${objectRoot(zones[zone]!)}/_erased.json`;

/** Zones in which somebody's rows or files may be. */
const zonesOf = ({ manifest }: ErasureServices): string[] => [
  ...new Set(
    manifest.datasets.flatMap((one) =>
      subjectColumns(one).length === 0 ? [] : [one.zone, ...(one.source === undefined ? [] : [one.source.zone])],
    ),
  ),
];

/**
 * Begins a run over every erasure that is open, and over those that were done after what a zone now says of itself: it was
 * restored from a backup.
 */
async function begin(replay: boolean, services: ErasureServices): Promise<Begun> {
  const { ledger, manifest, clock, log } = services;
  const erasures = new Erasures(ledger);
  const all = await erasures.erasures();
  const since = replay ? '' : await restoredTo(all, services);
  const due = all.filter(
    ({ completedAt }) => completedAt === undefined || (since !== undefined && completedAt > since),
  );
  const again = due.filter(({ completedAt }) => completedAt !== undefined).map(({ id }) => id);
  const startedAt = new Date(clock.now()).toISOString();
  const run = `${startedAt.slice(0, 19).replace(/[-:]/g, '')}Z-${randomBytes(3).toString('hex')}`;
  if (due.length === 0) return { run, empty: true, files: [], tables: [] };
  if (again.length > 0 && !replay)
    log.warn('Data was restored: erasures that it brought back are done again', { again: again.length });
  await erasures.begin({ id: run, startedAt, erasures: due.map(({ id }) => id), again });
  const subjects = new Set(due.map(({ subject }) => subject));
  const isNamed = (named: readonly { readonly subject: string }[]) =>
    named.some(({ subject }) => subjects.has(subject));
  return {
    run,
    empty: false,
    files: filePlaces(manifest).filter((id) => isNamed(namedIn(findTable(id, manifest).dataset))),
    tables: tablePlaces(manifest)
      .filter(({ columns, texts }) => isNamed([...columns, ...(texts?.named ?? [])]))
      .map(({ place }) => place),
  };
}

/** The time that the oldest zone is at, where one is older than the ledger; undefined where none is. */
async function restoredTo(all: readonly Erasure[], services: ErasureServices): Promise<string | undefined> {
  const last = all.reduce((latest, { completedAt = '' }) => (completedAt > latest ? completedAt : latest), '');
  if (last === '') return undefined;
  let oldest: string | undefined;
  for (const zone of zonesOf(services)) {
    const uri = markOf(zone, services);
    const there = (await services.objects.head(uri)) !== undefined;
    const at = there ? (JSON.parse((await services.objects.read(uri)).toString()) as Mark).at : '';
    if (at < last && (oldest === undefined || at < oldest)) oldest = at;
  }
  return oldest;
}

/** Everybody who was ever asked for. */
export const everybody = async (ledger: ErasureLedger): Promise<Wanted> =>
  wantedOf({ erasures: (await new Erasures(ledger).erasures()).map(({ id }) => id) }, { ledger });

async function wantedOf(
  run: Pick<ErasureRun, 'erasures'>,
  { ledger }: Pick<ErasureServices, 'ledger'>,
): Promise<Wanted> {
  const erasures = new Erasures(ledger);
  const ids = new Set(run.erasures);
  const secret = await erasures.secret(() => {
    throw new Error('The ledger has erasures and no secret: it was not restored whole');
  });
  return new Wanted(
    secret,
    (await erasures.erasures()).filter(({ id }) => ids.has(id)),
  );
}

async function files(
  { run: id, table: name, after }: Extract<ErasureEvent, { action: 'files' }>,
  services: ErasureServices,
): Promise<{ readonly next: string }> {
  const erasures = new Erasures(services.ledger);
  const wanted = await wantedOf(await erasures.run(id), services);
  const { done, next } = await eraseFiles(name, after, wanted, services);
  await erasures.addPlace(id, done);
  const waiting =
    next === ''
      ? await eraseWaiting(name, namedIn(findTable(name, services.manifest).dataset), wanted, services)
      : undefined;
  if (waiting !== undefined) await erasures.addPlace(id, waiting);
  return { next };
}

async function table(
  { run: id, place }: Extract<ErasureEvent, { action: 'table' }>,
  services: ErasureServices,
): Promise<PlaceDone> {
  const erasures = new Erasures(services.ledger);
  const done = await eraseTable(placeOf(place, services), await wantedOf(await erasures.run(id), services), services);
  await erasures.addPlace(id, done);
  return done;
}

function placeOf(place: string, { manifest }: ErasureServices): TablePlace {
  const places = tablePlaces(manifest);
  const found = places.find((one) => one.place === place);
  if (found === undefined)
    throw new Error(`Nobody is erased from ${place}: there are ${places.map((one) => one.place).join(', ')}`);
  return found;
}

/** Now, but after every erasure that is done, whatever the clock says: by that a zone that was restored is known. */
const laterThan = (all: readonly Erasure[], now: number): string =>
  new Date(
    all.reduce(
      (time, { completedAt }) => Math.max(time, completedAt === undefined ? 0 : Date.parse(completedAt) + 1),
      now,
    ),
  ).toISOString();

/** @throws CameBackError where rows are there again: the erasures stay open, and the next run does what is left */
async function finish(id: string, services: ErasureServices): Promise<ErasureReport> {
  const { manifest, clock, holds, ledger, objects, log } = services;
  const erasures = new Erasures(ledger);
  const run = await erasures.run(id);
  const wanted = await wantedOf(run, services);
  const back: string[] = [];
  for (const place of tablePlaces(manifest)) {
    const rows = await rowsLeft(place, wanted, services);
    if (rows > 0) back.push(`${rows} in ${place.place}`);
  }
  if (back.length > 0)
    throw new CameBackError(
      `Rows of those who are erased were written meanwhile: ${back.join(', ')}; the erasure stays open, run it again`,
    );
  const all = await erasures.erasures();
  const finishedAt = laterThan(all, clock.now());
  const ids = new Set(run.erasures);
  const done = all.filter((one) => ids.has(one.id));
  const told = {
    run: id,
    startedAt: run.startedAt,
    finishedAt,
    erasures: done.map(({ id: erasure, subject, requestedAt }) => ({
      id: erasure,
      subject,
      requestedAt,
      again: run.again.includes(erasure),
    })),
    places: await erasures.places(id),
  };
  const report: ErasureReport = { ...told, remains: remainsOf(manifest, told, holds) };
  await erasures.putReport(id, report);
  for (const one of done) await erasures.put({ ...one, completedAt: finishedAt });
  const mark: Mark = { run: id, at: finishedAt };
  for (const zone of zonesOf(services))
    await objects.write(markOf(zone, services), JSON.stringify(mark), 'application/json');
  log.info('Erased', { run: id, erasures: done.length });
  return report;
}

async function status({ ledger }: ErasureServices): Promise<Status> {
  const erasures = new Erasures(ledger);
  const reports = await erasures.reports<ErasureReport>();
  const last = reports.sort((a, b) => (a.finishedAt < b.finishedAt ? -1 : 1)).at(-1);
  return {
    erasures: (await erasures.erasures()).map(({ hashes: _, ...rest }) => rest),
    ...(last === undefined ? {} : { last }),
  };
}
