import type { Arrivals, Lake, Objects, Services, Transaction } from '../../lib/runtime/services';

/** The process has died. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

export interface Dying extends Services {
  /** Steps that have been done. */
  readonly steps: () => number;
}

/** Services of which each call to the world outside is a step, done by way of `step`. */
export function stepwise(services: Services, step: <T>(work: () => Promise<T>) => Promise<T>): Services {
  const stepping = <T extends object>(target: T, names: readonly (keyof T)[]): T =>
    new Proxy(target, {
      get(_, name) {
        const value = target[name as keyof T];
        if (typeof value !== 'function') return value;
        if (!names.includes(name as keyof T)) return value.bind(target);
        return (...args: unknown[]) => step(() => value.apply(target, args));
      },
    });
  const { lake, objects, arrivals } = services;
  const steppingLake: Lake = new Proxy(stepping(lake, ['query', 'run', 'properties', 'snapshotId']), {
    get(target, name) {
      if (name !== 'commit') return target[name as keyof Lake];
      const commit: Lake['commit'] = (work) =>
        step(() =>
          lake.commit((tx) => work(stepping<Transaction>(tx, ['query', 'run', 'properties', 'setProperties']))),
        );
      return commit;
    },
  });
  const steppingArrivals: Arrivals = {
    async *take(group) {
      for await (const arrival of arrivals.take(group))
        yield { object: arrival.object, done: () => step(() => arrival.done()) };
    },
  };
  return {
    ...services,
    lake: steppingLake,
    objects: stepping<Objects>(objects, ['head', 'read', 'stream', 'write']),
    arrivals: steppingArrivals,
  };
}

/**
 * Services of a process that dies when so many steps are done. A process that has died does nothing more: whatever it
 * asks for afterwards is not done either.
 */
export function dying(services: Services, at: number): Dying {
  let steps = 0;
  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    if (steps >= at) throw new Crash('after its death');
    const result = await work();
    steps += 1;
    if (steps >= at) throw new Crash(`after step ${at}`);
    return result;
  };
  return { ...stepwise(services, step), steps: () => steps };
}
