import type { Column, Dataset, Rule, Type } from './dataset';
import { freshnessRule, typeRule } from './derived';
import { sameType, typeText, widens } from './types';

/** One difference between two versions of a contract. */
export interface Change {
  /** What changed: `silver.flights.delay_minutes`, or `silver.flights`. */
  readonly on: string;
  /**
   * `breaking`: rows as they were written, or those who read them, no longer fit. `compatible`: both still do. `text`:
   * only words for people changed.
   */
  readonly kind: 'breaking' | 'compatible' | 'text';
  /**
   * Whether the table can be changed where it stands, every row in it still being read. What cannot is refused at synth
   * and by the _tables_ handler. A renamed column breaks its readers and is yet changed in place.
   */
  readonly inPlace: boolean;
  /** One sentence: what it was and what it is. */
  readonly message: string;
}

const breaking = (on: string, message: string): Change => ({ on, kind: 'breaking', inPlace: false, message });
const breakingForReaders = (on: string, message: string): Change => ({ on, kind: 'breaking', inPlace: true, message });
const compatible = (on: string, message: string): Change => ({ on, kind: 'compatible', inPlace: true, message });
const text = (on: string, message: string): Change => ({ on, kind: 'text', inPlace: true, message });

/** A table that is in one of two versions only. */
export const tableRemoved = (id: string): Change => breaking(id, 'the table is removed');
export const tableAdded = (id: string): Change => compatible(id, 'the table is added');

/** Every difference between two versions of one table. */
export function tableChanges(before: Dataset, after: Dataset): Change[] {
  const id = `${after.zone}.${after.name}`;
  // What names columns names the same ones under their new names: that they are renamed is told once.
  const renamed = withNamesOf(before, after);
  return [
    ...columnChanges(before, after, id),
    ...ruleChanges(before, after, id),
    ...tableFacts.flatMap(({ field, kind, describe }) =>
      same(renamed[field], after[field]) ? [] : kind(id, describe(renamed, after)),
    ),
    ...retentionChange(before.retentionDays, after.retentionDays, id),
    ...roleChanges(before, after, id),
  ];
}

