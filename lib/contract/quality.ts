import { condition } from '../sql/condition';
import { identifier, literal, qualified } from '../sql/quote';
import { boundsOf, ofCount } from './bounds';
import type { Bounds, Column, Dimension, Rule } from './dataset';
import type { Path } from './document';
import type { Notes } from './notes';
import type { DataQuality } from './odcs';
import { engineRule } from './quality-engine';
import { ruleBase } from './rule-base';
import { isPercent, toleranceOf } from './tolerance';

/** What a quality rule is about. */
export interface Target {
  readonly zone: string;
  readonly table: string;
  /** Columns by the name of their property. */
  readonly columns: ReadonlyMap<string, Column>;
  /** The column that the rule stands at; absent for a rule of the table. */
  readonly column?: Column;
  /** Whether files fill the table. */
  readonly arrives: boolean;
}

/** The part of a rule that says what a failing row is, and how failing rows are counted where nothing else can say it. */
interface Check {
  readonly rule:
    | { type: 'notNull'; column: string; missingValues?: string[] }
    | { type: 'unique'; columns: string[] }
    | { type: 'acceptedValues'; column: string; values: (string | number | boolean)[] }
    | { type: 'pattern'; column: string; pattern: string }
    | { type: 'expression'; expression: string };
  readonly dimension: Dimension;
  /** SQL aggregate that counts the failing rows. */
  readonly failing: string;
}

/** A rule of a contract as Ingot runs it; undefined where it is text, or where Ingot does not act on it (a notice says so). */
export function qualityRule(quality: DataQuality, path: Path, target: Target, notes: Notes): Rule | undefined {
  if (quality.type === 'text') return undefined;
  if (quality.schedule !== undefined)
    notes.notice([...path, 'schedule'], 'is kept, but Ingot checks every rule in every run');
  const type = quality.type ?? 'library';
  if (type === 'custom') return engineRule(quality, path, target, notes);
  const bounds = boundsOf(quality);
  if (bounds === undefined) {
    notes.notice(path, 'is kept but not checked: Ingot compares with numbers and booleans only');
    return undefined;
  }
  const isCount = type === 'library' && quality.unit !== 'percent';
  if (isImpossible(isCount ? ofCount(bounds) : bounds, type === 'library' ? 0 : undefined))
    notes.problem(path, 'can never hold: no number lies between its bounds');
  if (type === 'sql') return sqlRule(quality, bounds, target, path, notes);
  const metric = metricOf(quality, path, notes);
  if (metric === undefined) return undefined;
  if (metric === 'rowCount') return rowCountRule(quality, bounds, target, path, notes);
  const check = checks[metric](quality, path, target, notes);
  return check && countedRule(quality, check, bounds, target, path, notes);
}

/** `least`: what the number that is measured cannot be below. */
function isImpossible({ min, max, exclusiveMin, exclusiveMax }: Bounds, least = Number.NEGATIVE_INFINITY): boolean {
  if (max === undefined) return false;
  const from = Math.max(min ?? least, least);
  const isOpen = exclusiveMax === true || (exclusiveMin === true && from === min);
  return from > max || (from === max && isOpen);
}

type Metric = NonNullable<DataQuality['metric']>;
type CountedMetric = Exclude<Metric, 'rowCount'>;

/** Names that v3.0 of the standard gave in `rule`, where they mean a metric of v3.1. */
const formerRules: ReadonlyMap<string, Metric> = new Map<string, Metric>(
  Object.entries({
    duplicateCount: 'duplicateValues',
    duplicateValues: 'duplicateValues',
    nullCheck: 'nullValues',
    nullValues: 'nullValues',
    rowCount: 'rowCount',
  } as const),
);

function metricOf(quality: DataQuality, path: Path, notes: Notes): Metric | undefined {
  if (quality.metric !== undefined) return quality.metric;
  const former = quality.rule === undefined ? undefined : formerRules.get(quality.rule);
  if (former === undefined) notes.notice(path, 'is kept but not checked: it has no metric that Ingot knows');
  return former;
}

const checks: Readonly<
  Record<CountedMetric, (quality: DataQuality, path: Path, target: Target, notes: Notes) => Check | undefined>
