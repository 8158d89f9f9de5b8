import { readFileSync } from 'node:fs';
import { layoutOf } from '../../local/layout';
import { acquireLock } from '../../local/lock';
import type { ProbeEvent, PublishEvent, RetainEvent } from '../../pipeline/events';
import { loadPlatform } from '../../platform/load';
import type { LocalServices } from '../../runtime/local';
import { invalidArgument } from '../failure';
import type { AddCommand } from '../main';
import { platformFolder } from '../platform-folder';

interface Options {
  readonly platform?: string;
}

const functions = ['ingest', 'quality', 'transform', 'publish', 'retain'] as const;
type Functions = Readonly<Record<(typeof functions)[number], (event: never) => Promise<unknown>>>;

export const addHandle: AddCommand = (add, io) => {
  add('handle <function> <event>', "send one event, a file of JSON, to one of a platform's functions on this machine")
    .option('--platform <dir>', 'folder of the platform', '.')
    .addHelpText(
      'after',
      `
Functions: ${functions.join(', ')}. The event is what the state machine sends in AWS; - reads it from standard input.
The answer is written as JSON, what the function logs to standard error.

Examples:
  echo '{"group": "sales", "table": "silver.orders", "run": "try"}' | ingot handle quality - --platform shop
  echo '{"action": "plan", "group": "sales", "run": "try"}' | ingot handle ingest - --platform shop`,
    )
    .action(async (name: string, file: string, options: Options) => {
      const known = functions.find((one) => one === name);
      if (known === undefined)
        throw invalidArgument('function', `must be one of ${functions.join(', ')}; given ${JSON.stringify(name)}`);
      const event = readEvent(file);
      const folder = await platformFolder(options.platform);
      const { manifest } = await loadPlatform(folder);
      const layout = layoutOf(folder);
      const lock = await acquireLock(layout.lock);
      try {
        const { openWorkbench } = require('../../local/workbench') as typeof import('../../local/workbench');
        const { jsonLog } = require('../../runtime/log') as typeof import('../../runtime/log');
        const workbench = await openWorkbench(
          manifest,
          layout,
          jsonLog((line) => io.err.write(`${line}\n`)),
        );
        try {
          const answer = await functionsOf(workbench.services)[known](event as never);
          io.out.write(`${JSON.stringify(answer, null, 2)}\n`);
        } finally {
          await workbench.close();
        }
      } finally {
        await lock.release();
      }
    });
};

function readEvent(file: string): object {
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch {
    throw invalidArgument(file, 'there is no such file');
  }
  try {
    const event: unknown = JSON.parse(text);
    if (typeof event === 'object' && event !== null && !Array.isArray(event)) return event;
  } catch {
    // Said below.
  }
  throw invalidArgument(file, 'must hold one JSON object, the event');
}

/** All that are deployed and need no more than the lake; _publish_ answers probes too. */
function functionsOf(services: LocalServices): Functions {
  const { handlersOf } = require('../../local/group-run') as typeof import('../../local/group-run');
  const { probe } = require('../../publish/probe') as typeof import('../../publish/probe');
  const { retain } = require('../../retention/retain') as typeof import('../../retention/retain');
  const handlers = handlersOf(services);
  return {
    ...handlers,
    publish: (event: PublishEvent | ProbeEvent) =>
      'action' in event ? probe(event, services) : handlers.publish(event as never),
    retain: (event: RetainEvent) => retain(event, services),
  };
}
