import { z } from 'zod';
import type { Dataset } from '../contract/dataset';
import { strict } from '../contract/strict';
import { givenAllowed } from '../errors';
import { pgColumns } from './ready/columns';
import type { ReadyMade } from './ready/ready-made';

/** What `database:` of platform.yaml says of migrations. */
export interface MigrationsDeclaration {
  /**
   * Folder of SQL files, relative to the platform's folder.
   * @default migrations, where it is there
   */
  readonly migrations?: string;
  /** Ready-made migrations, in the order in which they are applied. */
  readonly uses?: readonly UseDeclaration[];
}

interface Placed {
  /**
   * Number of the file after which it is applied; 0: before all; `files`: after all.
   * @default files for readModel, fullTextSearch, keysetPagination and role, else 0
   */
  readonly after?: number | 'files';
}

/** A ready-made migration, by its name. Tables are in the schema `public` unless they name another, `app.airports`. */
export type UseDeclaration =
  | { readonly referenceTable: OfContract & { readonly references?: Readonly<Record<string, string>> } }
  | { readonly eventStore: Placed & { readonly name: string } }
  | { readonly historyTable: OfContract }
  | {
      readonly timeSeries: OfContract & {
        /** @default the column by which the contract says how old a row is */
        readonly time?: string;
        readonly every?: 'day' | 'week' | 'month';
        /** @default as the contract says */
        readonly keepDays?: number;
      };
    }
  | {
      readonly readModel: Placed & {
        readonly name: string;
        readonly query: string;
        readonly key: readonly string[];
        readonly every?: string;
      };
    }
  | {
      readonly fullTextSearch: Placed & {
        readonly table: string;
        readonly columns: Readonly<Record<string, 'A' | 'B' | 'C' | 'D'>>;
        readonly language?: string;
      };
    }
  | {
      readonly keysetPagination: Placed & {
        readonly table: string;
        readonly by: readonly string[];
        readonly direction?: 'asc' | 'desc';
      };
    }
  | {
      readonly role: Placed & {
        readonly name: string;
        readonly read?: readonly string[];
        readonly write?: readonly string[];
        readonly call?: readonly string[];
        readonly replication?: boolean;
      };
    };

interface OfContract extends Placed {
  /** The dataset whose contract gives the columns and the key: `silver.airports`. */
  readonly contract: string;
  /** @default the dataset's name */
  readonly table?: string;
}

const name = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, {
  error: (issue) =>
    `must be lower-case letters, digits and underscores, a letter first, at most 40; given ${JSON.stringify(issue.input)}`,
});
const table = z.string().regex(/^([a-z][a-z0-9_]{0,39}\.)?[a-z][a-z0-9_]{0,39}$/, {
  error: (issue) =>
    `must be a table such as airports or app.airports, in lower-case letters, digits and underscores, at most 40; given ${JSON.stringify(issue.input)}`,
});
const column = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, {
  error: (issue) => `must be the name of a column; given ${JSON.stringify(issue.input)}`,
});
const every = z.string().regex(/^[1-9][0-9]{0,4} (minutes?|hours?|days?)$/, {
  error: (issue) => `must be a time such as 15 minutes, 1 hour or 1 day; given ${JSON.stringify(issue.input)}`,
});
const after = z
  .union([z.int().min(0), z.literal('files')], {
    error: (issue) =>
      `must be the number of a migration file, 0 (before all) or files (after all); given ${JSON.stringify(issue.input)}`,
  })
  .optional()
  .describe('Number of the file after which it is applied; 0: before all; files: after all.');
const contract = z.string().describe('The dataset whose contract gives columns and key: zone.table.');
const ofContract = { contract, table: table.optional().describe("By default the dataset's name."), after };

