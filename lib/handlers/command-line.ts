import { readFileSync } from 'node:fs';

/**
 * Runs a handler on an event file when its bundle is started as a program: `node index.js event.json` (`-`: standard
 * input), with the same environment variables. The result goes to standard output; an error ends with exit code 1.
 */
export async function commandLine<Event, Result>(
  program: NodeJS.Module,
  handler: (event: Event) => Promise<Result>,
): Promise<void> {
  if (require.main !== program) return;
  const file = process.argv[2];
  if (file === undefined) {
    process.stderr.write('Say which event to handle: node index.js event.json, or - for standard input\n');
    process.exitCode = 2;
    return;
  }
  try {
    const result = await handler(JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8')) as Event);
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
