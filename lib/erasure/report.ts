import { resolveBackup } from '../backup/declaration';
import { tableId } from '../platform/lookup';
import type { Manifest } from '../platform/manifest';
import type { PlaceDone } from './ledger';
import type { Holds } from './services';
import { subjectColumns } from './subjects';

/** What an erasure did, and what still holds those who were erased, and until when. */
export interface ErasureReport {
  readonly run: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly erasures: readonly {
    readonly id: string;
    readonly subject: string;
    readonly requestedAt: string;
    /** Whether it had been done before, and was done again, as after a restore. */
    readonly again: boolean;
  }[];
  readonly places: readonly PlaceDone[];
  readonly remains: readonly Remains[];
}

/** Something that still holds, or may bring back, what was erased. */
export interface Remains {
  readonly what: string;
  /** ISO 8601, UTC: when it is gone by itself. Absent: it stays until somebody acts. */
  readonly until?: string;
  readonly why: string;
}

/** What somebody else must do, or time does. */
export function remainsOf(
  manifest: Manifest,
  { places, finishedAt }: Pick<ErasureReport, 'places' | 'finishedAt'>,
  holds: Holds,
): Remains[] {
  const after = (days: number) => new Date(Date.parse(finishedAt) + days * 86_400_000).toISOString();
  const touched = places.filter(({ rows, files, snapshots }) => rows + files + snapshots > 0);
  const zones = [...new Set(touched.map(({ place }) => place.split(/[./]/)[0]!))].map((zone) =>
    zone === 'ops' ? manifest.ops.zone : zone,
  );
  const remains: Remains[] = [];
  if (holds.versionDays !== undefined)
    for (const zone of new Set(zones))
      remains.push({
        what: `object versions of ${zone}`,
        until: after(holds.versionDays),
        why: 'a versioned bucket keeps an object that was deleted or replaced as an old version',
      });
  for (const zone of new Set(zones.filter((one) => holds.replicas?.includes(one) === true)))
    remains.push({
      what: `replica of ${zone}`,
      why: 'copies of new objects arrive there by themselves, and old versions and deleted files stay as that bucket says',
    });
  if (holds.queryResultDays !== undefined)
    remains.push({
      what: "results of Athena's queries",
      until: after(holds.queryResultDays),
      why: 'a result may hold any row that was asked for',
    });
  remains.push(...backups(manifest, after));
  for (const { place, named } of places)
    for (const name of named)
      remains.push({
        what: `branch or tag ${name} of ${place}`,
        why: 'what it names does not expire; who made it must drop it',
      });
  if (holds.versionDays !== undefined)
    for (const { name, table, onInvalid } of manifest.streams ?? [])
      if (onInvalid === 'park' && covered(manifest).has(table))
        remains.push({
          what: `keys of stream ${name} that have stopped`,
          why: 'they may be names of persons: release them, or skip their records',
        });
  if (holds.versionDays !== undefined) remains.push(...deadLetters(manifest));
  return [...remains, ...elsewhere(manifest)];
}

function backups({ backup, database }: Manifest, after: (days: number) => string): Remains[] {
  if (backup === undefined) return [];
  const { tiers, lock, copies, dump } = resolveBackup(backup);
  const locked =
    lock === false
      ? 'may be deleted by hand before'
      : lock === 'governance'
        ? 'locked: governance'
        : 'locked: compliance';
  return [
    ...tiers
      .filter(({ covers }) => covers.includes('lake') || database !== undefined)
      .map(({ name, keepDays, covers }) => ({
        what: `backups of tier ${name} (${covers.filter((one) => one === 'lake' || database !== undefined).join(', ')})`,
        until: after(keepDays),
        why: `recovery points of before the erasure are kept ${keepDays} days; ${locked}`,
      })),
    ...copies.map(({ vaultArn, keepDays }) => ({
      what: `copies of backups in ${vaultArn}`,
      until: after(keepDays),
      why: `recovery points of before the erasure are kept ${keepDays} days`,
    })),
    ...(dump === false || database === undefined
      ? []
      : [{ what: 'dumps of the database', until: after(dump.keepDays), why: `dumps are kept ${dump.keepDays} days` }]),
  ];
}

