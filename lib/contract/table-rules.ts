import type { Column, Dataset, Rule } from './dataset';
import { derivedRules, keyRule } from './derived';
import type { Path } from './document';
import type { Notes } from './notes';
import type { SchemaObject } from './odcs';
import { qualityRule, type Target } from './quality';
import { show } from './strict';

/** A table whose rules are read. */
export interface Ruled {
  readonly table: SchemaObject;
  readonly columns: readonly Column[];
  readonly key: readonly string[];
  readonly history: Dataset['history'];
  readonly target: Target;
  readonly path: Path;
  /** Where columns stand, by their names. */
  readonly columnPaths: ReadonlyMap<string, Path>;
}

/**
 * Every rule of a table, and where each stands: derived ones first, then those of the columns, then those of the table.
 *
 * @param also derived rules that one of the same type and column takes the place of, where the contract has one
 */
export function rulesOf(
  ruled: Ruled,
  also: readonly Rule[],
  notes: Notes,
): { rules: Rule[]; paths: Map<string, Path> } {
  const { table, columns, key, history, target, path, columnPaths } = ruled;
  const properties = table.properties ?? [];
  const isCurrent = history === 'scd2' ? 'is_current' : undefined;
  const list = new RuleList(notes);
  properties.forEach((property, i) => {
    for (const rule of derivedRules(property, columns[i]!, isCurrent)) list.add(rule, [...path, 'properties', i]);
  });
  for (const rule of keyRule(key, isCurrent)) list.add(rule, path);
  properties.forEach((property, i) => {
    list.addDeclared(property.quality, { ...target, column: columns[i]! }, [...path, 'properties', i]);
  });
  list.addDeclared(table.quality, target, path);
  const columnOf = (rule: Rule) => ('column' in rule ? rule.column : undefined);
  const declared = [...list.rules.values()];
  for (const rule of also)
    if (!declared.some((other) => other.type === rule.type && columnOf(other) === columnOf(rule)))
      list.add(rule, columnPaths.get(columnOf(rule) ?? '') ?? path);
  return { rules: [...list.rules.values()], paths: list.paths };
}

/** Rules by their names, each once. */
class RuleList {
  readonly rules = new Map<string, Rule>();
  readonly paths = new Map<string, Path>();

  constructor(private readonly notes: Notes) {}

  addDeclared(quality: SchemaObject['quality'], target: Target, path: Path): void {
    for (const [i, declared] of (quality ?? []).entries()) {
      const at = [...path, 'quality', i];
      const rule = qualityRule(declared, at, target, this.notes);
      const given = declared.name ?? declared.id;
      if (rule !== undefined && given !== undefined && this.rules.has(given))
        this.notes.problem(
          [...at, declared.name === undefined ? 'id' : 'name'],
          `must be unique in its table; ${show(given)} is given twice`,
        );
      if (rule !== undefined) this.add(rule, at);
    }
  }

  /** A name that the contract leaves out is numbered where it is taken. */
  add(rule: Rule, path: Path): void {
    let { name } = rule;
    for (let n = 2; this.rules.has(name); n++) name = `${rule.name}.${n}`;
    this.rules.set(name, { ...rule, name });
    this.paths.set(name, path);
  }
}
