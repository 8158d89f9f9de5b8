import { readFileSync } from 'node:fs';
import { openEmbedder } from '../../documents/embedders';
import type { Manifest } from '../../platform/manifest';
import { openDatabase } from '../../runtime/database';
import { type Answering, answerSearch, type SearchEvent } from '../../vector/ask';
import type { SearchPage } from '../../vector/search';
import { commandLine } from '../command-line';

let opening: Promise<Answering> | undefined;

/**
 * Searches vector stores. Its environment variables: `INGOT_MANIFEST` as the other handlers have it, and `INGOT_DATABASE`
 * (JSON of `{host, port, database, user, auth, region}`).
 *
 * Who may call it says whose documents are searched: the tenant is what the event names.
 */
export async function handler(event: SearchEvent): Promise<SearchPage> {
  opening ??= open(process.env);
  const answering = await opening.catch((error: unknown) => {
    opening = undefined;
    throw error;
  });
  return answerSearch(event, answering);
}

async function open(env: NodeJS.ProcessEnv): Promise<Answering> {
  const { stores = [] } = JSON.parse(
    readFileSync(env.INGOT_MANIFEST ?? '/opt/ingot/manifest.json', 'utf8'),
  ) as Manifest;
  return { stores, postgres: await openDatabase(env, 1), embedder: openEmbedder };
}

void commandLine(module, handler);
