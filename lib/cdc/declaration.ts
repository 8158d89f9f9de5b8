import { z } from 'zod';
import type { Dataset } from '../contract/dataset';
import { strict } from '../contract/strict';
import { givenAllowed } from '../errors';
import { tableId } from '../platform/lookup';
import { type Mode, reservedNames } from './columns';
import {
  type DeployedCdc,
  type DeployedCdcDeclaration,
  deployedProblems,
  deployedWords,
  resolveDeployed,
} from './deployed';

/**
 * A PostgreSQL database whose changes fill tables of the lake. Which tables, with which columns and keys, follows from the
 * contracts: those whose server of type postgres has this name.
 */
export interface CdcDeclaration extends DeployedCdcDeclaration {
  /**
   * Publication of the source that names the tables.
   * @default ingot_<name>
   */
  readonly publication?: string;
  /**
   * Replication slot that remembers how far was read.
   * @default ingot_<name>
   */
  readonly slot?: string;
  /**
   * What a TRUNCATE does: `apply` empties the table, `refuse` leaves it as it is, and puts the truncation into quarantine.
   * @default apply
   */
  readonly truncate?: 'apply' | 'refuse';
  /**
   * What a compatible change of the source's schema does (a new column, a wider type): `evolve` changes the table, `pause`
   * pauses it, as an incompatible one always does.
   * @default evolve
   */
  readonly schemaChanges?: 'evolve' | 'pause';
  /**
   * Tables that keep every change as it was, `zone.table`. Of all others the contract says what they keep: the rows that the
   * source has, or with `history: scd2` every version of them.
   * @default none
   */
  readonly log?: readonly string[];
  /**
   * Days that deletes are remembered, so that a change that comes late brings no row back: longer than any change may be
   * under way.
   * @default 30
   */
  readonly rememberDays?: number;
}

/** A source of changes, resolved. */
export interface CdcSource {
  /** The name of its server in contracts. */
  readonly name: string;
  readonly publication: string;
  readonly slot: string;
  readonly truncate: 'apply' | 'refuse';
  readonly schemaChanges: 'evolve' | 'pause';
  readonly rememberDays: number;
  readonly tables: readonly CdcTable[];
  /** How a deployment follows it; absent where the platform has no database of its own, and no other one is named. */
  readonly deployed?: DeployedCdc;
}

/** A table of a source, and the table of the lake that it fills. */
export interface CdcTable {
  /** `zone.table`. */
  readonly table: string;
  readonly mode: Mode;
  /** Its schema and name at the source. */
  readonly schema: string;
  readonly name: string;
}

const name = (what: string) =>
  z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/, {
    error: (issue) =>
      `must be the name of a ${what}, at most 63 lower-case letters, digits and underscores; given ${JSON.stringify(issue.input)}`,
  });

export const cdcWords = z.record(
  z.string(),
  strict({
    publication: name('publication').optional().describe('Publication of the source. By default ingot_<name>.'),
    slot: name('replication slot').optional().describe('Replication slot at the source. By default ingot_<name>.'),
    truncate: z
      .enum(['apply', 'refuse'])
      .optional()
      .describe('Whether a TRUNCATE empties the table, or goes to quarantine. By default apply.'),
    schemaChanges: z
      .enum(['evolve', 'pause'])
      .optional()
      .describe(
        "Whether a compatible change of the source's schema changes the table, or pauses it. By default evolve.",
      ),
    log: z.array(z.string()).optional().describe('Tables that keep every change as it was, as zone.table.'),
    rememberDays: z
      .int()
      .min(1)
      .max(3650)
      .optional()
      .describe('Days that deletes are remembered, 1 to 3650; longer than a change may be under way. By default 30.'),
    ...deployedWords,
  }).describe('A PostgreSQL database whose changes fill tables of the lake.'),
);

/** A file of changes, for runs on this machine. */
export interface LocalChangesDeclaration {
  /**
   * Its path, relative to the platform's folder: a record a line, as AWS DMS or Debezium writes it. It may grow between
   * runs.
   */
  readonly file: string;
  /** The source that they are of, a name in `cdc`. */
  readonly of: string;
}

