import { readFileSync } from 'node:fs';
import type { Manifest } from '../platform/manifest';
import { awsServices } from '../runtime/aws';
import { type HandlerEnvironment, readEnvironment } from '../runtime/environment';
import { localServices } from '../runtime/local';
import type { Services } from '../runtime/services';

/** What a handler does with one event. It imports no AWS: all it needs comes with the services. */
export type Handle<Event, Result, S extends Services = Services> = (event: Event, services: S) => Promise<Result>;

/**
 * The Lambda handler of a function. Services are opened by its first event and kept, so that the next one finds DuckDB
 * warm; when they cannot be opened, the next event tries again.
 */
export function lambda<Event, Result>(handle: Handle<Event, Result>): (event: Event) => Promise<Result> {
  return lambdaWith(handle, async (services) => services);
}

/** The same for a handler that needs more than every handler does. */
export function lambdaWith<Event, Result, S extends Services>(
  handle: Handle<Event, Result, S>,
  more: (services: Services) => Promise<S>,
): (event: Event) => Promise<Result> {
  let opening: Promise<S> | undefined;
  return async (event) => {
    opening ??= Promise.resolve()
      .then(() => openServices(readEnvironment(process.env)))
      .then(more);
    const services = await opening.catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return handle(event, services);
  };
}

/** On S3 what Lambda has, on folders what this machine has. */
async function openServices(environment: HandlerEnvironment): Promise<Services> {
  const manifest = JSON.parse(readFileSync(environment.manifestFile, 'utf8')) as Manifest;
  const onThisMachine = Object.values(environment.zones).every((root) => root.startsWith('file:'));
  return onThisMachine ? localServices({ ...environment, manifest }) : awsServices(environment, manifest);
}