/** Every ready-made migration that a platform may ask for. Each entry of `uses` names one. */
const useShapes = {
  referenceTable: strict({
    ...ofContract,
    references: z
      .record(column, table)
      .optional()
      .describe('Reference tables that this one refers to, by the name of the column.'),
  }).describe('Things that others refer to: UUID keys, soft delete, attributes, updated_at.'),
  eventStore: strict({ name: name.describe('Name of the store; begins the names of its tables.'), after }).describe(
    'Events in streams: append with the expected version, replay.',
  ),
  historyTable: strict(ofContract).describe('Every version of a row (SCD type 2), and the table as of any time.'),
  timeSeries: strict({
    ...ofContract,
    time: column.optional().describe('By default the column by which the contract says how old a row is.'),
    every: z.enum(['day', 'week', 'month']).optional().describe('What a partition holds. By default month.'),
    keepDays: z
      .int()
      .min(1)
      .max(36_500)
      .optional()
      .describe('Days that rows are kept. By default as the contract says.'),
  }).describe('A table with partitions by time.'),
  readModel: strict({
    name: table.describe('Name of the view.'),
    query: z.string().min(1).describe('The SELECT that fills it.'),
    key: z.array(column).min(1).describe('Columns that tell its rows apart.'),
    every: every.optional().describe('How often it is refreshed. By default 15 minutes.'),
    after,
  }).describe('A materialised view, refreshed concurrently.'),
  fullTextSearch: strict({
    table: table.describe('The table that gets the column.'),
    columns: z.record(column, z.enum(['A', 'B', 'C', 'D'])).describe('Columns and their weights; A counts most.'),
    language: z
      .string()
      .regex(/^[a-z_]{2,30}$/, {
        error: (issue) =>
          `must be a configuration of PostgreSQL's text search, such as english; given ${JSON.stringify(issue.input)}`,
      })
      .optional()
      .describe('By default english.'),
    after,
  }).describe('A column for full-text search, kept up to date, with a GIN index.'),
  keysetPagination: strict({
    table: table.describe('The table whose rows are paged.'),
    by: z.array(column).min(1).describe('Columns that order the rows; together they must be unique and never null.'),
    direction: z.enum(['asc', 'desc']).optional().describe('By default asc.'),
    after,
  }).describe('Pages that neither skip nor repeat a row.'),
  role: strict({
    name: name.describe('The function that logs in; the role is ingot_<name>.'),
    read: z.array(table).optional().describe('Tables and views that it may read.'),
    write: z.array(table).optional().describe('Tables that it may read and change.'),
    call: z.array(table).optional().describe('Functions that it may call.'),
    replication: z.boolean().optional().describe('Whether it may follow the log. By default false.'),
    after,
  }).describe('The database role of a function, and its grants.'),
};

/** What `database:` of platform.yaml may say of migrations. */
export const migrationWords = {
  migrations: z
    .string()
    .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$)).+$/, {
      error: (issue) => `must be a folder below the platform's; given ${JSON.stringify(issue.input)}`,
    })
    .optional()
    .describe('Folder of SQL files. By default migrations, where it is there.'),
  uses: z
    .array(
      strict(Object.fromEntries(Object.entries(useShapes).map(([key, shape]) => [key, shape.optional()]))).refine(
        (use) => Object.keys(use).length === 1,
        { error: () => `must name one ready-made migration: ${Object.keys(useShapes).join(', ')}` },
      ),
    )
    .optional()
    .describe('Ready-made migrations, in the order in which they are applied.') as unknown as z.ZodOptional<
    z.ZodType<readonly UseDeclaration[]>
  >,
};

