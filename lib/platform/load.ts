import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Dataset } from '../contract/dataset';
import { codeDocument, type Document, yamlDocument } from '../contract/document';
import { fromCode, type ReadContract, readContract } from '../contract/read';
import { InvalidInputError, type Problem } from '../errors';
import { type ReadMigrations, readMigrations } from '../migrations/read';
import { checkInput, type PlatformCheck, sorted } from './check';
import type { Deployment } from './deployment';
import { findFiles } from './files';
import { readLock } from './lock';
import type { Manifest } from './manifest';
import type { ModelFile } from './models';
import type { LocalDeclaration, PlatformDeclaration } from './schema';
import { readText } from './text';

export interface LoadOptions {
  /**
   * `spark`: SQL of all tables is judged as if Spark ran it.
   * @default that of tables that are Spark's
   */
  readonly engine?: 'spark';
}

/** A platform that has no problem. */
export interface LoadedPlatform {
  readonly manifest: Manifest;
  readonly deployment: Deployment;
  /** What concerns runs on this machine alone; paths as they were given. */
  readonly local: LocalDeclaration;
  /** What the platform says and Ingot does not act on. */
  readonly notices: readonly Problem[];
  /** Datasets as they were last deployed, from `contracts.lock.json`; absent where none was locked. */
  readonly deployed?: readonly Dataset[];
}

const platformFileName = 'platform.yaml';
const defaultContracts = ['contracts/*.odcs.yaml'];
const defaultModels = ['models/*.sql'];

/**
 * Reads a platform: `platform.yaml`, its contracts and its models.
 *
 * @param path the folder, or the file itself
 * @throws InvalidInputError with every problem of all of them
 */
export async function loadPlatform(path: string, options: LoadOptions = {}): Promise<LoadedPlatform> {
  const platform = unwrap(await checkPlatform(path, options));
  const deployed = await readLock((await isFolder(path)) ? path : dirname(path));
  return { ...platform, ...(deployed === undefined ? {} : { deployed }) };
}

/** Reads a platform and says what is wrong with it, where anything is. Throws nothing for what a user wrote. */
export async function checkPlatform(path: string, { engine }: LoadOptions = {}): Promise<PlatformCheck> {
  const file = (await isFolder(path)) ? join(path, platformFileName) : path;
  const where = basename(file);
  const read = await readIfThere(file, where);
  if (read === undefined) {
    const message = `is not there: a platform is declared in ${platformFileName}; given the path ${path}`;
    return { problems: [{ where, path: '', message }], notices: [] };
  }
  const { document, problems: broken } = yamlDocument(where, read.text);
  const problems = [...read.problems, ...broken];
  const folder = dirname(file);
  const found = await readFiles(folder, document);
  const check = await checkInput(found, engine);
  // A document that is no YAML has no words to judge.
  const rest = problems.length === 0 ? check.problems : check.problems.filter((problem) => problem.where !== where);
  const all = [...problems, ...found.problems, ...rest];
  return all.length === 0 ? check : { problems: sorted(all), notices: check.notices };
}

/**
 * A platform that is declared in TypeScript, by the same words as `platform.yaml`; contracts may be objects, models a
 * group of SQL texts by name.
 *
 * @param folder where files of contracts and models are looked for; by default the working directory
 * @throws InvalidInputError with every problem of the declaration, the contracts and the models
 */
export async function definePlatform(
  declaration: PlatformDeclaration,
  folder = process.cwd(),
): Promise<LoadedPlatform> {
  const { contracts, models, ...rest } = declaration;
  const inCode = [contracts ?? []].flat().filter((contract) => typeof contract !== 'string');
  const patterns = [contracts ?? []].flat().filter((contract) => typeof contract === 'string');
  const isByName = typeof models === 'object' && !Array.isArray(models);
  const document = codeDocument('definePlatform', {
    ...rest,
    ...(contracts === undefined ? {} : { contracts: patterns }),
    ...(models === undefined || isByName ? {} : { models }),
  });
  const found = await readFiles(folder, document, isByName);
  const check = await checkInput({
    document,
    contracts: [
      ...found.contracts,
      ...inCode.map((contract, i) => fromCode(`contract ${(contract as { id?: unknown }).id ?? i}`, contract)),
    ],
    models: isByName
      ? Object.entries(models as Record<string, string>).map(([name, sql]) => ({ name, file: `${name}.sql`, sql }))
      : found.models,
    migrations: found.migrations,
  });
  return unwrap(
    found.problems.length === 0 ? check : { ...check, problems: sorted([...found.problems, ...check.problems]) },
  );
}

function unwrap({ platform, problems, notices }: PlatformCheck): LoadedPlatform {
  if (platform === undefined || problems.length > 0) throw new InvalidInputError(problems);
  return { ...platform, notices };
}

interface FoundFiles {
  readonly document: Document;
  readonly contracts: readonly ReadContract[];
  readonly models: readonly ModelFile[];
  readonly migrations: ReadMigrations;
  readonly problems: readonly Problem[];
}

async function readFiles(folder: string, document: Document, modelsAreGiven = false): Promise<FoundFiles> {
  const given = (document.value ?? {}) as { contracts?: unknown; models?: unknown };
  const problems: Problem[] = [];
  const listed = async (field: 'contracts' | 'models', defaults: readonly string[]) => {
    const isSaid = given[field] !== undefined;
    const patterns = isSaid ? [given[field]].flat().filter((one) => typeof one === 'string') : defaults;
    const files: string[] = [];
    for (const pattern of patterns) {
      const matches = await findFiles(folder, pattern);
      if (isSaid && matches.length === 0)
        problems.push(document.problem([field], `must name files that are there; none is like ${pattern}`));
      files.push(...matches);
    }
    return [...new Set(files)].sort();
  };
  const readAs = async (file: string) => {
    const read = await readText(join(folder, file), file);
    problems.push(...read.problems);
    return read.text;
  };
  const contracts: ReadContract[] = [];
  for (const file of await listed('contracts', defaultContracts))
    contracts.push(readContract(file, await readAs(file)));
  const models: ModelFile[] = [];
  for (const file of modelsAreGiven ? [] : await listed('models', defaultModels))
    models.push({ name: basename(file, '.sql'), file, sql: withoutMark(await readAs(file)) });
  const said = (document.value as { database?: { migrations?: unknown } | null } | null)?.database?.migrations;
  const migrationFolder = typeof said === 'string' ? said : 'migrations';
  const migrations = await readMigrations(folder, migrationFolder);
  if (typeof said === 'string' && !(await isFolder(join(folder, said))))
    problems.push(document.problem(['database', 'migrations'], `must be a folder that is there; given ${said}`));
  return { document, contracts, models, migrations, problems };
}

/** Some editors begin a file with a byte order mark, which is no SQL. */
const withoutMark = (text: string): string => text.replace(/^\uFEFF/, '');

const isFolder = async (path: string) => (await stat(path).catch(() => undefined))?.isDirectory() === true;

async function readIfThere(file: string, where: string) {
  try {
    return await readText(file, where);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