> = {
  nullValues: (_quality, path, target, notes) => {
    const column = columnOf(path, target, notes);
    return column && notNull(column, []);
  },
  missingValues: (quality, path, target, notes) => {
    const column = columnOf(path, target, notes);
    const values = listOf(quality, 'missingValues', path, notes);
    return column && values && notNull(column, values.filter((value) => value !== null).map(String));
  },
  invalidValues: (quality, path, target, notes) => {
    const column = columnOf(path, target, notes);
    return column && invalidValues(quality, column, path, notes);
  },
  duplicateValues: (quality, path, target, notes) => {
    const columns = duplicateColumns(quality, path, target, notes);
    return columns && unique(columns);
  },
};

function columnOf(path: Path, target: Target, notes: Notes): Column | undefined {
  if (target.column === undefined) notes.problem(path, 'must stand at a property: its metric is about one column');
  return target.column;
}

function listOf(quality: DataQuality, argument: string, path: Path, notes: Notes): unknown[] | undefined {
  const values = quality.arguments?.[argument];
  if (Array.isArray(values)) return values;
  notes.problem(
    [...path, 'arguments', argument],
    `must be a list of values; given ${JSON.stringify(values) ?? 'none'}`,
  );
  return undefined;
}

function notNull(column: Column, missingValues: string[]): Check {
  const name = identifier(column.name);
  const missing = missingValues.length === 0 ? '' : ` OR CAST(${name} AS VARCHAR) IN (${missingValues.map(literal)})`;
  return {
    rule: { type: 'notNull', column: column.name, ...(missing === '' ? {} : { missingValues }) },
    dimension: 'completeness',
    failing: `count(*) FILTER (WHERE ${name} IS NULL${missing})`,
  };
}

function invalidValues(quality: DataQuality, column: Column, path: Path, notes: Notes): Check | undefined {
  const { validValues, pattern } = quality.arguments ?? {};
  const name = identifier(column.name);
  const dimension = 'validity';
  const wrong = (argument: string, message: string) => {
    notes.problem([...path, 'arguments', argument], message);
    return undefined;
  };
  if (validValues === undefined && pattern === undefined)
    return wrong('validValues', 'is missing; the metric invalidValues needs validValues or pattern');
  if (pattern !== undefined && typeof pattern !== 'string')
    return wrong('pattern', `must be a regular expression; given ${JSON.stringify(pattern)}`);
  const values = validValues === undefined ? [] : listOf(quality, 'validValues', path, notes);
  if (values === undefined) return undefined;
  const scalars = values.filter((value) => value !== null);
  if (!scalars.every((v) => typeof v === 'string' || typeof v === 'number' || typeof v === 'boolean'))
    return wrong('validValues', `must hold texts, numbers or booleans; given ${JSON.stringify(validValues)}`);
  const text = `CAST(${name} AS VARCHAR)`;
  const isListed = `${text} IN (${scalars.map((value) => literal(String(value))).join(', ')})`;
  const isMatch = typeof pattern === 'string' ? `regexp_matches(${text}, ${literal(pattern)})` : '';
  if (validValues === undefined)
    return {
      rule: { type: 'pattern', column: column.name, pattern: pattern as string },
      dimension,
      failing: `count(*) FILTER (WHERE NOT ${isMatch})`,
    };
  if (pattern === undefined)
    return {
      rule: { type: 'acceptedValues', column: column.name, values: scalars as (string | number | boolean)[] },
      dimension,
      failing: scalars.length === 0 ? `count(${name})` : `count(*) FILTER (WHERE NOT ${isListed})`,
    };
  const expression = `${isListed} AND ${isMatch}`;
  return {
    rule: { type: 'expression', expression },
    dimension,
    failing: `count(*) FILTER (WHERE NOT (${expression}))`,
  };
}

