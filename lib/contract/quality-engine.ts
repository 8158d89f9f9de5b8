import type { z } from 'zod';
import { boundsOf } from './bounds';
import type { Bounds, Column, Rule } from './dataset';
import type { Path } from './document';
import type { Notes } from './notes';
import type { DataQuality } from './odcs';
import type { Target } from './quality';
import { ruleBase } from './rule-base';
import type { engineMetrics, implementation as schema } from './schema-quality';
import { isPercent, toleranceOf } from './tolerance';

type Implementation = z.output<typeof schema>;
type Metric = (typeof engineMetrics)[number];

/**
 * A rule of Ingot's own engine, for what the standard's library has no metric for: a condition that each row must meet,
 * or one of the engine's metrics with the standard's operators.
 */
export function engineRule(quality: DataQuality, path: Path, target: Target, notes: Notes): Rule | undefined {
  if (quality.engine !== 'ingot') {
    notes.notice(
      [...path, 'engine'],
      `is kept but not checked: Ingot runs engine ingot; given ${JSON.stringify(quality.engine)}`,
    );
    return undefined;
  }
  const given = quality.implementation;
  const implementation: Implementation = typeof given === 'string' ? { expression: given } : ((given ?? {}) as object);
  const { expression, metric, where } = implementation;
  const at = [...path, 'implementation'];
  if (expression !== undefined) {
    const base = ruleBase(quality, target.column?.name ?? '', 'consistency', path, notes);
    const rule = { ...base, ...(where === undefined ? {} : { where }), type: 'expression', expression } as const;
    return withTolerance(rule, quality, implementation, path, notes);
  }
  return metric && metrics[metric]({ quality, implementation, path, at, target, notes });
}

interface Given {
  readonly quality: DataQuality;
  readonly implementation: Implementation;
  readonly path: Path;
  /** Path of the implementation. */
  readonly at: Path;
  readonly target: Target;
  readonly notes: Notes;
}

const metrics: Readonly<Record<Metric, (given: Given) => Rule | undefined>> = {
  freshness: ({ quality, implementation, path, at, target, notes }) => {
    const { column } = target;
    if (column !== undefined && !isTime(column)) {
      notes.problem(at, `must be of a column of dates or times; ${column.name} is none`);
      return undefined;
    }
    const hours = quality.unit === undefined ? 1 : hoursIn[quality.unit.toLowerCase()];
    if (hours === undefined) {
      notes.problem([...path, 'unit'], `must be h or d for freshness; given ${JSON.stringify(quality.unit)}`);
      return undefined;
    }
    const bounds = numbers(implementation, at, notes);
    const base = ruleBase(quality, column?.name ?? '', 'timeliness', path, notes);
    return (
      bounds && {
        ...named(base, quality, column?.name, 'freshness'),
        ...conditionOf(implementation),
        ...scaled(bounds, hours),
        type: 'freshness',
        ...(column === undefined ? {} : { column: column.name }),
      }
    );
  },
  rowCountChange: ({ quality, implementation, path, at, target, notes }) => {
    if (target.column !== undefined) {
      notes.problem(path, 'must stand at the table, not at a property: rowCountChange counts the rows of the table');
      return undefined;
    }
    const unit = quality.unit === undefined || isPercent(quality.unit, [...path, 'unit'], notes) ? 'percent' : 'rows';
    const bounds = numbers(implementation, at, notes);
    const base = ruleBase(quality, '', 'completeness', path, notes);
    return (
      bounds && {
        ...named(base, quality, undefined, 'rowCountChange'),
        ...conditionOf(implementation),
        ...bounds,
        type: 'rowCountChange',
        unit,
      }
    );
  },
  unreadableValues: ({ quality, implementation, path, at, target, notes }) => {
    const { column, arrives } = target;
    const wrong = (message: string) => {
      notes.problem(at, message);
      return undefined;
    };
    if (column === undefined) return wrong('must stand at a property: unreadableValues is about one column');
    if (!arrives) return wrong('must be of a table that files fill: what a model gives is of its type');
    if (implementation.where !== undefined)
      return wrong('must not hold where: a row that could not be read is none that a condition could be asked of');
    const base = ruleBase(quality, column.name, 'validity', path, notes);
    const rule = { ...named(base, quality, column.name, 'type'), type: 'type', column: column.name } as const;
    return withTolerance(rule, quality, implementation, path, notes);
  },
};

const hoursIn: Readonly<Record<string, number>> = { h: 1, hour: 1, hours: 1, d: 24, day: 24, days: 24 };

const isTime = ({ type }: Column): boolean => type === 'date' || type === 'timestamp' || type === 'timestamptz';

/** A rule without a name of its own is named after its column and what it is about. */
function named(base: ReturnType<typeof ruleBase>, quality: DataQuality, column: string | undefined, about: string) {
  if (quality.name !== undefined || quality.id !== undefined) return base;
  return { ...base, name: column === undefined ? about : `${column}.${about}` };
}

const conditionOf = ({ where }: Implementation) => (where === undefined ? {} : { where });

function numbers(implementation: Implementation, at: Path, notes: Notes): Bounds | undefined {
  const bounds = boundsOf(implementation);
  if (bounds === undefined) notes.problem(at, 'must compare with numbers');
  else if (Object.keys(bounds).length === 0)
    notes.problem(at, 'must say which numbers are right: mustBeLessThan, mustBeBetween, …');
  else return bounds;
  return undefined;
}

function scaled({ min, max, except, ...rest }: Bounds, factor: number): Bounds {
  const times = (value: number) => value * factor;
  return {
    ...(min === undefined ? {} : { min: times(min) }),
    ...(max === undefined ? {} : { max: times(max) }),
    ...rest,
    ...(except === undefined ? {} : { except: { ...except, min: times(except.min), max: times(except.max) } }),
  };
}

/** At most so many failing rows: the one thing that a tolerance can say. */
function withTolerance(rule: Rule, quality: DataQuality, given: Implementation, path: Path, notes: Notes): Rule {
  const tolerance = toleranceGiven(given, quality.unit, path, [...path, 'implementation'], notes);
  return { ...rule, ...(tolerance && { tolerance }) };
}

/** The tolerance that operators say, with what the unit counts; undefined where they say none. */
export function toleranceGiven(
  given: Parameters<typeof boundsOf>[0],
  unit: string | undefined,
  path: Path,
  at: Path,
  notes: Notes,
) {
  const bounds = boundsOf(given);
  const percent = isPercent(unit, [...path, 'unit'], notes);
  if (bounds !== undefined && Object.keys(bounds).length === 0) return undefined;
  const { max, exclusiveMax } = bounds ?? {};
  const isMost = bounds?.min === undefined || bounds.min === 0 || (bounds.min === max && max === 0);
  if (max === undefined || !isMost || bounds?.except !== undefined || max < 0 || (max === 0 && exclusiveMax)) {
    notes.problem(at, 'must say how many rows may fail: mustBe 0, mustBeLessThan or mustBeLessOrEqualTo');
    return undefined;
  }
  if (percent) return toleranceOf({ max, ...(exclusiveMax ? { exclusiveMax } : {}) }, true);
  return toleranceOf({ max: exclusiveMax ? Math.ceil(max) - 1 : Math.floor(max) }, false);
}
