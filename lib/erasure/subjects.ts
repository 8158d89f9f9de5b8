import type { Column, Dataset } from '../contract/dataset';
import { givenAllowed, InvalidInputError, type Problem } from '../errors';
import { tableId } from '../platform/lookup';
import type { Manifest } from '../platform/manifest';
import type { Lake } from '../runtime/services';
import { duckdbType } from '../sql/types';

/** A column whose values name somebody. */
export type SubjectColumn = Column & { readonly subject: string };

export const subjectColumns = (dataset: Pick<Dataset, 'columns'>): SubjectColumn[] =>
  dataset.columns.filter((column): column is SubjectColumn => column.subject !== undefined);

/** Whether anybody can be erased: whether a contract says whom its rows are of. */
export const namesSubjects = ({ datasets }: Pick<Manifest, 'datasets'>): boolean =>
  datasets.some((dataset) => subjectColumns(dataset).length > 0);

const personal = /^(pii|gdpr|personal(ly identifiable)?([ _-]*(data|information|info))?)$/i;

/** Columns that a contract calls personal, by classification or tag, of a table of which no column says whom its rows are of. */
export const personalWithoutSubject = (dataset: Pick<Dataset, 'columns'>): string[] =>
  subjectColumns(dataset).length > 0
    ? []
    : dataset.columns
        .filter(({ classification = '', tags }) => [classification, ...tags].some((word) => personal.test(word.trim())))
        .map(({ name }) => name);

/** Longest key, in characters. */
const longestKey = 1_000;

/**
 * The texts that each key has in the columns of a subject: `042` is `42` where they are numbers.
 *
 * @throws InvalidInputError where no contract names the subject, there is no key, or a key is none of the columns' type
 */
export async function textsOf(
  subject: string,
  keys: readonly string[],
  { datasets }: Pick<Manifest, 'datasets'>,
  lake: Pick<Lake, 'query'>,
): Promise<Map<string, readonly string[]>> {
  const found = datasets.flatMap((dataset) =>
    subjectColumns(dataset).map((column) => ({ column, of: `${column.name} of ${tableId(dataset)}` })),
  );
  const known = [...new Set(found.map(({ column }) => column.subject))].sort();
  const fail = (path: string, message: string): never => {
    throw new InvalidInputError([{ where: path, path: '', message }]);
  };
  if (known.length === 0)
    fail(
      'subject',
      `must be said by a contract: no column has the custom property subject; given ${JSON.stringify(subject)}`,
    );
  if (!known.includes(subject))
    fail('subject', `must be one that a contract's column names; ${givenAllowed(subject, known)}`);
  if (keys.length === 0) fail('keys', 'must be at least one; given none');
  const columns = found.filter(({ column }) => column.subject === subject);
  const types = new Map(columns.map(({ column, of }) => [duckdbType(column.type), of]));
  const problems: Problem[] = [];
  const problem = (message: string) => problems.push({ where: 'keys', path: '', message });
  const sound: string[] = [];
  for (const key of new Set(keys)) {
    if (key.trim() === '') problem('must have no key that is empty or blank');
    else if (key.length > longestKey) problem(`must be of at most ${longestKey} characters; given ${shown(key)}`);
    else if (key.includes('\0')) problem(`must hold no NUL character; given ${shown(key)}`);
    else sound.push(key);
  }
  const texts = new Map<string, string[]>(sound.map((key) => [key, []]));
  for (const [type, where] of types)
    for (const [key, text] of await textsIn(sound, type, lake)) {
      if (text === undefined) problem(`must be ${type} as ${where} is; given ${shown(key)}`);
      else if (!texts.get(key)!.includes(text)) texts.get(key)!.push(text);
    }
  if (problems.length > 0) throw new InvalidInputError(problems);
  return texts;
}

const shown = (key: string): string => JSON.stringify(key.length > 60 ? `${key.slice(0, 60)}…` : key);

/** Each key as a column of this type writes it; undefined where it cannot. */
async function textsIn(
  keys: readonly string[],
  type: string,
  lake: Pick<Lake, 'query'>,
): Promise<[string, string | undefined][]> {
  if (type === 'VARCHAR') return keys.map((key) => [key, key]);
  const json = JSON.stringify(keys.map((key, i) => ({ i, key: key.trim() })));
  const rows = await lake.query<{ i: number; text: string | null }>(
    `SELECT k.i AS i, CAST(TRY_CAST(k.key AS ${type}) AS VARCHAR) AS text
      FROM (SELECT unnest(json_transform($json::JSON, '[{"i": "INTEGER", "key": "VARCHAR"}]')) AS k)`,
    { json },
  );
  const texts = new Map(rows.map(({ i, text }) => [i, text ?? undefined]));
  // DuckDB's cast rounds, and 42.5 is nobody.
  const isWhole = (key: string) => !/INT|DECIMAL/.test(type) || /^\s*[+-]?\d+\s*$/.test(key);
  return keys.map((key, i) => [key, isWhole(key) ? texts.get(i) : undefined]);
}
