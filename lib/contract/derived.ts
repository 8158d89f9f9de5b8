import { identifier, literal } from '../sql/quote';
import { columnName } from './column';
import type { Column, Rule, Sla, Type } from './dataset';
import type { SchemaProperty } from './odcs';

/** Rules that follow from what a property says of itself: required, unique, and the options of its logical type. */
export function derivedRules(property: SchemaProperty, column: Column, isCurrent: string | undefined): Rule[] {
  const { name } = column;
  const base = { dimension: 'validity', severity: 'error' } as const;
  const options = property.logicalTypeOptions ?? {};
  const rules: Rule[] = [];
  if (column.required)
    rules.push({ ...base, name: `${name}.notNull`, dimension: 'completeness', type: 'notNull', column: name });
  if (property.unique === true)
    rules.push({
      ...base,
      ...(isCurrent === undefined ? {} : { where: isCurrent }),
      name: `${name}.unique`,
      dimension: 'uniqueness',
      type: 'unique',
      columns: [name],
    });
  const range = rangeOf(options);
  if (range !== undefined) rules.push({ ...base, name: `${name}.range`, type: 'range', column: name, ...range });
  if (options.pattern !== undefined)
    rules.push({ ...base, name: `${name}.pattern`, type: 'pattern', column: name, pattern: options.pattern });
  const min = options.minLength ?? options.minItems;
  const max = options.maxLength ?? options.maxItems;
  if (min !== undefined || max !== undefined)
    rules.push({
      ...base,
      name: `${name}.length`,
      type: 'length',
      column: name,
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
    });
  const expression = (kind: string, condition: string) =>
    rules.push({ ...base, name: `${name}.${kind}`, type: 'expression', expression: condition });
  const sql = identifier(name);
  if (options.multipleOf !== undefined) expression('multipleOf', `${sql} % ${literal(options.multipleOf)} = 0`);
  if (options.uniqueItems === true) expression('uniqueItems', `list_unique(${sql}) = list_count(${sql})`);
  const size = fieldCount(property, sql);
  if (options.minProperties !== undefined && size !== undefined)
    expression('minProperties', `${size} >= ${options.minProperties}`);
  if (options.maxProperties !== undefined && size !== undefined)
    expression('maxProperties', `${size} <= ${options.maxProperties}`);
  const nested = requiredFields(sql, column.type);
  if (nested !== undefined) {
    const description = 'Every required field inside has a value.';
    rules.push({
      ...base,
      name: `${name}.fields`,
      description,
      dimension: 'completeness',
      type: 'expression',
      expression: nested,
    });
  }
  return rules;
}

/** SQL condition that every required field inside a value has a value; undefined where none is required. */
function requiredFields(sql: string, type: Type, depth = 0): string | undefined {
  if (typeof type === 'string') return undefined;
  if (type.kind === 'struct') {
    const conditions = type.fields.flatMap((field) => {
      const value = `${sql}.${identifier(field.name)}`;
      return [field.required ? `${value} IS NOT NULL` : [], requiredFields(value, field.type, depth) ?? []].flat();
    });
    return conditions.length === 0 ? undefined : `(${sql} IS NULL OR (${conditions.join(' AND ')}))`;
  }
  const item = `item${depth}`;
  const inside = requiredFields(item, type.kind === 'list' ? type.element : type.value, depth + 1);
  const items = type.kind === 'list' ? sql : `map_values(${sql})`;
  return inside && `(${sql} IS NULL OR len(list_filter(${items}, lambda ${item}: NOT ${inside})) = 0)`;
}

/** The key is unique; of a table with history, among the rows that are current. */
export function keyRule(key: readonly string[], isCurrent: string | undefined): Rule[] {
  if (key.length === 0) return [];
  const where = isCurrent === undefined ? {} : { where: isCurrent };
  return [{ name: 'key.unique', dimension: 'uniqueness', severity: 'error', ...where, type: 'unique', columns: key }];
}

/**
 * Values of a column can be read as its type, as far as there is anything to read: a text is always one. Rows of which
 * one cannot are kept out of the table; the rule fails with the gate's own limit.
 */
export function typeRule(column: Column, maxQuarantinePercent: number): Rule[] {
  const { name, type, transform, sourceType } = column;
  if (type === 'string' && transform === undefined && sourceType === undefined) return [];
  return [
    {
      name: `${name}.type`,
      dimension: 'validity',
      severity: 'error',
      tolerance: { max: maxQuarantinePercent, unit: 'percent' },
      type: 'type',
      column: name,
    },
  ];
}

/**
 * The newest rows are as new as the contract promises. A warning: to stop a run because its rows are old would make them
 * older still. An alarm watches the same between runs.
 */
export function freshnessRule({ freshnessHours, freshnessColumn }: Sla): Rule[] {
  if (freshnessHours === undefined) return [];
  return [
    {
      name: freshnessColumn === undefined ? 'freshness' : `${freshnessColumn}.freshness`,
      dimension: 'timeliness',
      severity: 'warning',
      type: 'freshness',
      max: freshnessHours,
      ...(freshnessColumn === undefined ? {} : { column: freshnessColumn }),
    },
  ];
}

/** What the unsigned and the short formats of integers allow where their Iceberg type holds more. */
const formatRanges: Readonly<Record<string, readonly [number | string, number | string]>> = {
  i8: [-128, 127],
  i16: [-32768, 32767],
  u8: [0, 255],
  u16: [0, 65535],
  u32: [0, 4294967295],
  u64: [0, '18446744073709551615'],
};

type Options = NonNullable<SchemaProperty['logicalTypeOptions']>;

function rangeOf(options: Options) {
  const [formatMin, formatMax] = formatRanges[options.format ?? ''] ?? [];
  const least =
    end(options.minimum, options.exclusiveMinimum, 'higher') ??
    (options.format === 'u128' ? plain(0) : plain(formatMin));
  const most = end(options.maximum, options.exclusiveMaximum, 'lower') ?? plain(formatMax);
  if (least === undefined && most === undefined) return undefined;
  return {
    ...(least && { min: least.value, ...(least.exclusive ? { exclusiveMin: true } : {}) }),
    ...(most && { max: most.value, ...(most.exclusive ? { exclusiveMax: true } : {}) }),
  };
}

const plain = (value: number | string | undefined) => (value === undefined ? undefined : { value, exclusive: false });

/** One end of a range; where it is said twice, the tighter one. Dates compare as their ISO 8601 texts do. */
function end(
  inclusive: number | string | undefined,
  exclusive: number | string | undefined,
  tighter: 'higher' | 'lower',
) {
  if (exclusive === undefined) return plain(inclusive);
  if (inclusive === undefined) return { value: exclusive, exclusive: true };
  const isTighter = tighter === 'higher' ? exclusive >= inclusive : exclusive <= inclusive;
  return isTighter ? { value: exclusive, exclusive: true } : plain(inclusive);
}

/** SQL that counts the fields of a struct that have a value. */
function fieldCount(property: SchemaProperty, sql: string): string | undefined {
  if (property.properties === undefined) return undefined;
  const fields = property.properties.map(
    (field) => `CAST(${sql}.${identifier(columnName(field))} IS NOT NULL AS INTEGER)`,
  );
  return `CASE WHEN ${sql} IS NOT NULL THEN ${fields.join(' + ')} END`;
}
