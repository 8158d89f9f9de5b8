import type { Dataset, Rule, Tolerance } from '../../contract/dataset';
import type { RuleOf } from '../rule';
import { isPortable } from './portable';

/** What the language says of a rule. */
export interface Said {
  readonly dqdl?: string;
  /** Why it cannot be said. */
  readonly because?: string;
}
/** A text in the language: a backslash hides the sign behind it. */
const quoted = (text: string): string => `"${text.replaceAll(/[\\"]/g, '\\$&')}"`;

/** A name in Spark's SQL, in which the language's own SQL is written. */
const named = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

const sqlText = (value: string): string => `'${value.replaceAll(/[\\']/g, '\\$&')}'`;

/** A rule in the language, or why it cannot be said. */
export function said(rule: Rule, dataset: Dataset): Said {
  const { where } = rule;
  if (where !== undefined && !isPortable(where)) return { because: `its condition is SQL of DuckDB: ${where}` };
  const told = sayers[rule.type] as (rule: Rule, dataset: Dataset) => Said;
  return told(rule, dataset);
}

const sayers: { readonly [T in Rule['type']]: (rule: RuleOf<T>, dataset: Dataset) => Said } = {
  notNull(rule) {
    const { column, missingValues = [], tolerance, where } = rule;
    if (missingValues.length > 0) {
      const isMissing = `cast(${named(column)} as string) in (${missingValues.map(sqlText).join(', ')})`;
      return counted(rule, `${named(column)} is null or ${isMissing}`);
    }
    if (tolerance === undefined) return { dqdl: `IsComplete ${quoted(column)}${whereOf(where)}` };
    if (tolerance.unit === 'rows') return counted(rule, `${named(column)} is null`);
    return { dqdl: `Completeness ${quoted(column)} ${shareOf(tolerance)}${whereOf(where)}` };
  },

  unique(rule) {
    const { columns, tolerance, where } = rule;
    const [column, ...others] = columns;
    if (tolerance === undefined && others.length === 0) return { dqdl: `IsUnique ${quoted(column!)}${whereOf(where)}` };
    const present = columns.map((name) => `${named(name)} is not null`).join(' and ');
    const only = where === undefined ? present : `${present} and (${where})`;
    const repeats = `count(*) - count(distinct ${columns.map(named).join(', ')})`;
    return repeated(tolerance, repeats, only);
  },

  acceptedValues(rule, dataset) {
    const { column, values } = rule;
    const type = typeOf(column, dataset);
    if (values.length === 0) return counted(rule, `${named(column)} is not null`);
    const isText = type === 'string' || type === 'uuid';
    if (!isText && !values.every((value) => typeof value === 'number'))
      return counted(
        rule,
        `cast(${named(column)} as string) not in (${values.map((v) => sqlText(String(v))).join(', ')})`,
      );
    const list = values.map((value) => (isText ? quoted(String(value)) : plainNumber(value as number)));
    if (list.includes(undefined)) return counted(rule, `${named(column)} not in (${values.join(', ')})`);
    return columnValues(
      rule,
      [`in [${list.join(', ')}]`],
      () => `${named(column)} not in (${values.map((v) => (isText ? sqlText(String(v)) : v)).join(', ')})`,
    );
  },

  range(rule, dataset) {
    const { column, min, max, exclusiveMin, exclusiveMax } = rule;
    const type = typeOf(column, dataset);
    const isNumber = /^(int|long|float|double|decimal)/.test(String(type));
    const bound = (value: number | string) =>
      isNumber ? plainNumber(value) : type === 'date' && isDay(value) ? `"${value}"` : undefined;
    const ends = [
      ...(min === undefined
        ? []
        : [{ value: min, holds: exclusiveMin ? '>' : '>=', fails: exclusiveMin ? '<=' : '<' }]),
      ...(max === undefined
        ? []
        : [{ value: max, holds: exclusiveMax ? '<' : '<=', fails: exclusiveMax ? '>=' : '>' }]),
    ];
    const literalOf = (value: number | string) =>
      isNumber
        ? String(value)
        : type === 'string'
          ? sqlText(String(value))
          : `cast(${sqlText(String(value))} as ${sparkType(type)})`;
    const fails = () =>
      ends.map(({ value, fails: sign }) => `${named(column)} ${sign} ${literalOf(value)}`).join(' or ');
    if (ends.length === 0) return { because: 'every value is in a range without ends' };
    if (ends.some(({ value }) => bound(value) === undefined)) return counted(rule, fails());
    return columnValues(
      rule,
      ends.map(({ value, holds }) => `${holds} ${bound(value)}`),
      fails,
    );
  },

  pattern(rule, dataset) {
    const { column, pattern } = rule;
    // Glue's documents leave open whether a part may match: written so, it makes no difference.
    const whole = `${pattern.startsWith('^') ? '' : '.*'}${pattern}${/(^|[^\\])\$$/.test(pattern) ? '' : '.*'}`;
    if (typeOf(column, dataset) !== 'string' || pattern.includes('|'))
      return counted(rule, `not (cast(${named(column)} as string) rlike ${sqlText(pattern)})`);
    return columnValues(rule, [`matches ${quoted(whole)}`], () => `not (${named(column)} rlike ${sqlText(pattern)})`);
  },

  length(rule, dataset) {
    const { column, min, max } = rule;
    if (typeOf(column, dataset) !== 'string') return { because: 'the language knows lengths of texts alone' };
    const ends = [...(min === undefined ? [] : [`>= ${min}`]), ...(max === undefined ? [] : [`<= ${max}`])];
    const fails = [
      ...(min === undefined ? [] : [`length(${named(column)}) < ${min}`]),
      ...(max === undefined ? [] : [`length(${named(column)}) > ${max}`]),
    ].join(' or ');
    if (ends.length === 0) return { because: 'every length is allowed' };
    if (rule.tolerance !== undefined) return counted(rule, fails);
    return { dqdl: all(ends.map((end) => `ColumnLength ${quoted(column)} ${end}${whereOf(rule.where)}`)) };
  },

  rowCount: (rule) => bounded(`RowCount`, rule, whereOf(rule.where)),

  sql(rule, { zone, name }) {
    const query = rule.query
      .replaceAll(`"${zone}"."${name}"`, 'primary')
      .replaceAll(new RegExp(`\\b${zone}\\.${name}\\b`, 'g'), 'primary')
      .replace(/[;\s]+$/, '');
    if (!isPortable(query)) return { because: `it is a query in SQL of DuckDB: ${rule.query}` };
    return bounded(`CustomSql ${quoted(query)}`, rule);
  },

  expression(rule) {
    if (!isPortable(rule.expression)) return { because: `it is SQL of DuckDB: ${rule.expression}` };
    return counted(rule, `not (${rule.expression})`);
  },

  type: () => ({ because: 'the table holds no value of another type; quarantine holds the rows that had one' }),

  referential(rule) {
    const { columns, references, tolerance, where } = rule;
    const table = references.table.slice(references.table.indexOf('.') + 1);
    if (where === undefined && tolerance?.unit !== 'rows') {
      const to = references.columns.length === 1 ? references.columns[0]! : `{${references.columns.join(',')}}`;
      const share = tolerance === undefined ? '= 1.0' : shareOf(tolerance);
      return { dqdl: `ReferentialIntegrity ${quoted(columns.join(','))} ${quoted(`${table}.${to}`)} ${share}` };
    }
    const on = columns.map((name, i) => `c.${named(name)} = p.${named(references.columns[i]!)}`).join(' and ');
    const present = columns.map((name) => `${named(name)} is not null`).join(' and ');
    const only = where === undefined ? present : `${present} and (${where})`;
    return repeated(
      tolerance,
      'count(*)',
      undefined,
      `(select * from primary where ${only}) c left anti join ${named(table)} p on ${on}`,
      only,
    );
  },

  freshness(rule) {
    const { column, where } = rule;
    if (column === undefined) return { because: 'the language does not know when rows were written' };
    // DataFreshness would ask it of every row, the oldest included.
    const newest = `max(cast(${named(column)} as timestamp))`;
    const only = where === undefined ? '' : ` where ${where}`;
    const hours = `select coalesce((unix_timestamp() - unix_timestamp(${newest})) / 3600.0, 0) from primary${only}`;
    return bounded(`CustomSql ${quoted(hours)}`, rule);
  },

  rowCountChange: () => ({ because: 'rules about earlier runs work in Glue ETL jobs alone' }),
};

