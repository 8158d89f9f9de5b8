/** What each name needs first. */
export type Needs = ReadonlyMap<string, readonly string[]>;

/** The names so that each stands after all that it needs; by name where the needs leave a choice. Needs no cycle. */
export const inOrder = (needs: Needs): string[] => levels(needs).flat();

/** The names level by level: each needs names of levels before its own only. Within a level by name. */
export function levels(needs: Needs): string[][] {
  const result: string[][] = [];
  const done = new Set<string>();
  while (done.size < needs.size) {
    const ready = [...needs.keys()].filter(
      (name) => !done.has(name) && needs.get(name)!.every((need) => done.has(need) || !needs.has(need)),
    );
    if (ready.length === 0) throw new Error('There is a cycle; look for it with cycles() first');
    for (const name of ready) done.add(name);
    result.push(ready.sort());
  }
  return result;
}

/** Every cycle once, each beginning with its least name. Empty where there is none. */
export function cycles(needs: Needs): string[][] {
  const found = new Map<string, string[]>();
  const finished = new Set<string>();
  const visit = (name: string, trail: readonly string[]): void => {
    const at = trail.indexOf(name);
    if (at >= 0) {
      const cycle = fromLeast(trail.slice(at));
      found.set(cycle.join('\n'), cycle);
      return;
    }
    if (finished.has(name)) return;
    for (const need of needs.get(name) ?? []) visit(need, [...trail, name]);
    finished.add(name);
  };
  for (const name of [...needs.keys()].sort()) visit(name, []);
  return [...found.values()];
}

function fromLeast(cycle: readonly string[]): string[] {
  const at = cycle.indexOf([...cycle].sort()[0]!);
  return [...cycle.slice(at), ...cycle.slice(0, at)];
}
