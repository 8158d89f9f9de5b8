import { readFileSync } from 'node:fs';
import type { Manifest } from '../platform/manifest';
import { awsServices } from '../runtime/aws';
import { type HandlerEnvironment, readEnvironment } from '../runtime/environment';
import { localServices } from '../runtime/local';
import type { Services } from '../runtime/services';

/** What a handler does with one event. It imports no AWS: all it needs comes with the services. */
export type Handle<Event, Result> = (event: Event, services: Services) => Promise<Result>;

/**
 * The Lambda handler of a function. Services are opened by its first event and kept, so that the next one finds DuckDB
 * warm; when they cannot be opened, the next event tries again.
 */
export function lambda<Event, Result>(handle: Handle<Event, Result>): (event: Event) => Promise<Result> {
  let opening: Promise<Services> | undefined;
  return async (event) => {
    opening ??= openServices(readEnvironment(process.env));
    const services = await opening.catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return handle(event, services);
  };
}

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

/** On S3 what Lambda has, on folders what this machine has. */
async function openServices(environment: HandlerEnvironment): Promise<Services> {
  const manifest = JSON.parse(readFileSync(environment.manifestFile, 'utf8')) as Manifest;
  const onThisMachine = Object.values(environment.zones).every((root) => root.startsWith('file:'));
  return onThisMachine ? localServices({ ...environment, manifest }) : awsServices(environment, manifest);
}
