import { posix } from 'node:path';
import { givenAllowed } from '../errors';
import { deepFreeze } from '../freeze';
import { readCustom, relationshipProperties } from './custom';
import type { Column, Rule } from './dataset';
import type { Document, Path } from './document';
import type { Notes } from './notes';
import type { Relationship, SchemaObject } from './odcs';
import { toleranceGiven } from './quality-engine';
import type { ResolvedDataset } from './resolve';
import { severityOf } from './rule-base';
import { show } from './strict';

type Referential = Extract<Rule, { type: 'referential' }>;

/** A relationship of a contract, of which the other table is not known yet. */
export interface ForeignKey {
  readonly rule: Omit<Referential, 'references'>;
  readonly to: Reference;
  readonly path: Path;
}

/** What a reference of the standard names: `users.id`, `schema/users/properties/id`, `users.yaml#/schema/users/properties/id`. */
export interface Reference {
  /** The contract's file, relative to that of the contract that refers to it; absent for a table that is near. */
  readonly file?: string;
  readonly table: string;
  readonly columns: readonly string[];
}

/** The relationships of a table and of its columns. One that cannot be read is noticed, and not checked. */
export function foreignKeys(
  table: SchemaObject,
  path: Path,
  columns: ReadonlyMap<string, Column>,
  notes: Notes,
): ForeignKey[] {
  const keys: ForeignKey[] = [];
  const add = (from: readonly string[], relationship: Relationship, at: Path) => {
    const key = foreignKey(from, relationship, at, notes);
    if (key === undefined) return;
    let { name } = key.rule;
    for (let n = 2; keys.some(({ rule }) => rule.name === name); n++) name = `${key.rule.name}.${n}`;
    keys.push({ ...key, rule: { ...key.rule, name } });
  };
  for (const [i, property] of (table.properties ?? []).entries())
    for (const [j, relationship] of (property.relationships ?? []).entries())
      add([columns.get(property.name)!.name], relationship, [...path, 'properties', i, 'relationships', j]);
  for (const [i, relationship] of (table.relationships ?? []).entries()) {
    const at = [...path, 'relationships', i];
    const from = [relationship.from ?? []].flat().map((one) => columnOf(one, table, columns));
    const missing = [relationship.from ?? []].flat().filter((_, n) => from[n] === undefined);
    if (missing.length === 0) add(from as string[], relationship, at);
    else
      notes.problem(
        [...at, 'from'],
        `must name columns of ${table.name}; ${givenAllowed(
          missing.join(', '),
          [...columns.keys()].map((name) => `${table.name}.${name}`),
        )}`,
      );
  }
  return keys;
}

/** The column that the `from` of a relationship names, with its table or without. */
function columnOf(text: string, table: SchemaObject, columns: ReadonlyMap<string, Column>): string | undefined {
  const names = [table.name, table.physicalName, table.id];
  const read = reference(text);
  const name = read === undefined ? text : names.includes(read.table) ? read.columns[0]! : undefined;
  const found = name === undefined ? undefined : columns.get(name);
  const byId = table.properties?.find((property) => property.id !== undefined && property.id === name);
  return found?.name ?? (byId && columns.get(byId.name)?.name);
}

function foreignKey(
  from: readonly string[],
  relationship: Relationship,
  path: Path,
  notes: Notes,
): ForeignKey | undefined {
  const to = together([relationship.to].flat().map(reference));
  if (to === undefined || to.columns.length !== from.length) {
    notes.notice(
      [...path, 'to'],
      `is kept but not checked: it must name as many columns of one table, as table.column; given ${show(relationship.to)}`,
    );
    return undefined;
  }
  const custom = readCustom(relationshipProperties, relationship.customProperties, path, notes);
  const { name, where, severity, unit, mustBeLessThan, mustBeLessOrEqualTo } = custom;
  const operators = {
    ...(mustBeLessThan === undefined ? {} : { mustBeLessThan: mustBeLessThan.value }),
    ...(mustBeLessOrEqualTo === undefined ? {} : { mustBeLessOrEqualTo: mustBeLessOrEqualTo.value }),
  };
  const tolerance = toleranceGiven(operators, unit?.value, path, [...path, 'customProperties'], notes);
  return {
    to,
    path,
    rule: {
      name: name?.value ?? `${from.join('_')}.referential`,
      dimension: 'consistency',
      severity: severityOf(severity?.value, severity?.path ?? path, notes),
      ...(where === undefined ? {} : { where: where.value }),
      ...(tolerance && { tolerance }),
      type: 'referential',
      columns: from,
    },
  };
}

