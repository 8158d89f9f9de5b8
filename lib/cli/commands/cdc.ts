import type { CdcSource } from '../../cdc/declaration';
import type { FollowEvent } from '../../cdc/follow/follow';
import { CannotError, givenAllowed } from '../../errors';
import { layoutOf } from '../../local/layout';
import { acquireLock } from '../../local/lock';
import { loadPlatform } from '../../platform/load';
import type { Manifest } from '../../platform/manifest';
import type { LocalServices } from '../../runtime/local';
import { exitCode, invalidArgument } from '../failure';
import { type Io, printable } from '../io';
import type { AddCommand } from '../main';
import { platformFolder } from '../platform-folder';

interface Options {
  readonly source?: string;
  readonly name?: string;
  readonly resnapshot?: true;
  readonly release?: string;
  readonly reconcile?: true;
  readonly json?: true;
}

export const addCdc: AddCommand = (add, io, end) => {
  add('cdc [dir]', 'follow a PostgreSQL database into the tables of a platform on this machine')
    .option('--source <url>', 'the database, postgres://role@host:5432/database; a password may be in PGPASSWORD')
    .option('--name <source>', 'which source of cdc in platform.yaml it is; by default the only one')
    .option('--resnapshot', 'read all tables anew, for example where the replication slot was dropped')
    .option('--release <table>', 'instead: apply what was kept while a table was paused, and let it go on')
    .option('--reconcile', 'instead: compare the tables with the database, by counts, checksums and rows')
    .addHelpText(
      'after',
      `
Which tables, with which columns and keys, the contracts say. The first time it reads them as one snapshot has them, then
every change since; started again, it goes on where the lake stands, whatever ended it. Ctrl-C ends it cleanly.
The database needs wal_level = logical, and a role that may replicate.

Examples:
  ingot cdc shop --source postgres://replicator@127.0.0.1:5432/shop
  ingot cdc shop --source postgres://replicator@127.0.0.1:5432/shop --reconcile
  ingot cdc shop --release silver.orders`,
    )
    .action(async (dir: string | undefined, options: Options) => {
      const folder = await platformFolder(dir);
      const { manifest } = await loadPlatform(folder);
      if ((options.source === undefined) === (options.release === undefined))
        throw invalidArgument('--source', 'must be given, or else --release; one of the two');
      const source = options.release === undefined ? sourceOf(options.name, manifest) : undefined;
      const url = options.source === undefined ? '' : readUrl(options.source);
      const layout = layoutOf(folder);
      const { openWorkbench } = require('../../local/workbench') as typeof import('../../local/workbench');
      const { makeTables } = require('../../tables/make') as typeof import('../../tables/make');
      const workbench = await openWorkbench(manifest, layout);
      try {
        const lock = await acquireLock(layout.lock);
        await makeTables(workbench.services).finally(() => lock.release());
        if (source === undefined) {
          const { releaseTable } = require('../../cdc/release') as typeof import('../../cdc/release');
          const released = await releaseTable(options.release!, workbench.services);
          if (options.json) io.out.write(`${JSON.stringify(released)}\n`);
          else
            io.out.write(
              `${released.table}: ${released.records} kept records applied, ${released.rejected} in quarantine\n`,
            );
          return;
        }
        if (options.reconcile) {
          end((await compare(url, source, workbench.services, options, io)) ? exitCode.ok : exitCode.failed);
          return;
        }
        const { follow } = require('../../cdc/follow/follow') as typeof import('../../cdc/follow/follow');
        const { signal, done } = untilInterrupted();
        try {
          const { services } = workbench;
          const { resnapshot } = options;
          const onEvent = (event: FollowEvent) => show(event, options, io);
          await follow({ url, source, services, signal, resnapshot, onEvent, between: upkeepOf(services, onEvent) });
          if (!options.json) io.err.write('Ended: everything that came in is in the lake\n');
        } finally {
          done();
        }
      } finally {
        await workbench.close();
      }
    });
};

