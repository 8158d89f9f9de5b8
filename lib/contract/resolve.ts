import { givenAllowed, type Problem } from '../errors';
import { deepFreeze } from '../freeze';
import { columnName, readColumn } from './column';
import { type Custom, readCustom, tableProperties } from './custom';
import type { Column, Dataset, Partition, SortKey } from './dataset';
import { freshnessRule, typeRule } from './derived';
import type { Document, Path } from './document';
import { type Filled, historyOf, materializationOf } from './materialization';
import { longestTableName, nameProblem, quarantineSuffix } from './names';
import { Notes } from './notes';
import type { DataContract, SchemaObject, SchemaProperty } from './odcs';
import { transformOf, transformProblem } from './partition';
import { bindReferences, type ForeignKey, foreignKeys } from './references';
import { retentionOf } from './retention';
import { ownersOf, promisesOf, rolesOf } from './service';
import { postgresOf, sourceOf, type ZoneKind } from './source';
import { show } from './strict';
import { rulesOf } from './table-rules';

/** What a contract says, resolved. */
export interface ResolvedContract {
  /** Its tables, each with its place in the contract. */
  readonly datasets: readonly ResolvedDataset[];
  readonly problems: readonly Problem[];
  readonly notices: readonly Problem[];
}

export interface ResolvedDataset {
  readonly dataset: Dataset;
  /** Where the contract declares it, for problems found later. */
  readonly path: Path;
  /** Where its properties stand, by the name of their column. */
  readonly columnPaths: ReadonlyMap<string, Path>;
  /** Where its rules stand, by their name; of a derived rule its property. */
  readonly rulePaths: ReadonlyMap<string, Path>;
  /** What others may call it: its name, its name in storage, its id. */
  readonly names: readonly string[];
  /** What others may call its columns. */
  readonly columnNames: ReadonlyMap<string, string>;
  /** References to tables that are not in the contract: rules, once a platform knows where those are. */
  readonly foreignKeys: readonly ForeignKey[];
}

/** Without a platform around it, a contract may name any zone for its table; files arrive in this one. */
const standardZones: readonly ZoneKind[] = [
  { name: 'bronze', holds: 'files' },
  { name: 'silver', holds: 'iceberg' },
  { name: 'gold', holds: 'iceberg' },
];

/** Turns a contract whose words are right (`dataContract`) into its tables, with every default applied. */
export function resolveContract(
  contract: DataContract,
  document: Document,
  zones?: readonly ZoneKind[],
): ResolvedContract {
  const notes = new Notes(document);
  if (!/^\d+\.\d+\.\d+([-+][\w.-]+)?$/.test(contract.version))
    notes.problem(['version'], `must be a semantic version such as 1.0.0; given ${show(contract.version)}`);
  const shared = readCustom(tableProperties, contract.customProperties, [], notes);
  const roles = rolesOf(contract, notes);
  const datasets = (contract.schema ?? []).map((table, i) => {
    const path = ['schema', i];
    const custom = { ...shared, ...readCustom(tableProperties, table.customProperties, path, notes) };
    return new TableReader(contract, document, table, path, custom, zones, notes).read(roles);
  });
  if (datasets.length === 0) notes.problem(['schema'], 'is missing; it must hold at least one table');
  const bound = bindReferences(
    datasets.map((resolved) => ({ resolved, document })),
    (path, message) => notes.problem(path, message),
  );
  return {
    datasets: bound.map(({ resolved }) => resolved),
    problems: unrepeated(notes.problems),
    notices: unrepeated(notes.notices),
  };
}

/** Several tables of one contract say what is wrong with what they share, once each. */
const unrepeated = (problems: readonly Problem[]): Problem[] => [
  ...new Map(problems.map((problem) => [`${problem.path}\n${problem.message}`, problem])).values(),
];

/** Reads one table of a contract. */
class TableReader {
  private readonly columns: readonly Column[];
  private readonly columnPaths = new Map<string, Path>();
  private readonly name: string;

