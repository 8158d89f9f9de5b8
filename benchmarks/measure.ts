import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a piece of work cost. */
export interface Cost {
  /** Seconds on the clock. */
  readonly wall: number;
  /** Seconds of all processors, of the user and of the system. */
  readonly cpu: number;
  /** The most memory that the process ever held, in MB. */
  readonly peak: number;
}

/** What it cost this process to do `work`, with what came out of it. */
export async function measured<T>(work: () => T | Promise<T>): Promise<Cost & { readonly result: T }> {
  const started = performance.now();
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  const wall = (performance.now() - started) / 1e3;
  return { wall, cpu: (user + system) / 1e6, peak: process.resourceUsage().maxRSS / 1024, result };
}

/** Seconds of all processors that this process and those that it has started have taken, as Linux counts them. */
export function cpuOfAll(): number {
  const parents = new Map<number, number>();
  const taken = new Map<number, number>();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      parents.set(Number(entry), Number(fields[1]));
      // A hundredth of a second each: its own and, of those that have ended, its children's.
      taken.set(Number(entry), [11, 12, 13, 14].reduce((sum, i) => sum + Number(fields[i]), 0) / 100);
    } catch {
      // It has ended meanwhile.
    }
  }
  const isOurs = (pid: number | undefined): boolean =>
    pid === process.pid || (pid !== undefined && isOurs(parents.get(pid)));
  return [...taken].reduce((sum, [pid, cpu]) => (isOurs(pid) ? sum + cpu : sum), 0);
}

/** Runs a benchmark's own file in a process of its own, so that nothing is warm, and gives what it tells. */
export function inProcess<T extends Cost>(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): T {
  const register = join(__dirname, '../test/register.js');
  const output = execFileSync(process.execPath, ['-r', register, file, ...args], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const told = output.split('\n').findLast((line) => line.startsWith(marker));
  if (told === undefined) throw new Error(`${file} ${args.join(' ')} told nothing`);
  return JSON.parse(told.slice(marker.length)) as T;
}

const marker = 'measured: ';

/** Tells the process that waits in `inProcess` what was measured. */
export const tell = (measured: Cost): void => console.log(`${marker}${JSON.stringify(measured)}`);

/**
 * Runs two sides in turns, so that what the machine does meanwhile meets both: A B, B A, A B. Gives the runs of each.
 *
 * @param pairs odd, so that a median is a run
 */
export function alternate<A, B>(a: () => A, b: () => B, pairs = 3): { a: A[]; b: B[] } {
  const runs = { a: [] as A[], b: [] as B[] };
  for (let i = 0; i < pairs; i++) {
    if (i % 2 === 0) runs.a.push(a());
    runs.b.push(b());
    if (i % 2 === 1) runs.a.push(a());
  }
  return runs;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((x, y) => x - y);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** The medians of some runs. */
export const medians = (runs: readonly Cost[]): Cost => ({
  wall: median(runs.map((run) => run.wall)),
  cpu: median(runs.map((run) => run.cpu)),
  peak: median(runs.map((run) => run.peak)),
});

/** How many times the first costs what the second does: the median of the ratios of the pairs. */
export const ratio = (a: readonly Cost[], b: readonly Cost[], of: keyof Cost = 'cpu'): number =>
  median(a.map((run, i) => run[of] / b[i]![of]));

export function table(title: string, head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  console.log(`\n### ${title}\n`);
  console.log([line(head), line(head.map((_, i) => (i === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n'));
}

export const seconds = (value: number): string => `${value.toFixed(value < 10 ? 2 : 1)} s`;
export const megabytes = (value: number): string => `${Math.round(value).toLocaleString('en')} MB`;
export const times = (value: number): string => `${value.toFixed(2)} ×`;
