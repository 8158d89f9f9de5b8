import type {
  IngestEvent,
  LoadEvent,
  LoadResult,
  PlanResult,
  PublishResult,
  QualityEvent,
  QualityResult,
  TransformEvent,
  TransformResult,
} from '../pipeline/events';
import { findModel, findTable } from '../platform/lookup';
import type { Manifest } from '../platform/manifest';
import type { Progress } from './progress';
import { count, plural } from './report/format';
import type { Failure, StateTiming } from './report/report';
import type { Handlers } from './tasks';

type Work<E, R> = (event: E) => Promise<R>;

/** What is shown of one call of a handler. */
interface Shown<R> {
  /** Name in the timings, and what it works on. */
  readonly name: string;
  readonly of?: string;
  /** While it goes on. */
  readonly doing: string;
  /** Once it is done; `isBad` where what it found stops the run. */
  readonly done: (result: R) => { readonly text: string; readonly isBad?: boolean };
  /** Where it failed: of what, and what a user does about it. */
  readonly failure: Omit<Failure, 'why'>;
}

/** Stands between the state machine and the handlers, and keeps what a report says of a run. */
export class Watch {
  readonly states: StateTiming[] = [];
  /** What was done to each table, in words. */
  readonly changes = new Map<string, string[]>();
  readonly drift = new Map<string, readonly string[]>();
  /** Rows sent to quarantine, by table. */
  readonly quarantined = new Map<string, number>();
  /** Tables of which a rule of severity error failed. */
  readonly refused = new Set<string>();
  plan?: PlanResult;
  private readonly failed = new Map<string, Failure>();

  constructor(
    private readonly manifest: Manifest,
    private readonly progress: Progress,
    /** Milliseconds since 1970 that timings count from. */
    private readonly origin: number,
  ) {}

  /** What handlers threw and no later attempt put right. */
  get failures(): readonly Failure[] {
    return [...this.failed.values()];
  }

  /** The same handlers, watched. */
  watched(handlers: Handlers): Handlers {
    const { ingest, quality, transform, publish } = handlers as Readonly<
      Record<keyof Handlers, Work<unknown, unknown>>
    >;
    return {
      ingest: (event: IngestEvent) =>
        event.action === 'plan'
          ? this.show(this.planning(), ingest as Work<IngestEvent, PlanResult>, event)
          : this.show(this.loading(event), ingest as Work<IngestEvent, LoadResult>, event),
      quality: (event: QualityEvent) =>
        this.show(this.judging(event), quality as Work<QualityEvent, QualityResult>, event),
      transform: (event: TransformEvent) =>
        this.show(this.modelling(event), transform as Work<TransformEvent, TransformResult>, event),
      publish: (event: never) => this.show(this.publishing(), publish as Work<unknown, PublishResult>, event),
    };
  }

  private async show<E, R>(shown: Shown<R>, work: Work<E, R>, event: E): Promise<R> {
    const began = Date.now();
    const step = this.progress.begin(shown.doing);
    const key = shown.doing;
    const note = (failed: boolean) => {
      const earlier = this.states.findIndex(
        (state) => state.name === shown.name && state.of === shown.of && state.failed,
      );
      const retries = earlier === -1 ? 0 : this.states[earlier]!.retries + 1;
      const from = earlier === -1 ? began - this.origin : this.states[earlier]!.from;
      if (earlier !== -1) this.states.splice(earlier, 1);
      const { name, of } = shown;
      this.states.push({ name, of, from, milliseconds: Date.now() - this.origin - from, retries, failed });
    };
    try {
      const result = await work(event);
      const { text, isBad = false } = shown.done(result);
      this.failed.delete(key);
      note(isBad);
      if (isBad) step.failed(text);
      else step.done(text);
      return result;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      // Where the engine failed, no file and no model is to blame.
      const todo = (error as { readonly todo?: string } | undefined)?.todo ?? shown.failure.todo;
      this.failed.set(key, { ...shown.failure, why, todo });
      note(true);
      step.failed(`${shown.doing}: ${why.split('\n', 1)[0]}`);
      throw error;
    }
  }

