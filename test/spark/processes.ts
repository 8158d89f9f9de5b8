import { execFileSync } from 'node:child_process';

/** Processes that a process has started, and those that they have. */
export function processesBelow(pid: number): { readonly pid: number; readonly command: string }[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  const all = lines.flatMap((line) => {
    const [, own, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return own === undefined ? [] : [{ pid: Number(own), parent: Number(parent), command: command! }];
  });
  const below = (of: number): typeof all =>
    all.filter((one) => one.parent === of).flatMap((one) => [one, ...below(one.pid)]);
  return below(pid);
}

/** Whether a process is at work; one that has ended and that nobody has asked about is not. */
export function isThere(pid: number): boolean {
  try {
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z');
  } catch {
    return false;
  }
}
