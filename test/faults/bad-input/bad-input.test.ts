import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stage } from '../../../lib/ingest/stage';
import { localMachine } from '../../../lib/local/machine';
import { checkPlatform } from '../../../lib/platform/load';
import { type Duckdb, openDuckdb } from '../../../lib/runtime/duckdb';
import { localObjects } from '../../../lib/runtime/objects';
import { literal } from '../../../lib/sql/quote';
import { platformSpecs } from '../../../lib/tables/specs';
import { column, dataset, source } from '../../ingest/datasets';
import { flights } from '../../platform/folder';
import { everything } from '../everything';
import { mulberry } from '../random';
import { shopFiles } from '../shop';
import { type BadFile, badFile } from './data';
import { type Files, mutate } from './declarations';

jest.setTimeout(3_600_000);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ingot-bad-input-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Platforms that are valid: a small one, one with every way into a table, and the example without the files that it lands. */
const validPlatforms: readonly Files[] = [flights, shopFiles, exampleFiles()];

function exampleFiles(): Files {
  const example = join(__dirname, '../../../examples/aviation');
  const names = ['contracts', 'models'].flatMap((sub) =>
    readdirSync(join(example, sub)).map((name) => `${sub}/${name}`),
  );
  const texts = names.map((name) => [name, readFileSync(join(example, name), 'utf8')]);
  return {
    'platform.yaml': 'name: aviation\ngroups: {aviation: {schedule: rate(1 hour)}}\n',
    ...Object.fromEntries(texts),
  };
}

/** What no sentence for a person has in it. */
const unspeakable =
  /\bundefined\b|\[object |\n|\bat .*:\d+:\d+|TypeError|RangeError|is not a function|is not iterable|Cannot (read|destructure)|Maximum call stack|ENOENT|INTERNAL Error/;

/** What is wrong with how a platform's problems are told. */
async function faultsOf(files: Files): Promise<{ faults: string[]; valid: boolean }> {
  rmSync(folder, { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), content);
  }
  const faults: string[] = [];
  try {
    const { platform, problems, notices } = await checkPlatform(folder);
    if (platform === undefined && problems.length === 0) faults.push('neither a platform nor a problem');
    for (const { where, path, message } of [...problems, ...notices]) {
      if (where === '' || typeof path !== 'string' || message.trim() === '')
        faults.push(`a problem without words: ${where} ${path} ${message}`);
      // What was given is quoted, and may hold anything; the sentence may not.
      const said = message.replace(/"(\\.|[^"\\])*"/g, '""');
      if (unspeakable.test(said)) faults.push(`${where} ${path}: ${message}`);
      if (message.length > 2000) faults.push(`${message.length} characters at ${where} ${path}`);
    }
    if (platform !== undefined && problems.length === 0) {
      const { manifest } = platform;
      for (const group of manifest.groups) localMachine(group, manifest);
      platformSpecs(manifest, Object.fromEntries(manifest.zones.map(({ name }) => [name, `file:///lake/${name}`])));
    }
    return { faults, valid: problems.length === 0 };
  } catch (error) {
    return { faults: [`threw ${(error as Error).stack}`], valid: false };
  }
}

test('whatever is wrong with a platform, it is told in sentences with a place, and nothing is thrown', async () => {
  const inputs = everything ? 5000 : 250;
  const first = Number(process.env.INGOT_SEED ?? 1);
  const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const found: string[] = [];
  let valid = 0;
  for (let seed = first; seed < first + inputs; seed++) {
    const { files, what } = mutate(validPlatforms[seed % validPlatforms.length]!, mulberry(seed));
    const result = await faultsOf(files);
    if (result.valid) valid += 1;
    for (const fault of result.faults) found.push(`seed ${seed} (${what}): ${fault}`);
  }
  // What a library warns of goes to the terminal, past the report.
  for (const [warning] of warned.mock.calls) found.push(`warned: ${warning}`);
  warned.mockRestore();
  if (everything) console.log(`${inputs} platforms, of which ${valid} are still valid`);
  expect(found).toEqual([]);
  // Else the generator breaks nothing, or everything in the same way.
  expect(valid).toBeGreaterThan(inputs * 0.05);
  expect(valid).toBeLessThan(inputs * 0.6);
});

