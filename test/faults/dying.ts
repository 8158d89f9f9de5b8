import type { Arrivals, Lake, Objects, Services, Transaction } from '../../lib/runtime/services';

/** The process has died. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

export interface Dying {
  /** Steps that have been done. */
  readonly steps: () => number;
}

/** Does some work, and may die before or after it. */
export type Step = <T>(work: () => Promise<T>) => Promise<T>;

/** An object of which each call of one of these names is a step. */
export function stepping<T extends object>(target: T, names: readonly (keyof T)[], step: Step): T {
  return new Proxy(target, {
    get(_, name) {
      const value = target[name as keyof T];
      if (typeof value !== 'function') return value;
      if (!names.includes(name as keyof T)) return value.bind(target);
      return (...args: unknown[]) => step(() => value.apply(target, args));
    },
  });
}

/** A lake of which each commit is a step, each call inside it, and each call of one of these names. */
export function steppingLake(lake: Lake, names: readonly (keyof Lake)[], step: Step): Lake {
  const inside = ['query', 'run', 'properties', 'setProperties'] as const;
  const commit: Lake['commit'] = (work) =>
    step(() => lake.commit((tx) => work(stepping<Transaction>(tx, inside, step))));
  return new Proxy(stepping(lake, names, step), {
    get: (target, name) => (name === 'commit' ? commit : target[name as keyof Lake]),
  });
}

/** Services of which each call to the world outside is a step, done by way of `step`. */
export function stepwise<S extends Services>(services: S, step: Step): S {
  const { lake, objects, arrivals } = services;
  const steppingArrivals: Arrivals = {
    async *take(group) {
      for await (const arrival of arrivals.take(group))
        yield { object: arrival.object, done: () => step(() => arrival.done()) };
    },
  };
  return {
    ...services,
    lake: steppingLake(lake, ['query', 'run', 'properties', 'snapshotId'], step),
    objects: stepping<Objects>(objects, ['head', 'read', 'stream', 'write'], step),
    arrivals: steppingArrivals,
  };
}

/**
 * Services of a process that dies when so many steps are done. A process that has died does nothing more: whatever it
 * asks for afterwards is not done either.
 */
export function dying<S extends Services>(services: S, at: number): S & Dying {
  let steps = 0;
  const step: Step = async (work) => {
    if (steps >= at) throw new Crash('after its death');
    const result = await work();
    steps += 1;
    if (steps >= at) throw new Crash(`after step ${at}`);
    return result;
  };
  return { ...stepwise(services, step), steps: () => steps };
}