const typeOf = (column: string, dataset: Dataset) => dataset.columns.find(({ name }) => name === column)?.type;
const whereOf = (where: string | undefined): string => (where === undefined ? '' : ` where ${quoted(where)}`);
const all = (rules: readonly string[]): string =>
  rules.length === 1 ? rules[0]! : rules.map((rule) => `(${rule})`).join(' and ');
const isDay = (value: number | string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(String(value));
const sparkType = (type: unknown): string =>
  type === 'timestamptz' ? 'timestamp' : type === 'time' ? 'string' : String(type);

/** A number as the language writes it: digits, a point, no exponent; undefined where it cannot. */
function plainNumber(value: number | string): string | undefined {
  const text = String(value);
  return /^-?\d+(\.\d+)?$/.test(text) ? text : undefined;
}

/** The share of good rows that a tolerated percentage of bad ones leaves: `>= 0.99`. */
function shareOf({ max, exclusive }: Tolerance): string {
  const share = Math.max(0, Number((1 - max / 100).toFixed(8)));
  return `${exclusive ? '>' : '>='} ${share === 1 ? '1.0' : (plainNumber(share) ?? '0.0')}`;
}

/** A rule on a column's values; with a tolerance in percent as the language has it, in rows as a count. */
function columnValues(
  rule: RuleOf<'range' | 'pattern' | 'acceptedValues'>,
  conditions: readonly string[],
  fails: () => string,
): Said {
  const { column, tolerance, where } = rule;
  if (tolerance !== undefined && (tolerance.unit === 'rows' || conditions.length > 1)) return counted(rule, fails());
  const threshold = tolerance === undefined ? '' : ` with threshold ${shareOf(tolerance)}`;
  return { dqdl: all(conditions.map((one) => `ColumnValues ${quoted(column)} ${one}${whereOf(where)}${threshold}`)) };
}

/** Counts the rows that fail. */
function counted({ tolerance, where }: Rule, fails: string): Said {
  return repeated(tolerance, 'count(*)', where === undefined ? fails : `(${where}) and (${fails})`, undefined, where);
}

/**
 * Compares a count of failing rows with what is tolerated.
 *
 * @param of the rows that a percentage is of, where that is not all of them
 */
function repeated(
  tolerance: Tolerance | undefined,
  count: string,
  where: string | undefined,
  from = 'primary',
  of = where,
): Said {
  const bad = `select ${count} from ${from}${where === undefined ? '' : ` where ${where}`}`;
  if (tolerance === undefined) return { dqdl: `CustomSql ${quoted(bad)} = 0` };
  const sign = tolerance.exclusive ? '<' : '<=';
  const max = plainNumber(tolerance.max);
  if (max === undefined) return { because: `it cannot write ${tolerance.max}` };
  if (tolerance.unit === 'rows') return { dqdl: `CustomSql ${quoted(bad)} ${sign} ${max}` };
  const checked = `select count(*) from primary${of === undefined ? '' : ` where ${of}`}`;
  const share = `select coalesce(100.0 * (${bad}) / nullif((${checked}), 0), 0)`;
  return { dqdl: `CustomSql ${quoted(share)} ${sign} ${max}` };
}

/** A number within bounds. */
function bounded(number: string, bounds: RuleOf<'sql' | 'freshness'> | RuleOf<'rowCount'>, tail = ''): Said {
  const { min, max } = bounds;
  const { exclusiveMin, exclusiveMax, except } = bounds as RuleOf<'sql'>;
  const wanted: [sign: string, value: number][] = [];
  if (min !== undefined && min === max) wanted.push(['=', min]);
  else {
    if (min !== undefined) wanted.push([exclusiveMin ? '>' : '>=', min]);
    if (max !== undefined) wanted.push([exclusiveMax ? '<' : '<=', max]);
  }
  if (except !== undefined) {
    if (except.min !== except.max) return { because: 'it excludes a range of numbers' };
    wanted.push(['!=', except.min]);
  }
  const said = wanted.map(([sign, value]) => [sign, plainNumber(value)] as const);
  if (said.length === 0) return { because: 'every number is right' };
  if (said.some(([, value]) => value === undefined)) return { because: 'it compares with a number too large to write' };
  return { dqdl: all(said.map(([sign, value]) => `${number} ${sign} ${value}${tail}`)) };
}