function withNamesOf(before: Dataset, after: Dataset): Dataset {
  const renames = new Map(
    matched(before.columns, after.columns).flatMap(([was, is]) => (was ? [[was.name, is.name]] : [])),
  );
  const now = (name: string) => renames.get(name) ?? name;
  const rename = <T extends { readonly column: string }>(held: T): T => ({ ...held, column: now(held.column) });
  return {
    ...before,
    key: before.key.map(now),
    partitionBy: before.partitionBy.map(rename),
    sortBy: before.sortBy.map(rename),
  };
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const names = (list: readonly string[]): string => (list.length === 0 ? 'none' : list.join(', '));
const hours = (value: number | undefined): string => (value === undefined ? 'no promise' : `${value} hours`);
const partitions = (list: Dataset['partitionBy']): string =>
  names(list.map(({ column, transform }) => (transform === 'identity' ? column : `${transform}(${column})`)));

/** What a change of a table's other fields means. */
const tableFacts: readonly {
  readonly field: keyof Dataset;
  readonly kind: (on: string, message: string) => Change;
  readonly describe: (was: Dataset, is: Dataset) => string;
}[] = [
  {
    field: 'key',
    kind: breaking,
    describe: (was, is) => `the key changes from ${names(was.key)} to ${names(is.key)}: rows are merged by it`,
  },
  {
    field: 'history',
    kind: breaking,
    describe: (was, is) =>
      `history changes from ${was.history} to ${is.history}: its columns, and its rows of a key, are others`,
  },
  {
    field: 'partitionBy',
    kind: compatible,
    describe: (was, is) =>
      `partitions change from ${partitions(was.partitionBy)} to ${partitions(is.partitionBy)}, for new data`,
  },
  { field: 'sortBy', kind: compatible, describe: () => 'the order of rows in files changes, for new data' },
  { field: 'source', kind: compatible, describe: () => 'where its files arrive, or their shape, changes' },
  {
    field: 'materialization',
    kind: compatible,
    describe: (was, is) =>
      `how a model fills it changes from ${was.materialization?.kind ?? 'none'} to ${is.materialization?.kind ?? 'none'}`,
  },
  {
    field: 'dailyVolumeGb',
    kind: compatible,
    describe: (was, is) =>
      `its volume changes from ${was.dailyVolumeGb ?? 'unknown'} to ${is.dailyVolumeGb ?? 'unknown'} GB a day`,
  },
  {
    field: 'maxQuarantinePercent',
    kind: compatible,
    describe: (was, is) =>
      `the share of rows that may go to quarantine changes from ${was.maxQuarantinePercent} to ${is.maxQuarantinePercent} percent`,
  },
  {
    field: 'sla',
    kind: compatible,
    describe: (was, is) => `freshness changes from ${hours(was.sla.freshnessHours)} to ${hours(is.sla.freshnessHours)}`,
  },
  { field: 'description', kind: text, describe: () => 'its description changes' },
  { field: 'tags', kind: text, describe: () => 'its tags change' },
  {
    field: 'owners',
    kind: text,
    describe: (was, is) => `its owners change from ${names(was.owners)} to ${names(is.owners)}`,
  },
];

/** Columns are matched by the id that their property has, then by name. */
function columnChanges(before: Dataset, after: Dataset, table: string): Change[] {
  const pairs = matched(before.columns, after.columns);
  const kept = pairs.flatMap(([was]) => was ?? []);
  const changes: Change[] = before.columns
    .filter((column) => !kept.includes(column))
    .map((was) => breaking(`${table}.${was.name}`, `the column is removed; it was ${typeText(was.type)}`));
  for (const [was, is] of pairs) {
    const on = `${table}.${is.name}`;
    const type = typeText(is.type);
    if (was !== undefined) changes.push(...columnChange(was, is, on));
    else if (is.required)
      changes.push(breaking(on, `a required column ${type} is added: rows that are there have no value for it`));
    else changes.push(compatible(on, `a column ${type} is added`));
  }
  if (
    !same(
      kept,
      before.columns.filter((column) => kept.includes(column)),
    )
  )
    changes.push(compatible(table, 'the order of columns changes'));
  return changes;
}

/** Each new column with the one that it was: of the same id, else of the same name where that one's id says nothing else. */
function matched(before: readonly Column[], after: readonly Column[]): [Column | undefined, Column][] {
  const ids = new Set(after.flatMap(({ id }) => id ?? []));
  return after.map((is) => {
    const byId = is.id === undefined ? undefined : before.find((was) => was.id === is.id);
    const byName = before.find((was) => was.name === is.name && (was.id === undefined || !ids.has(was.id)));
    return [byId ?? byName, is];
  });
}

function columnChange(was: Column, is: Column, on: string): Change[] {
  const changes: Change[] = [];
  if (was.name !== is.name)
    changes.push(
      breakingForReaders(on, `the column is renamed from ${was.name}: queries that name it fail, its values stay`),
    );
  if (!sameType(was.type, is.type)) changes.push(typeChange(was.type, is.type, on));
  if (was.required && !is.required) changes.push(compatible(on, 'the column may be null'));
  if (!was.required && is.required)
    changes.push(breaking(on, 'the column must not be null: rows that are there may have no value'));
  const making = ({ transform, sourceColumns, sourceType }: Column) => [transform, sourceColumns, sourceType];
  if (!same(making(was), making(is)))
    changes.push(compatible(on, 'how it is made from its source changes, for new data'));
  if (was.classification !== is.classification)
    changes.push(
      compatible(
        on,
        `its classification changes from ${was.classification ?? 'none'} to ${is.classification ?? 'none'}`,
      ),
    );
  if (was.subject !== is.subject)
    changes.push(
      compatible(
        on,
        `whom it names changes from ${was.subject ?? 'nobody'} to ${is.subject ?? 'nobody'}, for erasures`,
      ),
    );
  if (was.description !== is.description) changes.push(text(on, 'its description changes'));
  if (!same(was.tags, is.tags)) changes.push(text(on, 'its tags change'));
  return changes;
}

function typeChange(was: Type, is: Type, on: string): Change {
  const message = `the type changes from ${typeText(was)} to ${typeText(is)}`;
  return widens(was, is)
    ? compatible(on, `${message}, which holds every value`)
    : breaking(on, `${message}: values that are there cannot be read so`);
}

function ruleChanges(before: Dataset, after: Dataset, on: string): Change[] {
  const rulesOf = (dataset: Dataset) =>
    new Map(dataset.rules.filter((rule) => !isToldElsewhere(rule, dataset)).map((rule) => [rule.name, rule]));
  const [was, is] = [rulesOf(before), rulesOf(after)];
  return [
    ...[...was.keys()].filter((name) => !is.has(name)).map((name) => compatible(on, `the rule ${name} is removed`)),
    ...[...is].flatMap(([name, rule]) => {
      const old = was.get(name);
      if (old === undefined) return compatible(on, `the rule ${name} is added, for new data`);
      return same(old, rule) ? [] : compatible(on, `the rule ${name} changes, for new data`);
    }),
  ];
}

/** That a column is required, of which type it is, and how fresh a table is, is told as a change of these. */
function isToldElsewhere(rule: Rule, { columns, maxQuarantinePercent, sla }: Dataset): boolean {
  if (rule.name.endsWith('.notNull')) return true;
  const told = [...columns.flatMap((column) => typeRule(column, maxQuarantinePercent)), ...freshnessRule(sla)];
  return told.some((other) => same(other, rule));
}

function retentionChange(was: number | undefined, is: number | undefined, on: string): Change[] {
  if (was === is) return [];
  const days = (value: number | undefined) =>
    value === undefined ? "as long as the zone's default says" : `${value} days`;
  const message = `rows are kept ${days(is)}, before ${days(was)}`;
  // Against a zone's default no one can tell which is longer; then what is said now is a promise more.
  const isShorter = is !== undefined && was !== undefined && is < was;
  return [isShorter ? breakingForReaders(on, `${message}: older ones go`) : compatible(on, message)];
}

function roleChanges(before: Dataset, after: Dataset, on: string): Change[] {
  const rolesOf = ({ roles }: Dataset) => roles.map(({ role, access }) => `${role} (${access})`);
  const [was, is] = [rolesOf(before), rolesOf(after)];
  return [
    ...was
      .filter((role) => !is.includes(role))
      .map((role) => breakingForReaders(on, `the role ${role} loses its access`)),
    ...is.filter((role) => !was.includes(role)).map((role) => compatible(on, `the role ${role} gets access`)),
  ];
}