  constructor(
    private readonly contract: DataContract,
    private readonly document: Document,
    private readonly table: SchemaObject,
    private readonly path: Path,
    private readonly custom: Custom<typeof tableProperties>,
    private readonly zones: readonly ZoneKind[] | undefined,
    private readonly notes: Notes,
  ) {
    this.name = table.physicalName ?? table.name;
    this.columns = this.properties.map((property, i) => {
      const at = [...path, 'properties', i];
      const column = readColumn(property, at, notes);
      if (this.columnPaths.has(column.name))
        notes.problem([...at, 'name'], `must be unique in its table; ${show(column.name)} is given twice`);
      this.columnPaths.set(column.name, at);
      return column;
    });
  }

  read(roles: Dataset['roles']): ResolvedDataset {
    this.checkName();
    const zone = this.zone();
    const key = this.positions('primaryKey', 'primaryKeyPosition').map(columnName);
    const source = sourceOf(this.contract, this.name, this.zones ?? standardZones, this.notes);
    const partitionBy = this.partitions();
    const arrives = source !== undefined;
    const { custom, columns, path } = this;
    const filled: Filled = { custom, columns, key, partitionBy, arrives, path };
    const materialization = materializationOf(filled, this.notes);
    const { watermark } = custom;
    if (watermark !== undefined && materialization !== undefined && 'column' in materialization)
      this.checkColumn(watermark.value, watermark.path, 'watermark');
    const history = historyOf(filled, materialization, this.columnPaths, this.notes);
    const byProperty = new Map(this.properties.map((property, i) => [property.name, this.columns[i]!]));
    const promises = promisesOf(
      this.contract,
      { names: [this.table.name, this.name], columns: byProperty },
      this.notes,
    );
    const retention = retentionOf(
      { name: this.name, columns: this.columns, history, partitionBy, promises, said: this.custom.retention },
      this.notes,
    );
    const description = this.table.description ?? this.contract.description?.purpose;
    const { file } = this.document;
    const maxQuarantinePercent = this.custom.maxQuarantinePercent?.value ?? 10;
    const postgres = postgresOf(this.contract, this.table.name);
    const { rules, paths } = rulesOf(
      {
        table: this.table,
        columns,
        key,
        history,
        target: { zone, table: this.name, columns: byProperty, arrives },
        path,
        columnPaths: this.columnPaths,
      },
      [
        ...(arrives ? columns.flatMap((column) => typeRule(column, maxQuarantinePercent)) : []),
        ...freshnessRule(promises.sla),
      ],
      this.notes,
    );
    const keys = foreignKeys(this.table, this.path, byProperty, this.notes);
    const dataset: Dataset = {
      name: this.name,
      zone,
      contract: { id: this.contract.id, version: this.contract.version, ...(file === undefined ? {} : { file }) },
      ...(description == null ? {} : { description }),
      columns: this.columns,
      key,
      partitionBy,
      sortBy: this.sortBy(),
      rules,
      ...(source === undefined ? {} : { source }),
      ...(postgres === undefined ? {} : { postgres }),
      history,
      ...(materialization === undefined ? {} : { materialization }),
      ...retention,
      ...(this.custom.volumePerDay === undefined ? {} : { dailyVolumeGb: this.custom.volumePerDay.value }),
      maxQuarantinePercent,
      sla: promises.sla,
      owners: ownersOf(this.contract),
      tags: [...new Set([...(this.contract.tags ?? []), ...(this.table.tags ?? [])])],
      roles,
    };
    return {
      dataset: deepFreeze(dataset),
      path: this.path,
      columnPaths: this.columnPaths,
      rulePaths: paths,
      names: [this.table.name, this.name, ...(this.table.id === undefined ? [] : [this.table.id])],
      columnNames: namesOf(this.properties),
      foreignKeys: keys,
    };
  }

  private get properties(): readonly SchemaProperty[] {
    return this.table.properties ?? [];
  }

