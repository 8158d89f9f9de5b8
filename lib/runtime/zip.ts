import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Zippable, zipSync } from 'fflate';

/**
 * A zip whose bytes depend on nothing but names and contents: entries sorted, one fixed time for all.
 *
 * @param level how hard to pack, 0 to 9
 * @param programs names of entries that can be run
 */
export function zipBytes(
  entries: Readonly<Record<string, Uint8Array>>,
  level: 0 | 6 | 9 = 9,
  programs: readonly string[] = [],
): Uint8Array {
  const sorted: Zippable = {};
  for (const name of Object.keys(entries).sort()) {
    // Readable by all, as Lambda demands of what it runs as another user: -rw-r--r-- in the upper half of Unix's attributes.
    sorted[name] = [entries[name]!, { attrs: (programs.includes(name) ? 0o100755 : 0o100644) << 16 }];
  }
  // The earliest time that a zip can hold. fflate reads it in local time, so it is given in local time.
  return zipSync(sorted, { mtime: new Date(1980, 0, 1), level, os: 3 });
}

/** Every file below a folder, by its path in there, with slashes. */
export function filesBelow(folder: string): Record<string, Uint8Array> {
  const entries: Record<string, Uint8Array> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    entries[path.slice(folder.length + 1).replaceAll('\\', '/')] = readFileSync(path);
  }
  return entries;
}
