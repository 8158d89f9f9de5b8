import { text } from 'node:stream/consumers';
import { migrate } from '../../lib/migrations/migrate';
import { openNodePostgres } from '../../lib/runtime/node-postgres';
import { migrationsOf, quiet } from './files';

/** Applies the files that come on standard input to the database of the URL. */
async function main(): Promise<void> {
  const files = JSON.parse(await text(process.stdin)) as Record<string, string>;
  await migrate(await migrationsOf(files), await openNodePostgres({ url: process.argv[2]! }), { log: quiet });
}

void main();