  private checkName(): void {
    const at = [...this.path, this.table.physicalName === undefined ? 'name' : 'physicalName'];
    const problem = nameProblem(this.name, longestTableName);
    if (problem !== undefined) this.notes.problem(at, problem);
    if (this.name.endsWith(quarantineSuffix))
      this.notes.problem(at, `must not end in ${quarantineSuffix}: the quarantine of a table is named so`);
    if (/^(stg|int)_/.test(this.name))
      this.notes.problem(at, 'must not begin with stg_ or int_: models of that name have no table');
    if (this.columns.length === 0)
      this.notes.problem([...this.path, 'properties'], 'is missing; a table must have at least one column');
  }

  private zone(): string {
    const tables = this.zones?.filter((zone) => zone.holds === 'iceberg').map((zone) => zone.name);
    const { zone } = this.custom;
    if (zone === undefined) {
      const allowed = tables ?? standardZones.filter(({ holds }) => holds === 'iceberg').map(({ name }) => name);
      this.notes.problem(
        ['customProperties'],
        `must name the table's zone: property zone with a value of ${allowed.join(', ')}`,
      );
      return '';
    }
    if (tables?.includes(zone.value) === false)
      this.notes.problem(zone.path, `of zone must be a zone that holds tables; ${givenAllowed(zone.value, tables)}`);
    return zone.value;
  }

  /** Properties for which a flag is set, in the order of their positions; those without a position follow, as they stand. */
  private positions(flag: 'primaryKey' | 'partitioned', position: 'primaryKeyPosition' | 'partitionKeyPosition') {
    const taken = new Set<number>();
    const chosen = this.properties.flatMap((property, i) => {
      const at = [...this.path, 'properties', i, position];
      const place = property[position] ?? -1;
      if (property[flag] !== true) {
        if (place > 0) this.notes.notice(at, `is kept, but has no effect: ${flag} is not true`);
        return [];
      }
      if (place === 0 || place < -1) this.notes.problem(at, `must count from 1, or be -1 for none; given ${place}`);
      if (place > 0 && taken.has(place)) this.notes.problem(at, `must be unique in its table; ${place} is given twice`);
      taken.add(place);
      return { property, order: place > 0 ? place : Number.POSITIVE_INFINITY };
    });
    // Infinity - Infinity is no number, so equals compare as 0; sort is stable.
    return chosen.sort((a, b) => (a.order === b.order ? 0 : a.order - b.order)).map(({ property }) => property);
  }

  private partitions(): Partition[] {
    return this.positions('partitioned', 'partitionKeyPosition').map((property) => {
      const i = this.properties.indexOf(property);
      const { transform, path } = transformOf(property);
      const problem = transformProblem(transform, this.columns[i]!.type);
      if (problem !== undefined) this.notes.problem([...this.path, 'properties', i, ...path], problem);
      return { column: columnName(property), transform };
    });
  }

  private sortBy(): SortKey[] {
    const { sortBy } = this.custom;
    if (sortBy === undefined) return [];
    return [sortBy.value]
      .flat()
      .flatMap((text) => text.split(','))
      .map((text) => {
        const [column = '', direction = 'asc', ...rest] = text.trim().split(/\s+/);
        this.checkColumn(column, sortBy.path, 'sortBy');
        if (rest.length > 0 || !/^(asc|desc)$/i.test(direction))
          this.notes.problem(sortBy.path, `of sortBy must be a column, or a column and desc; given ${show(text)}`);
        return { column, direction: /^desc$/i.test(direction) ? 'desc' : 'asc' };
      });
  }

  private checkColumn(name: string, path: Path, what: string): void {
    if (!this.columnPaths.has(name))
      this.notes.problem(
        path,
        `of ${what} must be a column of ${this.name}; ${givenAllowed(name, [...this.columnPaths.keys()])}`,
      );
  }
}

/** A property may be called by its name, its name in storage, or its id. */
function namesOf(properties: readonly SchemaProperty[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const property of properties) if (property.id !== undefined) names.set(property.id, columnName(property));
  for (const property of properties) names.set(columnName(property), columnName(property));
  for (const property of properties) names.set(property.name, columnName(property));
  return names;
}