export interface UseProblem {
  /** Below `database.uses`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Words = Placed & Record<string, unknown>;

/** Resolves `uses`: what a contract says is put in its place, with every default. */
export function resolveUses(
  uses: readonly UseDeclaration[],
  datasets: readonly Dataset[],
): { readonly uses: readonly ReadyMade[]; readonly problems: readonly UseProblem[] } {
  const problems: UseProblem[] = [];
  const seen = new Set<string>();
  const resolved = uses.flatMap((use, i): ReadyMade[] => {
    const [recipe, words] = Object.entries(use)[0] as [keyof typeof useShapes, Words];
    const problem = (field: string, message: string) => problems.push({ path: [i, recipe, field], message });
    const parameters = parametersOf[recipe](words, datasets, problem);
    if (parameters === undefined) return [];
    const made = parameters.table ?? parameters.name!;
    if (seen.has(`${recipe} ${made}`)) problem('', `must be asked for once; ${made} is there already`);
    seen.add(`${recipe} ${made}`);
    return [{ recipe, name: made, parameters, after: words.after ?? (last.has(recipe) ? 'files' : 0) }];
  });
  return { uses: resolved, problems };
}

/** What speaks of tables that files may make. */
const last = new Set(['readModel', 'fullTextSearch', 'keysetPagination', 'role']);

type Parameters = { readonly table?: string; readonly name?: string } & Readonly<Record<string, unknown>>;
type Resolve = (
  words: Words,
  datasets: readonly Dataset[],
  problem: (field: string, message: string) => void,
) => Parameters | undefined;

const parametersOf: Readonly<Record<keyof typeof useShapes, Resolve>> = {
  eventStore: ({ name }) => ({ name: name as string }),
  referenceTable(words, datasets, problem) {
    const own = ['id', 'attributes', 'created_at', 'updated_at', 'deleted_at'];
    const found = fromContract(words, datasets, own, problem);
    return found && { ...found, references: (words.references as Record<string, string> | undefined) ?? {} };
  },
  historyTable(words, datasets, problem) {
    const found = fromContract(words, datasets, ['valid_from', 'valid_to', 'is_current'], problem);
    if (found?.key.length === 0)
      problem('contract', `must be of a dataset with a primary key; given ${words.contract}`);
    return found;
  },
  timeSeries(words, datasets, problem) {
    const found = fromContract(words, datasets, [], problem);
    if (found === undefined) return undefined;
    const { dataset } = found;
    const time = (words.time as string | undefined) ?? dataset.retentionColumn;
    const types = ['date', 'timestamp', 'timestamptz'];
    const times = found.columns.filter(({ type }) => types.includes(type)).map((one) => one.name);
    if (time === undefined || !times.includes(time))
      problem('time', `must be a column of type date, timestamp or timestamptz; ${givenAllowed(time, times)}`);
    const keepDays = (words.keepDays as number | undefined) ?? dataset.retentionDays;
    return {
      table: found.table,
      columns: found.columns,
      key: found.key,
      time,
      every: words.every ?? 'month',
      ...(keepDays === undefined ? {} : { keepDays }),
    };
  },
  readModel: ({ name, query, key, every: interval }) => ({
    name: name as string,
    query: (query as string).trim().replace(/;$/, ''),
    key,
    every: interval ?? '15 minutes',
  }),
  fullTextSearch: ({ table: of, columns, language }) => ({
    table: of as string,
    columns,
    language: language ?? 'english',
  }),
  keysetPagination: ({ table: of, by, direction }) => ({ table: of as string, by, direction: direction ?? 'asc' }),
  role: ({ name, read, write, call, replication }) => ({
    name: name as string,
    read: read ?? [],
    write: write ?? [],
    call: call ?? [],
    replication: replication ?? false,
  }),
};

function fromContract(
  words: Words,
  datasets: readonly Dataset[],
  own: readonly string[],
  problem: (field: string, message: string) => void,
) {
  const ids = datasets.map((one) => `${one.zone}.${one.name}`);
  const dataset = datasets[ids.indexOf(words.contract as string)];
  if (dataset === undefined) {
    problem('contract', `must be a table that has a contract; ${givenAllowed(words.contract, ids)}`);
    return undefined;
  }
  const clash = dataset.columns.filter(({ name: one }) => own.includes(one)).map(({ name: one }) => one);
  if (clash.length > 0)
    problem(
      'contract',
      `must be of a dataset without columns that the table has of its own; given ${clash.join(', ')}`,
    );
  const made = {
    table: (words.table as string | undefined) ?? dataset.name,
    columns: pgColumns(dataset.columns),
    key: dataset.key,
  };
  return Object.defineProperty(made, 'dataset', { value: dataset, enumerable: false }) as typeof made & {
    readonly dataset: Dataset;
  };
}