function duplicateColumns(quality: DataQuality, path: Path, target: Target, notes: Notes): Column[] | undefined {
  if (target.column !== undefined) return [target.column];
  const names = listOf(quality, 'properties', path, notes);
  const columns = names?.flatMap((name, i) => {
    const column = target.columns.get(String(name));
    if (column === undefined)
      notes.problem(
        [...path, 'arguments', 'properties', i],
        `must be a property of the table; given ${JSON.stringify(name)}; allowed: ${[...target.columns.keys()].join(', ')}`,
      );
    return column ?? [];
  });
  return columns === undefined || columns.length === 0 || columns.length < names!.length ? undefined : columns;
}

function unique(columns: readonly Column[]): Check {
  const names = columns.map((column) => identifier(column.name));
  const present = names.map((name) => `${name} IS NOT NULL`).join(' AND ');
  return {
    rule: { type: 'unique', columns: columns.map((column) => column.name) },
    dimension: 'uniqueness',
    failing: `count(*) FILTER (WHERE ${present}) - count(DISTINCT (${names.join(', ')})) FILTER (WHERE ${present})`,
  };
}

/**
 * A rule that counts failing rows. "At most so many" is what `Tolerance` says; anything else (exactly 5 nulls, at least
 * 10 duplicates) becomes a query that counts them.
 */
function countedRule(
  quality: DataQuality,
  check: Check,
  given: Bounds,
  target: Target,
  path: Path,
  notes: Notes,
): Rule | undefined {
  const { rule, dimension } = check;
  const percent = isPercent(quality.unit, [...path, 'unit'], notes);
  const bounds = percent ? withoutZero(given) : ofCount(given);
  const base = ruleBase(
    quality,
    'columns' in rule ? rule.columns.join('_') : target.column!.name,
    dimension,
    path,
    notes,
  );
  if (bounds.max !== undefined && bounds.min === undefined && bounds.except === undefined && bounds.max >= 0) {
    const tolerance = toleranceOf(bounds as Bounds & { max: number }, percent);
    return { ...base, ...rule, ...(tolerance && { tolerance }) };
  }
  const table = qualified(target.zone, target.table);
  const value = percent ? `coalesce(100.0 * (${check.failing}) / nullif(count(*), 0), 0)` : check.failing;
  return asQuery(base, bounds, value, table);
}

/** A rule that only a query of its own can answer; what it speaks of is then the query's affair. */
function asQuery({ where, ...base }: ReturnType<typeof ruleBase>, bounds: Bounds, value: string, table: string): Rule {
  const only = where === undefined ? '' : ` WHERE ${condition(where)}`;
  return { ...base, ...bounds, type: 'sql', query: `SELECT ${value} FROM ${table}${only}` };
}

/** A share is never below zero, so "at least 0" says nothing. */
function withoutZero({ min, exclusiveMin, ...bounds }: Bounds): Bounds {
  if (min === undefined || min < 0 || (min === 0 && !exclusiveMin)) return bounds;
  return { ...bounds, min, ...(exclusiveMin ? { exclusiveMin } : {}) };
}

function rowCountRule(quality: DataQuality, given: Bounds, target: Target, path: Path, notes: Notes): Rule | undefined {
  if (target.column !== undefined) {
    notes.problem(path, 'must stand at the table, not at a property: rowCount counts the rows of the table');
    return undefined;
  }
  const bounds = ofCount(given);
  const base = ruleBase(quality, '', 'completeness', path, notes);
  if (bounds.except === undefined) return { ...base, ...bounds, type: 'rowCount' };
  return asQuery(base, bounds, 'count(*)', qualified(target.zone, target.table));
}

function sqlRule(quality: DataQuality, bounds: Bounds, target: Target, path: Path, notes: Notes): Rule {
  const table = qualified(target.zone, target.table);
  const column = target.column === undefined ? undefined : identifier(target.column.name);
  // The standard's text writes {object} and {property}; its JSON schema and older examples ${table} and ${column}.
  const query = (quality.query ?? '')
    .replace(/\$?\{(object|table|model)\}/g, () => table)
    .replace(/\$?\{(property|column|field)\}/g, (placeholder) => column ?? placeholder);
  const { where, ...base } = ruleBase(quality, target.column?.name ?? '', 'consistency', path, notes);
  if (where !== undefined)
    notes.problem([...path, 'customProperties'], 'must not hold where: the query has a condition of its own');
  return { ...base, ...bounds, type: 'sql', query };
}
