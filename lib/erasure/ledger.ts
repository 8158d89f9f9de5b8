/**
 * Somebody who is to be erased, as the ledger keeps it: for ever, so that it can be done again after a restore. Who it is
 * stands there as keyed hashes alone: a value can be judged by them, and not told from them.
 */
export interface Erasure {
  /** Follows from whom it is of: asked for twice, it is one. */
  readonly id: string;
  /** The contracts' word, for example `customer`. */
  readonly subject: string;
  /** Keyed hashes of the texts that columns of this subject have for them: more than one where a column's type writes it otherwise. */
  readonly hashes: readonly string[];
  /** ISO 8601, UTC. */
  readonly requestedAt: string;
  /** ISO 8601, UTC: when it was done for the first time. Absent: it is to be done. */
  readonly completedAt?: string;
}

/** One way through all places for some erasures. */
export interface ErasureRun {
  /** Sorts by the time of its start. */
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Ids of what is erased. */
  readonly erasures: readonly string[];
  /** Those of them that had been done before, and are done again. */
  readonly again: readonly string[];
}

/** Texts by kind and id, outside of what they speak of: a backup that is restored does not bring an older state of them. */
export interface ErasureLedger {
  get(kind: string, id: string): Promise<string | undefined>;
  /** All of a kind, by id. */
  list(kind: string): Promise<ReadonlyMap<string, string>>;
  /** Writes it unless it is there; gives what is there then. */
  add(kind: string, id: string, value: string): Promise<string>;
  put(kind: string, id: string, value: string): Promise<void>;
}

const order = ({ requestedAt, id }: Erasure): string => `${requestedAt} ${id}`;

const kinds = { secret: 'secret', erasure: 'erasure', run: 'run', place: 'place', report: 'report' } as const;

/** The ledger's entries as what they are. */
export class Erasures {
  constructor(private readonly ledger: ErasureLedger) {}

  /** What makes hashes worthless for whoever has not got it; made with the first request. */
  async secret(fresh: () => string): Promise<string> {
    return (await this.ledger.get(kinds.secret, 'hashes')) ?? this.ledger.add(kinds.secret, 'hashes', fresh());
  }

  /** The first that was asked for first. */
  async erasures(): Promise<Erasure[]> {
    return (await this.all<Erasure>(kinds.erasure)).sort((a, b) => (order(a) < order(b) ? -1 : 1));
  }

  /** Asked for twice, it is one erasure. */
  async request(erasure: Erasure): Promise<Erasure> {
    return JSON.parse(await this.ledger.add(kinds.erasure, erasure.id, JSON.stringify(erasure))) as Erasure;
  }

  put(erasure: Erasure): Promise<void> {
    return this.ledger.put(kinds.erasure, erasure.id, JSON.stringify(erasure));
  }

  begin(run: ErasureRun): Promise<string> {
    return this.ledger.add(kinds.run, run.id, JSON.stringify(run));
  }

  /** @throws Error where there is none of this id */
  async run(id: string): Promise<ErasureRun> {
    const text = await this.ledger.get(kinds.run, id);
    if (text === undefined) throw new Error(`There is no run ${JSON.stringify(id)} of erasures`);
    return JSON.parse(text) as ErasureRun;
  }

  /** What a run did at a place, added to what it has done there before. */
  async addPlace<P extends PlaceDone>(run: string, done: P): Promise<void> {
    const kind = `${kinds.place}-${run}`;
    const text = await this.ledger.get(kind, done.place);
    const before = text === undefined ? undefined : (JSON.parse(text) as PlaceDone);
    await this.ledger.put(kind, done.place, JSON.stringify(before === undefined ? done : sum(before, done)));
  }

  async places(run: string): Promise<PlaceDone[]> {
    return (await this.all<PlaceDone>(`${kinds.place}-${run}`)).sort((a, b) => (a.place < b.place ? -1 : 1));
  }

  putReport(run: string, report: object): Promise<void> {
    return this.ledger.put(kinds.report, run, JSON.stringify(report));
  }

  /** By run, oldest first. */
  async reports<R>(): Promise<R[]> {
    const found = [...(await this.ledger.list(kinds.report))].sort(([a], [b]) => (a < b ? -1 : 1));
    return found.map(([, text]) => JSON.parse(text) as R);
  }

  private async all<T>(kind: string): Promise<T[]> {
    return [...(await this.ledger.list(kind)).values()].map((text) => JSON.parse(text) as T);
  }
}

/** What was done at one place. */
export interface PlaceDone {
  /** `silver.customers`, `silver.customers_quarantine`, `bronze/customers`. */
  readonly place: string;
  readonly kind: 'table' | 'quarantine' | 'changes' | 'window' | 'files' | 'waiting';
  /** Rows, or records, that were removed. */
  readonly rows: number;
  /** Those of them that could not be read, and in which the subject was found by its text. */
  readonly unreadable: number;
  /** Files that held some of it and were written anew. */
  readonly files: number;
  /** Snapshots that were expired, as they held some of it. */
  readonly snapshots: number;
  /** What a branch or a tag still holds, which nobody but its owner takes away. */
  readonly named: readonly string[];
}

const sum = (a: PlaceDone, b: PlaceDone): PlaceDone => ({
  ...b,
  rows: a.rows + b.rows,
  unreadable: a.unreadable + b.unreadable,
  files: a.files + b.files,
  snapshots: a.snapshots + b.snapshots,
});
