import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../errors';
import { findTable, tableId } from '../platform/lookup';
import type { Manifest } from '../platform/manifest';
import { planScan } from '../quality/scan';
import { qualified } from '../sql/quote';
import { contractProblems } from './contracts';
import { databases } from './databases';
import { packageFolder } from './package-folder';
import { sparkPython } from './python';

export interface TranslationCheck {
  readonly problems: readonly Problem[];
  /** Why nothing was checked, where that is so. */
  readonly notChecked?: string;
}

/** A statement, and where a user finds it. */
interface Said {
  readonly sql: string;
  readonly file: string;
  readonly path: string;
  /** Of statements that a user has not written: what of it stands in the file. */
  readonly written?: readonly string[];
}

/**
 * Whether Spark can do what contracts of tables say, and has words for their models and rules. For the words it asks
 * Python, where there is one with sqlglot.
 *
 * @param tables `zone.table`
 * @param folder of the platform
 */
export async function checkTranslation(
  manifest: Manifest,
  tables: ReadonlySet<string>,
  folder: string,
): Promise<TranslationCheck> {
  const said = [...modelsOf(manifest, tables), ...rulesOf(manifest, tables)];
  const inContracts = contractProblems(manifest, tables, folder);
  if (said.length === 0) return { problems: inContracts };
  const zones = databases(manifest);
  const answers = await ask(said.map(({ sql }) => ({ sql, zones })));
  if (answers === undefined)
    return {
      problems: inContracts,
      notChecked: `whether Spark has words for ${said.length} models and rules: there is no Python with sqlglot; name one in INGOT_SPARK_PYTHON`,
    };
  const problems = answers.flatMap((answer, i): Problem[] => {
    if (answer === null) return [];
    const { file, path, written } = said[i]!;
    const line = written === undefined ? (answer.line ?? undefined) : lineOf(join(folder, file), written);
    return [{ where: file, path, message: answer.message, ...(line === undefined ? {} : { line }) }];
  });
  return { problems: [...inContracts, ...problems] };
}

/** Models that fill them, and those that these use. */
function modelsOf(manifest: Manifest, tables: ReadonlySet<string>): Said[] {
  const filling = manifest.models.filter(({ writes }) => writes !== undefined && tables.has(writes));
  const names = new Set(filling.flatMap(({ name, uses }) => [name, ...uses]));
  return manifest.models.filter(({ name }) => names.has(name)).map(({ sql, file }) => ({ sql, file, path: '' }));
}

function rulesOf(manifest: Manifest, tables: ReadonlySet<string>): Said[] {
  return manifest.datasets
    .filter((dataset) => tables.has(tableId(dataset)))
    .flatMap((dataset) => {
      const { database, table } = findTable(tableId(dataset), manifest);
      const from = qualified('lake', database, table);
      const file = dataset.contract.file ?? `contract ${dataset.contract.id}`;
      return dataset.rules.flatMap((rule): Said[] => {
        const { sql } = planScan([rule], dataset, from);
        const query = rule.type === 'sql' ? [rule.query.trim().split('\n', 1)[0]!] : [];
        return sql === undefined ? [] : [{ sql, file, path: `rule ${rule.name}`, written: [...query, rule.name] }];
      });
    });
}

/** Line of the first of these words that a file holds. */
function lineOf(file: string, words: readonly string[]): number | undefined {
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, 'utf8').split('\n');
  const found = words.map((word) => lines.findIndex((line) => line.includes(word))).find((index) => index !== -1);
  return found === undefined ? undefined : found + 1;
}

type Answer = { readonly message: string; readonly line: number | null } | null;

/** Undefined where no Python has what it takes. */
async function ask(statements: readonly object[]): Promise<readonly Answer[] | undefined> {
  for (const python of [process.env.INGOT_SPARK_PYTHON, sparkPython(), 'python3']) {
    const answers = (python ?? '') === '' ? undefined : await askPython(python!, statements);
    if (answers !== undefined) return answers;
  }
  return undefined;
}

function askPython(python: string, statements: readonly object[]): Promise<readonly Answer[] | undefined> {
  const env = { ...process.env, PYTHONPATH: packageFolder(), PYTHONDONTWRITEBYTECODE: '1' };
  return new Promise((resolve, reject) => {
    const options = { env, maxBuffer: 64 * 1024 * 1024 };
    const child = execFile(python, ['-m', 'ingot_spark.check'], options, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout) as Answer[]);
      else if (error.code === 'ENOENT' || stderr.includes('ModuleNotFoundError')) resolve(undefined);
      else reject(new Error(`Python could not check SQL: ${stderr.trim().split('\n').at(-1) ?? error.message}`));
    });
    child.stdin?.on('error', () => {}); // Told by its end.
    child.stdin?.end(JSON.stringify(statements));
  });
}
