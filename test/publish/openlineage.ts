import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const home = join(homedir(), '.cache/ingot-lineage');
const python = join(home, 'bin/python');

/** Whether OpenLineage's own client is on this machine, or could be fetched; says so loudly where not. */
export function hasLineageClient(): boolean {
  try {
    if (!existsSync(python)) {
      mkdirSync(home, { recursive: true });
      execFileSync('python3', ['-m', 'venv', home], { stdio: 'pipe' });
    }
    if (!installed())
      execFileSync(python, ['-m', 'pip', 'install', '--quiet', 'openlineage-python>=1.54,<2'], { stdio: 'pipe' });
    return true;
  } catch (error) {
    console.warn(`SKIPPED: OpenLineage's client could not be fetched (${(error as Error).message.split('\n')[0]})`);
    return false;
  }
}

function installed(): boolean {
  try {
    execFileSync(python, ['-c', 'import openlineage.client.event_v2'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

/** What the classes that OpenLineage generates from its JSON schemas refuse of events, and facets of other versions. */
export function lineageProblems(events: readonly unknown[]): string[] {
  const input = JSON.stringify(events);
  return JSON.parse(execFileSync(python, [join(__dirname, 'openlineage_client.py')], { input }).toString());
}
