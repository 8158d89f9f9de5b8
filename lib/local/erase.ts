import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { resolve } from '../../constructs/core/text';
import { eraseMachine } from '../../constructs/erasure/state-machine';
import { type ErasureEvent, erase, everybody } from '../erasure/handle';
import { mentionIn, type Named } from '../erasure/mentions';
import { namedIn } from '../erasure/places';
import type { ErasureReport } from '../erasure/report';
import type { ErasureServices } from '../erasure/services';
import type { Wanted } from '../erasure/wanted';
import { findTable } from '../platform/lookup';
import type { LocalServices } from '../runtime/local';
import { localObjects } from '../runtime/objects';
import { RestCatalog } from '../tables/client';
import { localTableFiles } from '../tables/files';
import { folderErasureLedger } from './erasure-ledger';
import type { Layout } from './layout';
import { folderParkedKeys } from './parked-keys';
import type { Asl } from './states/asl';
import { execute } from './states/execute';

/** Milliseconds after which a file that no snapshot names is of a commit that failed: no commit here takes as long. */
const orphanAge = 300_000;

/** What erasures need, on this machine. The ledger is the folder `.ingot/erasures`, beside the lake. */
export async function localErasureServices(
  services: LocalServices,
  layout: Layout,
  options: Partial<Pick<ErasureServices, 'orphanAge'>> = {},
): Promise<ErasureServices> {
  return {
    ...services,
    objects: localObjects,
    ledger: folderErasureLedger(join(layout.root, 'erasures')),
    tables: await RestCatalog.connect(services.catalog),
    tableFiles: localTableFiles,
    orphanAge,
    scratch: layout.temporary,
    patience: Number.POSITIVE_INFINITY,
    holds: {},
    ...options,
  };
}

/**
 * Executes the state machine of erasures, the one that is deployed, and takes what only this machine keeps: records of streams
 * that were delivered, and the report of the last run, which shows refused rows. Undefined where nobody is to be erased.
 *
 * @throws Error where it failed; running it again does what is left
 */
export async function runErasures(
  services: ErasureServices,
  layout: Layout,
  options: { readonly replay?: boolean } = {},
): Promise<ErasureReport | undefined> {
  await eraseStreams(await everybodyOf(services), services, layout);
  const asl = resolve(eraseMachine(services.manifest.name, 'erase'), () => 'aws') as unknown as Asl;
  const end = await execute(
    asl,
    { machine: `${services.manifest.name}-erase`, name: 'local', input: { replay: options.replay ?? false } },
    {
      task: async ({ input }) => {
        const { Payload } = input as { readonly Payload: ErasureEvent };
        return { Payload: JSON.parse(JSON.stringify(await erase(Payload, services))) as unknown };
      },
    },
  );
  if (end.status !== 'SUCCEEDED') throw Object.assign(new Error(end.cause), { name: end.error });
  const { report } = end.output as { readonly report?: ErasureReport };
  if (report === undefined) return undefined;
  for (const file of [layout.report, layout.reportData]) await rm(file, { force: true });
  return report;
}

async function everybodyOf({ ledger }: ErasureServices): Promise<Wanted | undefined> {
  return (await ledger.list('erasure')).size === 0 ? undefined : everybody(ledger);
}

/** Streams on this machine keep what was put, for ever. How far they were delivered is told by numbers, which stay. */
async function eraseStreams(wanted: Wanted | undefined, { manifest }: ErasureServices, layout: Layout): Promise<void> {
  if (wanted === undefined) return;
  for (const stream of manifest.streams ?? []) {
    const named = namedIn(findTable(stream.table, manifest).dataset);
    if (named.length === 0) continue;
    const folder = join(layout.streams, stream.name);
    await goOn(stream.name, named, wanted, layout);
    const shards = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.jsonl'));
    for (const shard of shards) {
      const file = join(folder, shard);
      const lines = (await readFile(file, 'utf8')).split(/(?<=\n)/);
      const kept = lines.filter((line) => {
        const { data } = JSON.parse(line) as { readonly data: string };
        return mentionIn(data, named, wanted) === undefined;
      });
      if (kept.length === lines.length) continue;
      await writeFile(`${file}.new`, kept.join(''));
      await rename(`${file}.new`, file);
    }
  }
}

/** A key that has stopped may name a person, and so may why it did. */
async function goOn(stream: string, named: readonly Named[], wanted: Wanted, layout: Layout): Promise<void> {
  const parked = folderParkedKeys(layout.streams);
  for (const seen of await parked.list(stream)) {
    const isWanted = named.some(({ subject }) => wanted.isOne(seen.key, subject));
    if (isWanted || mentionIn(seen.reason, named, wanted) !== undefined) await parked.remove(stream, seen);
  }
}
