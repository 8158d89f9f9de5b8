import type { Dataset, Source } from '../contract/dataset';
import { type SourceColumn, sameName } from './read';

/** How many of a file's names are told of. */
const told = 10;

/**
 * Why a file is not one of the contract's, in words: none of its columns is. Undefined where one is, or where that
 * cannot be told: Parquet says its columns itself, and an expression may name columns that the contract does not list.
 */
export function foreign(
  columns: readonly SourceColumn[],
  dataset: Dataset,
  source: Source,
  wanted: readonly SourceColumn[],
): string | undefined {
  if (source.format === 'parquet' || source.header === false || columns.length === 0) return undefined;
  // DuckDB's name for what is no object; such lines are judged one by one.
  if (source.format === 'json' && columns.length === 1 && columns[0]!.name === 'json') return undefined;
  const isKnown = ({ name }: SourceColumn) =>
    wanted.some((column) => sameName(column.name, name)) ||
    dataset.columns.some(({ transform }) => transform?.toLowerCase().includes(name.toLowerCase()) === true);
  if (columns.some(isKnown)) return undefined;
  const where = source.format === 'csv' ? 'its first line has' : 'its objects have';
  return `${where} none of the contract's columns: given ${names(columns)}; allowed: ${names(wanted)}`;
}

/** Why a file is not CSV, in words: its first line is JSON, and would be taken for names and lost. */
export function jsonForCsv(columns: readonly SourceColumn[], source: Source): string | undefined {
  if (source.format !== 'csv' || source.header === false || columns.length === 0) return undefined;
  return /^\s*(\{|\[\s*(\{|$))/.test(columns[0]!.name)
    ? "its first line is JSON, and the contract's format is csv"
    : undefined;
}

/** Why nobody can say which of a file's columns is meant, in words: its header gives one that the contract reads twice. */
export function givenTwice(columns: readonly SourceColumn[], wanted: readonly SourceColumn[]): string | undefined {
  const twice = wanted.find(({ name }) => columns.some(({ repeats = '' }) => sameName(repeats, name)));
  return twice === undefined ? undefined : `its header gives column ${JSON.stringify(twice.name)} twice`;
}

function names(columns: readonly SourceColumn[]): string {
  const some = columns.slice(0, told).map(({ name }) => JSON.stringify(name.slice(0, 100)));
  return columns.length > told ? `${some.join(', ')} and ${columns.length - told} more` : some.join(', ');
}