describe('source files', () => {
  const columns = [column('id', 'int', { required: true }), column('word', 'string'), column('amount', 'double')];
  let duckdb: Duckdb;
  let parquet: Buffer;
  beforeAll(async () => {
    duckdb = await openDuckdb();
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'good.parquet');
    await duckdb.run(
      `COPY (SELECT i::INT AS id, 'word' AS word, i + 0.5 AS amount FROM range(2000) t(i)) TO ${literal(file)} (FORMAT parquet, ROW_GROUP_SIZE 500)`,
    );
    parquet = readFileSync(file);
  });
  afterAll(() => duckdb.close());

  interface Counts {
    readonly good: readonly number[];
    readonly bad: number;
    readonly reasons: readonly string[];
    readonly unreadable: boolean;
  }

  async function read(file: BadFile): Promise<Counts> {
    const path = join(folder, file.name);
    writeFileSync(path, file.content);
    const files = [{ uri: pathToFileURL(path).href, size: file.content.length }];
    const staged = await stage(dataset('events', columns), source(file.format), files, 'bad', {
      lake: duckdb,
      objects: localObjects,
    });
    const [found] = await duckdb.query<{ good: number[]; bad: bigint }>(`
      SELECT list(id) FILTER (WHERE _ingot_reasons IS NULL) AS good, count(*) FILTER (WHERE _ingot_reasons IS NOT NULL) AS bad
      FROM ${staged.rows}`);
    const rejects = await duckdb.query<{ rule: string; message: string }>(`
      SELECT r.rule, r.message FROM (SELECT unnest(reasons) AS r FROM ${staged.rejects} UNION ALL SELECT unnest(_ingot_reasons) FROM ${staged.rows})`);
    const [rejected] = await duckdb.query<{ n: bigint }>(`SELECT count(*) AS n FROM ${staged.rejects}`);
    await staged.drop();
    return {
      good: found?.good ?? [],
      bad: Number(found?.bad) + Number(rejected?.n),
      reasons: rejects.map(({ message }) => message),
      unreadable: rejects.some(({ rule }) => rule === 'file.unreadable'),
    };
  }

  function faultsOfFile(file: BadFile, { good, bad, reasons, unreadable }: Counts): string[] {
    const faults: string[] = [];
    if (unreadable && good.length + bad !== 1) faults.push('an unreadable file has rows as well');
    if (!unreadable && file.rows !== undefined && good.length + bad !== file.rows)
      faults.push(`${file.rows} rows were ${good.length} good and ${bad} bad ones`);
    const lost = unreadable ? [] : file.untouched.filter((id) => !good.includes(id));
    if (lost.length > 0) faults.push(`rows ${lost.join()} were lost`);
    const twice = file.untouched.filter(
      (id) => good.indexOf(id) !== good.lastIndexOf(id) && file.rows === file.untouched.length,
    );
    if (twice.length > 0) faults.push(`rows ${twice.join()} came twice`);
    for (const reason of reasons) if (unspeakable.test(reason.slice(0, 300))) faults.push(reason);
    return faults;
  }

  test('whatever is wrong with a file, each of its rows is loaded or refused, with a reason, and nothing is thrown', async () => {
    const inputs = everything ? 5000 : 250;
    const first = Number(process.env.INGOT_SEED ?? 1);
    const found: string[] = [];
    let [unreadable, rows] = [0, 0];
    for (let seed = first; seed < first + inputs; seed++) {
      const file = badFile(mulberry(seed), parquet);
      try {
        const counts = await read(file);
        if (counts.unreadable) unreadable += 1;
        rows += counts.good.length;
        for (const fault of faultsOfFile(file, counts))
          found.push(`seed ${seed} (${file.name}, ${file.what}): ${fault}`);
      } catch (error) {
        found.push(`seed ${seed} (${file.name}, ${file.what}): threw ${(error as Error).message}`);
      }
    }
    if (everything) console.log(`${inputs} files, of which ${unreadable} cannot be read; ${rows} good rows`);
    expect(found).toEqual([]);
    expect(unreadable).toBeGreaterThan(inputs * 0.05);
  });
});
