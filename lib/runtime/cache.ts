import { homedir } from 'node:os';
import { join } from 'node:path';

/** A folder of this user's cache, for what is fetched or made once: in `$INGOT_CACHE`, or `~/.cache/ingot`. */
export const cacheFolder = (name: string): string =>
  join(process.env.INGOT_CACHE ?? join(homedir(), '.cache', 'ingot'), name);