/** Reads one reference; undefined where it is none that names a column of a table. */
function reference(text: string): Reference | undefined {
  const [, file, path = ''] = /^(?:([^#]*)#)?(.*)$/s.exec(text) ?? [];
  const full = /^\/?schema\/([^/]+)\/properties\/([^/]+)$/.exec(path);
  const short = /^([^./]+)\.([^./]+)$/.exec(path);
  const [, table, column] = full ?? short ?? [];
  if (table === undefined || column === undefined) return undefined;
  return { ...(file === undefined || file === '' ? {} : { file }), table, columns: [column] };
}

/** The references of a composite key as one. */
function together(all: readonly (Reference | undefined)[]): Reference | undefined {
  const [first, ...others] = all;
  if (first === undefined) return undefined;
  if (others.some((other) => other?.table !== first.table || other.file !== first.file)) return undefined;
  return { ...first, columns: all.flatMap((one) => one?.columns ?? []) };
}

interface Declared {
  readonly resolved: ResolvedDataset;
  readonly document: Document;
}

/**
 * Turns relationships into rules, as far as the tables that they name are among those given. What is left waits for a
 * platform that has them.
 */
export function bindReferences<T extends Declared>(
  tables: readonly T[],
  problem: (path: Path, message: string, table: T) => void,
): T[] {
  return tables.map((table) => {
    const { resolved } = table;
    const rulePaths = new Map(resolved.rulePaths);
    const rules = [...resolved.dataset.rules];
    const waiting: ForeignKey[] = [];
    for (const key of resolved.foreignKeys) {
      const found = findTable(key.to, table, tables);
      if (found === undefined) {
        waiting.push(key);
        continue;
      }
      const columns = key.to.columns.map((name) => found.resolved.columnNames.get(name));
      const missing = key.to.columns.filter((_, i) => columns[i] === undefined);
      if (missing.length > 0) {
        const allowed = [...found.resolved.columnNames.keys()];
        const named = idOf(found.resolved);
        problem(
          [...key.path, 'to'],
          `must name columns of ${named}; ${givenAllowed(missing.join(', '), allowed)}`,
          table,
        );
        continue;
      }
      const rule = { ...key.rule, references: { table: idOf(found.resolved), columns: columns as string[] } };
      let { name } = rule;
      for (let n = 2; rulePaths.has(name); n++) name = `${rule.name}.${n}`;
      rules.push({ ...rule, name });
      rulePaths.set(name, key.path);
    }
    if (resolved.foreignKeys.length === waiting.length) return table;
    return {
      ...table,
      resolved: { ...resolved, dataset: deepFreeze({ ...resolved.dataset, rules }), rulePaths, foreignKeys: waiting },
    };
  });
}

const idOf = ({ dataset }: ResolvedDataset): string => `${dataset.zone}.${dataset.name}`;

/** In the contract that the reference names; else in its own; else the one table of that name there is. */
function findTable<T extends Declared>({ file, table }: Reference, from: T, tables: readonly T[]): T | undefined {
  const named = tables.filter(({ resolved }) => resolved.names.includes(table));
  if (file !== undefined) {
    const path = posix.join(posix.dirname(from.document.where), file);
    return named.find(({ document }) => document.where === path);
  }
  const own = named.find(({ document }) => document === from.document);
  return own ?? (named.length === 1 ? named[0] : undefined);
}
