/**
 * A process that runs the shop and kills itself, as the kernel would (SIGKILL), when so many steps are done: calls of
 * handlers to the world outside, requests to the catalog, and what that changes on the disk. `after` milliseconds later,
 * DuckDB is in the midst of writing. Without a step it prints how many there are.
 *
 *     node killed.js FOLDER RUN [STEP [AFTER]]
 */
import fs from 'node:fs/promises';
import { stepwise } from './dying';
import { Shop } from './shop';

const [folder, run, at, after = '0'] = process.argv.slice(2);
let steps = 0;

function tick(): void {
  steps += 1;
  if (steps !== Number(at)) return;
  const die = () => process.kill(process.pid, 'SIGKILL');
  if (after === '0') die();
  else setTimeout(die, Number(after));
}

/** Each of these counts as a step once it is done: a file may be there, and nothing in it yet. */
function ticking<T extends object>(target: T, names: readonly (keyof T)[]): void {
  for (const name of names) {
    const original = target[name] as (...args: unknown[]) => Promise<unknown>;
    const ticks = async function (this: unknown, ...args: unknown[]) {
      const result = await original.apply(this, args);
      tick();
      return result;
    };
    Object.assign(target, { [name]: ticks });
  }
}

async function main(): Promise<void> {
  const shop = await Shop.at(folder!);
  ticking(fs, ['writeFile', 'rename', 'link', 'unlink', 'open']);
  const file = await fs.open(__filename);
  ticking(Object.getPrototypeOf(file) as typeof file, ['writeFile', 'sync']);
  await file.close();
  shop.catalog.fault = ({ method }) => {
    if (method !== 'GET' && method !== 'HEAD') tick();
    return undefined;
  };
  steps = 0;
  const stepping = stepwise(shop.services, async (work) => {
    const result = await work();
    tick();
    return result;
  });
  const { status } = await shop.run(run!, stepping);
  console.log(JSON.stringify({ status, steps }));
  await shop.close();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