/** `local.changes` of platform.yaml. */
export const localChangesWords = z
  .array(
    strict({
      file: z
        .string()
        .describe('Path of a file of records as AWS DMS or Debezium writes them, one a line. It may grow.'),
      of: z.string().describe('The source in cdc that they are of.'),
    }),
  )
  .describe('Changes that are applied to the tables of their source before a run, each once.');

type Declared = Readonly<Record<string, CdcDeclaration>>;

/** Ids of the tables that a declaration's sources fill. */
export function fedTables(declared: Declared | undefined, datasets: readonly Dataset[]): ReadonlySet<string> {
  const named = datasets.filter(
    ({ postgres }) => postgres !== undefined && Object.hasOwn(declared ?? {}, postgres.server),
  );
  return new Set(named.map(tableId));
}

/** Applies the defaults. */
export function resolveCdc(declared: Declared, datasets: readonly Dataset[], hasDatabase: boolean): CdcSource[] {
  return Object.entries(declared).map(([source, said]) => {
    const deployed = resolveDeployed(said, hasDatabase);
    return {
      name: source,
      publication: said.publication ?? `ingot_${source}`,
      slot: said.slot ?? `ingot_${source}`,
      truncate: said.truncate ?? 'apply',
      schemaChanges: said.schemaChanges ?? 'evolve',
      rememberDays: said.rememberDays ?? 30,
      tables: datasets
        .filter(({ postgres }) => postgres?.server === source)
        .map((dataset) => ({
          table: tableId(dataset),
          mode: said.log?.includes(tableId(dataset)) ? 'log' : dataset.history === 'scd2' ? 'history' : 'mirror',
          schema: dataset.postgres!.schema,
          name: dataset.postgres!.table,
        })),
      ...(deployed === undefined ? {} : { deployed }),
    };
  });
}

/** One sentence for each thing that is wrong: with the declaration, or with a dataset's contract. */
export function cdcProblems(
  declared: Declared,
  datasets: readonly Dataset[],
  database?: { readonly logicalReplication?: boolean },
): { readonly path: readonly (string | number)[]; readonly dataset?: Dataset; readonly message: string }[] {
  const servers = [...new Set(datasets.flatMap(({ postgres }) => postgres?.server ?? []))];
  const each = Object.entries(declared).flatMap(([source, said]) => {
    if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(source) || source.length > 30)
      return {
        path: [source],
        message: `must be 1 to 30 lower-case letters, digits or single underscores, a letter first; given ${JSON.stringify(source)}`,
      };
    const fed = datasets.filter(({ postgres }) => postgres?.server === source);
    if (fed.length === 0)
      return {
        path: [source],
        message: `must be the name of a server of type postgres in a contract; ${givenAllowed(source, servers)}`,
      };
    const ids = fed.map(tableId);
    const logged = (said.log ?? []).flatMap((id, i) =>
      ids.includes(id)
        ? []
        : { path: [source, 'log', i], message: `must be a table of the source; ${givenAllowed(id, ids)}` },
    );
    return [...logged, ...fed.flatMap((dataset) => contractProblems(dataset, said))];
  });
  return [...each, ...deployedProblems(declared, database)];
}

function contractProblems(dataset: Dataset, { log = [] }: CdcDeclaration) {
  const { columns, key, source, history, name: table } = dataset;
  const problems: { path: string[]; dataset: Dataset; message: string }[] = [];
  const problem = (message: string) => problems.push({ path: [], dataset, message });
  const id = tableId(dataset);
  if (key.length === 0) problem(`must have a primary key, by which changes of ${id} find their row`);
  if (source !== undefined)
    problem(
      `must be filled by files or by changes: ${id} has a server of type s3 and one whose changes platform.yaml follows`,
    );
  if (history === 'scd2' && log.includes(id))
    problem(`must not keep history where platform.yaml logs every change of ${id}`);
  for (const column of columns) {
    if (reservedNames.includes(column.name))
      problem(`must not have a column ${column.name}: a table that changes fill has one of its own`);
    if (column.transform !== undefined && !column.sourceColumns.includes(column.transform.trim()))
      problem(
        `must have no transformLogic for ${column.name}: changes of ${table} are kept as they are; a model may transform them`,
      );
    if (column.sourceColumns.length > 1) problem(`must make ${column.name} of one column of the source`);
  }
  return problems;
}
