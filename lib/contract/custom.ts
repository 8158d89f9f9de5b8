import { z } from 'zod';
import { nearest } from '../errors';
import type { Path } from './document';
import type { Notes } from './notes';
import type { CustomProperty } from './odcs';
import { show } from './strict';

/*
 * What Ingot says in `customProperties`, because the standard has no field for it. Other custom properties are free, as
 * the standard wants it; one whose name is nearly one of these is noticed.
 */

const quantity = (units: ReadonlyMap<string, number>, example: string) =>
  z.union([z.number(), z.string()], { error: `must be a quantity such as ${example}` }).transform((given, context) => {
    const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(String(given).trim());
    const factor = match === null ? undefined : units.get(match[2]!.toLowerCase());
    if (factor !== undefined) return Number(match![1]) * factor;
    context.addIssue({ code: 'custom', message: `must be a quantity such as ${example}; given ${show(given)}` });
    return z.NEVER;
  });

/** Days in each unit of time that ODCS and people write. */
export const daysIn: ReadonlyMap<string, number> = new Map(
  Object.entries({
    '': 1,
    d: 1,
    day: 1,
    days: 1,
    w: 7,
    week: 7,
    weeks: 7,
    m: 30,
    mo: 30,
    month: 30,
    months: 30,
    y: 365,
    yr: 365,
    year: 365,
    years: 365,
  }),
);

const gigabytesIn = new Map(Object.entries({ '': 1, kb: 1e-6, mb: 1e-3, gb: 1, tb: 1e3, pb: 1e6 }));

const materializations = ['full', 'partition', 'watermark', 'scd1', 'scd2'] as const;

/** Of a contract, or of one of its tables, which goes before. */
export const tableProperties = {
  /** Name of the zone that holds the table. */
  zone: z.string(),
  /** `scd2` keeps every version of a row; by default `current`. */
  history: z.enum(['current', 'scd2']),
  /** How a SQL model fills the table. */
  materialization: z.enum(materializations),
  /** Column of a materialization `watermark`; of `scd2`, the column that says from when on a row's version holds. */
  watermark: z.string(),
  /** For example `730 d`; the SLA property `retention` says the same in the standard's own words. */
  retention: quantity(daysIn, '730 d'),
  /** For example `0.5 GB`. */
  volumePerDay: quantity(gigabytesIn, '0.5 GB'),
  /** More than this share of a batch in quarantine fails the quality gate. By default 10. */
  maxQuarantinePercent: z.number().min(0).max(100),
  /** `column`, or a list of `column` and `column desc`. */
  sortBy: z.union([z.string(), z.array(z.string())]),
};

/** Of a column. */
export const columnProperties = {
  /** Iceberg's transform of a partition column: `day`, `month`, `bucket[16]`… By default `identity`. */
  partitionTransform: z.string(),
  /** Type of the source's column where it is not this column's own. */
  sourceType: z.string(),
  /** Whom its values name, for example `customer`: whoever asks to be erased is found by it. */
  subject: z.string().regex(/^[a-z][a-z0-9]*([_-][a-z0-9]+)*$/, {
    error: (issue) => `must be lower-case letters, digits, hyphens and underscores; given ${show(issue.input)}`,
  }),
};

/** Of a quality rule, of whatever type but `sql`, whose query has a condition of its own. */
export const ruleProperties = {
  /** SQL condition on the rows that the rule speaks of. */
  where: z.string(),
};

/** Of a relationship, which is checked as a rule. The words are those of quality rules. */
export const relationshipProperties = {
  name: z.string(),
  where: z.string(),
  severity: z.string(),
  mustBeLessThan: z.number(),
  mustBeLessOrEqualTo: z.number(),
  unit: z.enum(['rows', 'percent']),
};

/** Of a server that files arrive at. */
export const serverProperties = {
  /** CSV: whether the first line holds the names. */
  header: z.boolean(),
  /** Values that mean null. */
  nullValues: z.array(z.string()),
  /** Names of all sources that ever write there, `source=<name>/` in the path: Athena then reads them all by default. */
  sources: z.array(z.string().regex(/^[^\s,/=]+$/, 'must be without spaces, commas, slashes and equals signs')).min(1),
};

type Known = Readonly<Record<string, z.ZodType>>;
/** Values of the known properties that were given, and where each stands. */
export type Custom<K extends Known> = { [P in keyof K]?: { readonly value: z.output<K[P]>; readonly path: Path } };

/** Reads the custom properties that Ingot knows; a value that does not fit is a problem. */
export function readCustom<K extends Known>(
  known: K,
  given: readonly CustomProperty[] | undefined,
  path: Path,
  notes: Notes,
): Custom<K> {
  const found: Record<string, { value: unknown; path: Path }> = Object.create(null);
  for (const [i, { property, value }] of (given ?? []).entries()) {
    const at = [...path, 'customProperties', i];
    const schema = Object.hasOwn(known, property) ? known[property] : undefined;
    if (schema === undefined) {
      const meant = nearest(property, Object.keys(known));
      if (meant !== undefined)
        notes.notice([...at, 'property'], `is kept as it is; given ${show(property)}; did you mean ${meant}?`);
      continue;
    }
    if (property in found) notes.problem([...at, 'property'], `must be given once; ${property} is given twice`);
    const result = schema.safeParse(value, { reportInput: true });
    if (result.success) found[property] = { value: result.data, path: [...at, 'value'] };
    else notes.problem([...at, 'value'], `of ${property} ${explain(result.error.issues[0]!, value)}`);
  }
  return found as Custom<K>;
}

function explain(issue: z.core.$ZodIssue, given: unknown): string {
  if (issue.code === 'invalid_value') {
    const allowed = issue.values.map(String);
    const meant = typeof given === 'string' ? nearest(given, allowed) : undefined;
    return `must be one of ${allowed.join(', ')}; given ${show(given)}${meant === undefined ? '' : `; did you mean ${meant}?`}`;
  }
  if (issue.code === 'too_small' || issue.code === 'too_big')
    return `must be a number from 0 to 100; given ${show(given)}`;
  if (issue.code === 'invalid_type') return `must be a ${issue.expected}; given ${show(given)}`;
  if (issue.code === 'invalid_union') return `must be a column's name or a list of them; given ${show(given)}`;
  return issue.message;
}
