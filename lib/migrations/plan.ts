import type { Problem } from '../errors';
import { checksumOf } from './checksum';
import type { Entry } from './ledger';
import { type Marks, type Migration, type Migrations, numberOf, type Pending } from './migration';
import type { AnyRecipe, ReadyMade } from './ready/ready-made';
import { recipes } from './ready/recipes';

export interface Plan {
  /** What is to be applied, in this order. */
  readonly pending: readonly Pending[];
  /** What the database has and the release does not know: a newer release applied it. It stays untouched. */
  readonly newer: readonly string[];
  /** Every way in which the release contradicts the ledger. */
  readonly problems: readonly Problem[];
}

/** Compares a release's migrations with the database's ledger. */
export function planMigrations({ files, uses }: Migrations, ledger: readonly Entry[]): Plan {
  const problems: Problem[] = [];
  const finished = new Map(
    ledger.filter(({ finishedAt }) => finishedAt !== undefined).map((entry) => [entry.name, entry] as const),
  );
  const known = new Set(files.map(({ name }) => name));
  const last = files.reduce((most, { name }) => Math.max(most, numberOf(name)!), 0);
  const strangers = [...finished.keys()].filter((name) => numberOf(name) !== undefined && !known.has(name));
  const newer = strangers.filter((name) => numberOf(name)! > last);
  for (const name of strangers.filter((one) => !newer.includes(one))) {
    const here = files.find((file) => numberOf(file.name) === numberOf(name));
    problems.push({
      where: here?.file ?? `${name}.sql`,
      path: '',
      message: `must be ${name}.sql, which was applied to this database as number ${numberOf(name)}; give a new migration the next number`,
    });
  }
  const pendingFiles = files.filter((file) => {
    const entry = finished.get(file.name);
    if (entry === undefined) return true;
    if (entry.checksum !== file.checksum)
      problems.push({
        where: file.file,
        path: '',
        message: `must stay as it was applied on ${entry.finishedAt!.slice(0, 10)}, with the checksum ${entry.checksum.slice(0, 12)}…; given ${file.checksum.slice(0, 12)}…; write a new migration for what is to change`,
      });
    return false;
  });
  for (const file of pendingFiles) {
    const later = newer.find((name) => numberOf(name)! > numberOf(file.name)!);
    const taken = strangers.some((name) => numberOf(name) === numberOf(file.name));
    if (later !== undefined && !taken)
      problems.push({
        where: file.file,
        path: '',
        message: `must be applied before ${later}.sql, which this database has already; give it a number after that`,
      });
  }
  const pending: Pending[] = [];
  const take = (use: ReadyMade) => pending.push(...pendingOf(use, ledger, (problem) => problems.push(problem)));
  const at = (place: (after: ReadyMade['after']) => boolean) => uses.filter(({ after }) => place(after)).forEach(take);
  at((after) => after === 0);
  for (const file of files) {
    if (pendingFiles.includes(file)) pending.push(file);
    at((after) => after !== 0 && after === numberOf(file.name));
  }
  at((after) => after === 'files');
  return { pending, newer, problems };
}

const unmarked: Marks = { destructive: false, long: false, noTransaction: false };

/** The next migration of a ready-made one: to make it, or to make of what there is what is asked for now. */
function pendingOf(use: ReadyMade, ledger: readonly Entry[], problem: (problem: Problem) => void): Pending[] {
  const { name, parameters } = use;
  const recipe = recipes[use.recipe as keyof typeof recipes] as AnyRecipe;
  const version = recipe.steps.length;
  const prefix = `${use.recipe}/${name}/`;
  const applied = ledger
    .filter((entry) => entry.name.startsWith(prefix) && entry.finishedAt !== undefined)
    .toSorted((a, b) => countOf(a.name) - countOf(b.name));
  const last = applied.at(-1);
  const next = (statements: readonly string[]) => [
    made(`${prefix}${applied.length + 1}`, statements, { version, parameters }),
  ];
  if (last === undefined) return next(recipe.steps.flatMap((step) => step(parameters as never)));
  const wanted = canonical(parameters);
  // What the database was before, it has grown out of: this is an older release.
  if (applied.some((entry) => entry.version! >= version && canonical(entry.parameters) === wanted)) return [];
  if (last.version! > version) return [];
  const upgrade = recipe.steps.slice(last.version!).flatMap((step) => step(last.parameters as never));
  const change =
    canonical(last.parameters) === wanted ? [] : recipe.change(last.parameters as never, parameters as never);
  if (typeof change === 'string') {
    problem({
      where: 'platform.yaml',
      path: `database.uses ${use.recipe} ${name}`,
      message: `${change}; it was made with other parameters, and what goes beyond adding takes a migration of your own and another name`,
    });
    return [];
  }
  return next([...upgrade, ...change]);
}

const countOf = (name: string): number => Number(name.slice(name.lastIndexOf('/') + 1));

function made(name: string, statements: readonly string[], from: NonNullable<Pending['made']>): Pending {
  const migration: Migration = {
    name,
    file: name,
    checksum: checksumOf(statements.join(';\n')),
    marks: unmarked,
    statements: statements.map((sql, i) => ({ sql, line: i + 1 })),
  };
  return { ...migration, made: from };
}

/** JSON with its keys in order: PostgreSQL keeps them in an order of its own. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, held: unknown) =>
    typeof held === 'object' && held !== null && !Array.isArray(held)
      ? Object.fromEntries(Object.entries(held).sort(([a], [b]) => (a < b ? -1 : 1)))
      : held,
  );
}
