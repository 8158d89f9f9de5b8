/** A ready-made migration that a platform asks for, resolved: plain JSON. */
export interface ReadyMade {
  readonly recipe: string;
  /** What it makes: a table, a store, a role. With the recipe it names it in the ledger. */
  readonly name: string;
  readonly parameters: unknown;
  /** Applied once the file of this number is; 0: before all files; `files`: after all of them. */
  readonly after: number | 'files';
}

/**
 * How a ready-made migration is made: pure functions of its parameters, whose text never changes once it was released.
 * What a later version of Ingot makes differently is one more step.
 */
export interface Recipe<Parameters> {
  /** The first makes it; each of the others brings what the ones before it have made up to date. */
  readonly steps: readonly ((parameters: Parameters) => readonly string[])[];
  /**
   * Statements that change what was made of `before` into what is made of `after`; a sentence where that cannot be done
   * without losing anything.
   */
  readonly change: (before: Parameters, after: Parameters) => readonly string[] | string;
}

/** A recipe whose parameters come from a manifest or a ledger. */
export type AnyRecipe = Recipe<never>;
