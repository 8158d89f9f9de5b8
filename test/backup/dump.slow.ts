import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { DamagedDumpError, openDump } from '../../lib/backup/dump-folder';
import { formatFingerprint, parseFingerprint } from '../../lib/backup/fingerprint';
import { dumpPglite, restorePglite } from '../../lib/backup/pglite-dump';
import { openPglite } from '../../lib/runtime/pglite';
import { fill, seal } from './database';

let folder: string;
let dump: string;
const copies: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-dump-'));
  dump = join(folder, 'dump');
  const database = join(folder, 'database');
  const postgres = await openPglite({ folder: database });
  await fill(postgres);
  await postgres.close();
  await dumpPglite(database, dump);
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(async () => {
  for (const copy of copies.splice(0)) await rm(copy, { recursive: true, force: true });
});

async function copyOfDump(): Promise<string> {
  const copy = await mkdtemp(join(folder, 'copy-'));
  copies.push(copy);
  await cp(dump, copy, { recursive: true });
  return copy;
}

test('what was dumped is restored into an empty folder and is the same to the last row', async () => {
  const target = join(folder, 'restored');
  const validation = await restorePglite(target, dump);
  expect(validation).toEqual({ passed: true, findings: [], rows: 4253, rowsCompared: 4253, tables: 7 });
  const postgres = await openPglite({ folder: target });
  expect(await postgres.query('SELECT count(*)::int AS rows FROM flights')).toEqual([{ rows: 2000 }]);
  await postgres.close();
  await expect(restorePglite(target, dump)).rejects.toThrow('must be empty or not there; it holds files');
});

test('a dump that is cut off anywhere is told before anything is written', async () => {
  const copy = await copyOfDump();
  const file = join(copy, 'database.dump');
  const whole = await readFile(file);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 1 }), async (length) => {
      await truncate(file, length);
      const target = join(copy, 'never');
      await expect(restorePglite(target, copy)).rejects.toThrow(
        new DamagedDumpError(`database.dump of the dump has ${length} bytes where ${whole.length} were written`),
      );
      expect(await readdir(copy)).not.toContain('never');
      await writeFile(file, whole);
    }),
    { numRuns: 20 },
  );
});

test('a changed byte anywhere is told, in any file', async () => {
  const copy = await copyOfDump();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('database.dump', 'fingerprint.jsonl'),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.integer({ min: 1, max: 255 }),
      async (name, where, change) => {
        const file = join(copy, name);
        const whole = await readFile(file);
        const damaged = Buffer.from(whole);
        const at = Math.floor(where * whole.length);
        damaged[at] = damaged[at]! ^ change;
        await writeFile(file, damaged);
        await expect(openDump(copy)).rejects.toThrow(`${name} of the dump has been changed since it was written`);
        await writeFile(file, whole);
      },
    ),
    { numRuns: 20 },
  );
});

test('a dump that never ended, lost a file, or is none, says so', async () => {
  const copy = await copyOfDump();
  await rm(join(copy, 'fingerprint.jsonl'));
  await expect(openDump(copy)).rejects.toThrow('fingerprint.jsonl of the dump is missing');
  for (const manifest of ['', '{', '{"version":2}', '{"version":1,"format":"pglite","files":{}}']) {
    await writeFile(join(copy, 'manifest.json'), manifest);
    await expect(openDump(copy)).rejects.toThrow('manifest.json of the dump is none of version 1');
  }
  await rm(join(copy, 'manifest.json'));
  await expect(openDump(copy)).rejects.toThrow('it is no dump, or one that never ended');
});

test('damage that was done before the hash was taken is told by the restore, which leaves the folder empty', async () => {
  const copy = await copyOfDump();
  const file = join(copy, 'database.dump');
  await truncate(file, Math.floor((await readFile(file)).length * 0.6));
  await seal(copy);
  const target = join(copy, 'target');
  await expect(restorePglite(target, copy)).rejects.toThrow(
    "database.dump of the dump can't be unzipped: unexpected end of file",
  );
  expect(await readdir(target)).toEqual([]);
});

test('a database that is not the one that was dumped fails validation, table by table', async () => {
  const copy = await copyOfDump();
  const database = join(folder, 'other');
  const postgres = await openPglite({ folder: database });
  await fill(postgres);
  await postgres.execute(`
    UPDATE flights SET delay = delay + 0.01 WHERE id = 700;
    DELETE FROM events.log WHERE version > 1900;
    DROP INDEX flights_origin;
    ALTER TABLE airports DROP COLUMN name;`);
  await postgres.close();
  const other = join(folder, 'dump-of-other');
  await dumpPglite(database, other);
  await cp(join(other, 'database.dump'), join(copy, 'database.dump'));
  await seal(copy);
  const { passed, findings } = await restorePglite(join(copy, 'target'), copy);
  expect(passed).toBe(false);
  expect(findings.map(({ check, subject }) => `${check} ${subject}`)).toEqual([
    'structure public.airports',
    'structure public.flights',
    'rows events.log',
    'rows public.airports',
    'rows public.flights',
    'newest events.log',
  ]);
  expect(findings.map(({ message }) => message).join('\n')).toMatch(
    /missing: name text not null[\s\S]*missing: CREATE INDEX flights_origin/,
  );
});

test('a fingerprint is read as it was written', async () => {
  const text = await readFile(join(dump, 'fingerprint.jsonl'), 'utf8');
  expect(formatFingerprint(parseFingerprint(text))).toBe(text);
  expect(() => parseFingerprint('{"version":2}')).toThrow('This is no fingerprint of version 1');
  expect(() => parseFingerprint(text.slice(0, -20))).toThrow('A fingerprint is lines of JSON; given ');
});