  private planning(): Shown<PlanResult> {
    return {
      name: 'Plan',
      doing: 'Looking for what is new',
      done: (plan) => {
        this.plan = plan;
        if (plan.empty) return { text: 'Nothing new' };
        const files = plan.tables.flatMap((table) => table.batches).reduce((sum, batch) => sum + batch.files, 0);
        const models = plan.staleModels.length;
        if (files + models === 0)
          return { text: `Found ${plural(plan.unpublished.length, 'table')} to judge and publish` };
        return {
          text: `Found ${[...some(files, 'file to load', 'files to load'), ...some(models, 'model to run', 'models to run')].join(' and ')}`,
        };
      },
      failure: { what: 'Plan', todo: 'Put right what it says, then run again.' },
    };
  }

  private loading({ table, batch }: LoadEvent): Shown<LoadResult> {
    return {
      name: 'Load',
      of: table,
      doing: `Loading ${table}, batch ${batch}`,
      done: ({ status, rows, drift }) => {
        if (status === 'repeated') return { text: `${table}, batch ${batch}, is in the table already` };
        const parts = [
          `${plural(rows.merged, 'row')} merged`,
          ...some(rows.quarantined, 'row to quarantine', 'rows to quarantine'),
          ...some(rows.duplicates, 'duplicate', 'duplicates'),
        ];
        this.change(table, parts.join(', '));
        this.quarantined.set(table, (this.quarantined.get(table) ?? 0) + rows.quarantined);
        if (drift.length > 0) this.drift.set(table, [...(this.drift.get(table) ?? []), ...drift]);
        for (const line of drift) this.progress.note(`${table}: ${line}`);
        return { text: `Loaded ${table}: ${parts.join(', ')}` };
      },
      failure: {
        what: table,
        todo: `Put the files of ${table} in bronze right, then run again: batch ${batch} is still planned.`,
      },
    };
  }

  private judging({ table }: QualityEvent): Shown<QualityResult> {
    return {
      name: 'Judge',
      of: table,
      doing: `Judging ${table}`,
      done: ({ passed, rules, failed }) => {
        if (!passed) this.refused.add(table);
        if (failed.length === 0) return { text: `${table} meets its ${plural(rules, 'rule')}` };
        const named = `${table} fails ${failed.join(', ')}`;
        return passed
          ? { text: `${named}, which ${failed.length === 1 ? 'is a warning' : 'are warnings'}` }
          : { text: named, isBad: true };
      },
      failure: { what: table, todo: `Correct ${this.contractOf(table)}, then run again.` },
    };
  }

  private modelling({ model }: TransformEvent): Shown<TransformResult> {
    const { file, writes } = findModel(model, this.manifest);
    return {
      name: 'Model',
      of: model,
      doing: `Running ${model}`,
      done: ({ status, rows }) => {
        if (status === 'fresh') return { text: `${model} is up to date` };
        const parts = [
          `${plural(rows.inserted, 'row')} written`,
          ...(rows.updated > 0 ? [`${count(rows.updated)} updated`] : []),
          ...(rows.deleted > 0 ? [`${count(rows.deleted)} replaced`] : []),
        ];
        this.change(writes ?? model, parts.join(', '));
        return { text: `Ran ${model}: ${parts.join(', ')}` };
      },
      failure: { what: model, todo: `Correct ${file}, then run again.` },
    };
  }

  private publishing(): Shown<PublishResult> {
    return {
      name: 'Publish',
      doing: 'Publishing',
      done: ({ tables }) => ({ text: `Published ${plural(tables.length, 'table')}` }),
      failure: { what: 'Publish', todo: 'Put right what it says, then run again.' },
    };
  }

  private change(table: string, what: string): void {
    this.changes.set(table, [...(this.changes.get(table) ?? []), what]);
  }

  private contractOf(table: string): string {
    return findTable(table, this.manifest).dataset.contract.file ?? 'its contract';
  }
}

const some = (n: number, one: string, many: string): string[] =>
  n === 0 ? [] : [`${count(n)} ${n === 1 ? one : many}`];
