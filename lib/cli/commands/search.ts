import { existsSync } from 'node:fs';
import { CannotError } from '../../errors';
import { layoutOf } from '../../local/layout';
import { acquireLock } from '../../local/lock';
import { loadPlatform } from '../../platform/load';
import type { FilterValue } from '../../vector/filter';
import type { SearchMode, SearchPage } from '../../vector/search';
import { onThisMachine } from '../../vector/store';
import { invalidArgument } from '../failure';
import { type Io, printable } from '../io';
import type { AddCommand } from '../main';
import { place } from '../place';
import { platformFolder } from '../platform-folder';
import { textTable } from '../text-table';

interface Options {
  readonly platform?: string;
  readonly store?: string;
  readonly mode?: string;
  readonly filter?: readonly string[];
  readonly tenant?: string;
  readonly limit: string;
  readonly cursor?: string;
  readonly json?: true;
}

const modes = ['vector', 'text', 'hybrid'] as const;

export const addSearch: AddCommand = (add, io) => {
  add('search <words>', 'search the documents of a vector store on this machine, by meaning and by words')
    .option('--platform <dir>', 'folder of the platform', '.')
    .option('--store <name>', 'the store; by default the only one')
    .option('--mode <mode>', `${modes.join(', ')}; by default hybrid: both, fused by their ranks`)
    .option('--filter <name=value...>', 'only where a metadata column, source, object or document has this value')
    .option('--tenant <name>', 'in a store of tenants: whose documents')
    .option('--limit <n>', 'hits, 1 to 100', '10')
    .option('--cursor <text>', 'go on where the page with this "next" ended')
    .addHelpText(
      'after',
      `
Words are as in a web search: "an exact phrase", or, -without.

Examples:
  ingot search "rows that fail a rule" --platform examples/aviation
  ingot search "Alaska -cargo" --mode text --filter source=airports --json`,
    )
    .action(async (words: string, options: Options) => {
      const limit = Number(options.limit);
      const mode = options.mode === undefined ? undefined : modeOf(options.mode);
      const filter = filterOf(options.filter ?? []);
      const folder = await platformFolder(options.platform);
      const { manifest } = await loadPlatform(folder);
      const layout = layoutOf(folder);
      if (manifest.stores === undefined)
        throw new CannotError(`${manifest.name} has no vector store; platform.yaml declares them under stores`);
      if (!existsSync(layout.database))
        throw new CannotError(`${manifest.name} has no documents yet on this machine: ingot run ${place(folder)}`);
      // PGlite lets one process in at a time.
      const lock = await acquireLock(layout.lock);
      try {
        const { openStores } = require('../../local/database') as typeof import('../../local/database');
        const { answerSearch } = require('../../vector/ask') as typeof import('../../vector/ask');
        const { openEmbedder } = require('../../documents/embedders') as typeof import('../../documents/embedders');
        const { jsonLog } = require('../../runtime/log') as typeof import('../../runtime/log');
        const postgres = await openStores(
          manifest,
          layout,
          jsonLog(() => {}),
        );
        try {
          const { store, tenant, cursor } = options;
          const page = await answerSearch(
            { words, store, mode, filter, tenant, limit, cursor },
            { stores: manifest.stores.map(onThisMachine), postgres, embedder: openEmbedder },
          );
          if (options.json) io.out.write(`${JSON.stringify(page)}\n`);
          else print(page, io);
        } finally {
          await postgres.close();
        }
      } finally {
        await lock.release();
      }
    });
};

function modeOf(given: string): SearchMode {
  const mode = modes.find((one) => one === given);
  if (mode === undefined)
    throw invalidArgument('--mode', `must be one of ${modes.join(', ')}; given ${JSON.stringify(given)}`);
  return mode;
}

function filterOf(given: readonly string[]): Record<string, FilterValue> {
  const filter: Record<string, FilterValue> = {};
  for (const one of given) {
    const at = one.indexOf('=');
    if (at < 1) throw invalidArgument('--filter', `must be name=value; given ${JSON.stringify(one)}`);
    const [name, value] = [one.slice(0, at), one.slice(at + 1)];
    const before = filter[name];
    // The same name twice: either value.
    filter[name] = before === undefined ? value : [...[before as string | string[]].flat(), value];
  }
  return filter;
}

function print({ hits, next, mode, exact }: SearchPage, { out, err }: Io): void {
  if (hits.length === 0) {
    err.write('Nothing was found\n');
    return;
  }
  const rows = hits.map(({ score, document, title, heading, content }) => [
    score.toFixed(3),
    printable(document),
    printable(heading ?? title ?? ''),
    printable(content.replace(/\s+/g, ' ').slice(0, 80)),
  ]);
  const columns = [
    { title: 'score', align: 'right' as const },
    { title: 'document' },
    { title: 'under' },
    { title: 'text' },
  ];
  out.write(textTable(columns, rows, out.colors.bold));
  if (mode !== 'text' && !exact) err.write(out.colors.dim('found through an index of vectors: near, not exact\n'));
  if (next !== undefined) err.write(`more: --cursor ${next}\n`);
}