/** How often tables are looked after while changes come, in milliseconds. */
const upkeepEvery = 60_000;

/** Upkeep of tables, now and then: whoever follows for days writes many files. One that fails holds up no change. */
function upkeepOf(services: LocalServices, onEvent: (event: FollowEvent) => void): () => Promise<void> {
  const { upkeepDue } = require('../../local/upkeep') as typeof import('../../local/upkeep');
  let last = Date.now();
  return async () => {
    if (Date.now() - last < upkeepEvery) return;
    last = Date.now();
    try {
      for (const text of (await (await upkeepDue(services))?.run()) ?? []) onEvent({ kind: 'note', text });
    } catch (error) {
      onEvent({ kind: 'note', text: `Upkeep of tables failed: ${(error as Error).message}` });
    }
  };
}

/** Whether the lake has what the database has. */
async function compare(
  url: string,
  source: CdcSource,
  services: LocalServices,
  { json }: Options,
  { out }: Io,
): Promise<boolean> {
  const { reconcile } = require('../../cdc/reconcile') as typeof import('../../cdc/reconcile');
  const { openNodePostgres } = require('../../runtime/node-postgres') as typeof import('../../runtime/node-postgres');
  const postgres = await openNodePostgres({ url });
  try {
    const results = await reconcile({ source, postgres, services, settle: 5_000 });
    if (json) out.write(`${JSON.stringify(results)}\n`);
    else
      for (const { table, rows, drift, keys } of results) {
        const more = drift > keys.length ? ', …' : '';
        const what =
          drift === 0 ? 'no row differs' : out.colors.red(`${drift} differ: ${printable(keys.join(', '))}${more}`);
        out.write(`${table}: ${rows} rows, ${what}\n`);
      }
    return results.every(({ drift }) => drift === 0);
  } finally {
    await postgres.close();
  }
}

function sourceOf(name: string | undefined, { cdc = [], name: platform }: Manifest): CdcSource {
  const names = cdc.map((source) => source.name);
  if (cdc.length === 0)
    throw new CannotError(`Platform ${platform} has no cdc in platform.yaml: nothing says which tables to follow`);
  const found = name === undefined && cdc.length === 1 ? cdc[0] : cdc.find((source) => source.name === name);
  if (found === undefined) throw invalidArgument('--name', `must be a source of changes; ${givenAllowed(name, names)}`);
  return found;
}

function readUrl(text: string): string {
  if (URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol)) return text;
  // It may hold a password.
  throw invalidArgument('--source', 'must be a URL such as postgres://role@host:5432/database');
}

/** A signal that Ctrl-C, or who ends this process kindly, sets off; a second one ends it at once. */
function untilInterrupted(): { readonly signal: AbortSignal; done(): void } {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, interrupt);
  return {
    signal: controller.signal,
    done() {
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, interrupt);
    },
  };
}

function show(event: FollowEvent, { json }: Options, { out, err }: Io): void {
  if (json) {
    const line = event.kind === 'applied' ? { ...event, received: { ...event.received, failed: undefined } } : event;
    out.write(`${JSON.stringify(line)}\n`);
    return;
  }
  switch (event.kind) {
    case 'note':
      err.write(`${printable(event.text)}\n`);
      return;
    case 'snapshot':
      if (event.done) err.write(`${event.table}: ${event.rows} rows of the snapshot\n`);
      return;
    case 'following':
      err.write(`Following ${event.slot}; Ctrl-C ends it\n`);
      return;
    case 'again':
      err.write(`Tried again: ${printable(event.reason)}\n`);
      return;
    case 'applied':
      for (const { table, status, changes, rejected } of event.received.tables) {
        const more = rejected === 0 ? '' : `, ${rejected} in quarantine`;
        const what =
          status === 'parked'
            ? err.colors.red(`${changes} changes kept: the table is paused`)
            : `${changes} changes${more}`;
        err.write(`${event.lsn} ${table}: ${what}\n`);
      }
  }
}