/** What could not be consumed is kept as it came, for as long as the stream or the source says in its props. */
function deadLetters(manifest: Manifest): Remains[] {
  const named = covered(manifest);
  const why = 'they keep records that could not be applied, as they came, until they expire';
  return [
    ...(manifest.streams ?? [])
      .filter(({ table }) => named.has(table))
      .map(({ name }) => ({ what: `dead letters of stream ${name}`, why })),
    ...(manifest.cdc ?? [])
      .filter(({ tables }) => tables.some(({ table }) => named.has(table)))
      .map(({ name }) => ({ what: `stream and dead letters of changes of ${name}`, why })),
  ];
}

/** Tables that have a column that says whom a row is of. */
const covered = ({ datasets }: Manifest): ReadonlySet<string> =>
  new Set(datasets.filter((one) => subjectColumns(one).length > 0).map(tableId));

/** What is not the lake's, or has no column that says whom a row is of. */
function elsewhere(manifest: Manifest): Remains[] {
  const { datasets, models, streams = [], stores = [], documents = [], cdc = [] } = manifest;
  const named = covered(manifest);
  const fed = new Set(cdc.flatMap(({ tables }) => tables.map(({ table }) => table)));
  return [
    ...datasets.flatMap((dataset) => {
      const { postgres } = dataset;
      if (postgres === undefined || !named.has(tableId(dataset))) return [];
      const { server, schema, table } = postgres;
      const why = fed.has(tableId(dataset))
        ? `${tableId(dataset)} is a copy of it: erase it there first, or its next change brings it back`
        : `${tableId(dataset)} has the same contract, and the database is not the lake's`;
      return [{ what: `table ${schema}.${table} of server ${server}`, why }];
    }),
    ...streams
      .filter(({ table }) => named.has(table))
      .map(({ name }) => ({ what: `stream ${name}`, why: 'its records stay in it for as long as it retains them' })),
    ...streams.flatMap(({ name, table, windows }) =>
      named.has(table)
        ? windows.flatMap(({ into }) =>
            into.kind === 'postgres'
              ? [{ what: `table ${into.table} of the database`, why: `windows of stream ${name} are written there` }]
              : [],
          )
        : [],
    ),
    ...models.flatMap(({ name, writes, reads }) => {
      if (writes === undefined || named.has(writes) || !reads.some((table) => named.has(table))) return [];
      const kind = datasets.find((one) => tableId(one) === writes)?.materialization?.kind;
      const why =
        kind === undefined || kind === 'full'
          ? `model ${name} makes it anew from what was erased from with its next run; snapshots of before expire with their retention`
          : `model ${name} (${kind}) changes parts of it alone, and no column names the subject: say subject in its contract, or keep persons out of it`;
      return [{ what: `table ${writes}`, why }];
    }),
    ...stores.map(({ name }) => ({
      what: `vector store ${name}`,
      why:
        documents.length === 0
          ? 'who writes its rows must take them out'
          : 'its rows are parts of documents: remove the document from its zone, and they go with it',
    })),
  ];
}

/** The report as lines of text. */
export function reportText(report: ErasureReport): string[] {
  const lines = [
    `Erasure ${report.run}: ${report.erasures.length} ${report.erasures.length === 1 ? 'request' : 'requests'}, ${report.startedAt} to ${report.finishedAt}`,
  ];
  const again = report.erasures.filter((one) => one.again).length;
  if (again > 0) lines.push(`  ${again} of them had been done before, and were done again`);
  for (const { place, kind, rows, unreadable, files, snapshots } of report.places) {
    const unread = unreadable === 0 ? '' : ` (${unreadable} unreadable, found by a word)`;
    lines.push(
      `  ${place} (${kind}): ${rows} ${kind === 'files' ? 'records' : 'rows'} removed${unread}, ${files} files written anew, ${snapshots} snapshots expired`,
    );
  }
  if (report.remains.length > 0) lines.push('Still holds it, or may bring it back:');
  for (const { what, until, why } of report.remains)
    lines.push(`  ${what}${until === undefined ? '' : ` until ${until.slice(0, 10)}`}: ${why}`);
  return lines;
}
