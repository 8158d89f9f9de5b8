import { layoutOf } from '../../lib/local/layout';
import { openWorkbench } from '../../lib/local/workbench';
import { loadPlatform } from '../../lib/platform/load';
import { makeTables } from '../../lib/tables/make';
import { notInEmulator, takenOut, takeOut, unpackLayers, write } from './assembly';
import type { Setting } from './cdk';
import { tryChanges } from './changes';
import { Deployed } from './deployed';
import { stackStatus } from './emulator';
import { changed, versionsOf } from './versions';

/** How things are deployed here. */
export interface Deployment {
  /** The assembly that has been deployed, without what the emulator refuses. */
  readonly copy: string;
  /** Exit code of the cdk command. */
  readonly deploy: (assembly: string) => Promise<number>;
  readonly destroy: (assembly: string) => Promise<number>;
  readonly catalogUri: string;
  /** Hears each promise once it is kept. */
  readonly say: (promise: string) => void;
}

/**
 * The life of a platform that has just been deployed: rows arrive, its contract gets another version, a deployment fails
 * and is rolled back, and an older version is deployed again. Then another platform, in nested stacks.
 *
 * @throws Error where a promise is not kept
 */
export async function tryAll(setting: Setting, deployment: Deployment): Promise<void> {
  const { copy, deploy, catalogUri, say } = deployment;
  const { platform, assembly, later, nested, opt, tool } = setting;
  // The other platform has backups, of its lake: the emulator's database has no secret of its master, and no migrations.
  const refused = [...takenOut(assembly, copy, 'shop'), ...notInEmulator().map(({ type }) => type)];
  for (const each of [later.second, later.third, nested.assembly]) takeOut(refused, each, tool);
  const [first, second, third] = versionsOf('shop').map(changed);

  const shop = await Deployed.open(platform, catalogUri, say);
  /** Deploys a version; functions find its manifest, and the folder has its contract. */
  const update = async (
    version: string,
    contract: typeof first,
    wanted: 'UPDATE_COMPLETE' | 'UPDATE_ROLLBACK_COMPLETE',
  ) => {
    unpackLayers(version, 'shop', opt);
    write(platform, contract!);
    const code = await deploy(version);
    const status = await stackStatus('shop');
    if (status !== wanted) throw new Error(`The stack is ${status}, not ${wanted} (cdk ended with ${code})`);
    await makeTablesHere(platform);
  };
  const expectVersion = async (version: string) => {
    const found = (await shop.lake.properties('shop_silver', 'orders'))['ingot.contract-version'];
    if (found !== version) throw new Error(`silver.orders is of version ${found}, not ${version}`);
  };
  try {
    await shop.receive({ file: 'data/orders.csv', date: '2026-01-05', last: 'Publish' });
    await tryChanges(shop.lake, say);
    await shop.receive({ file: 'data/more-orders.csv', date: '2026-01-06', last: 'Publish' });
    // Half of it goes to quarantine, which is more than the gate lets pass.
    await shop.receive({ file: 'data/bad-orders.csv', date: '2026-01-07', last: 'Failed' });

    await update(later.second, second, 'UPDATE_COMPLETE');
    await expectVersion('1.1.0');
    say("deployed again with the contract's next version, a table with rows has its new column");
    await shop.receive({ file: 'data/coupons.csv', date: '2026-01-08', last: 'Publish' });

    await update(later.third, third, 'UPDATE_ROLLBACK_COMPLETE');
    await expectVersion('1.2.0');
    unpackLayers(later.second, 'shop', opt);
    write(platform, second!);
    say('a deployment that fails is rolled back to the end: its older contract is a success that changes nothing');
    await shop.receive({ file: 'data/after-rollback.csv', date: '2026-01-09', last: 'Publish' });

    await update(copy, first, 'UPDATE_COMPLETE');
    await expectVersion('1.2.0');
    say('the first version, deployed once more, takes no column away');
    await shop.receive({ file: 'data/as-before.csv', date: '2026-01-10', last: 'Publish' });
  } finally {
    await shop.close();
  }

  unpackLayers(nested.assembly, 'kiosk', opt);
  const code = await deploy(nested.assembly);
  if (code !== 0) throw new Error(`cdk deploy of nested stacks ended with ${code}`);
  say('tables in nested stacks are deployed, and backups of their lake');
  const kiosk = await Deployed.open(nested.platform, catalogUri, say);
  try {
    await kiosk.receive({ file: 'data/orders.csv', date: '2026-01-05', last: 'Publish' });
  } finally {
    await kiosk.close();
  }
  const destroyed = await deployment.destroy(nested.assembly);
  if (destroyed !== 0) throw new Error(`cdk destroy of nested stacks ended with ${destroyed}`);
  say('and destroyed again');
}

/** As a run on this machine begins. */
async function makeTablesHere(folder: string): Promise<void> {
  const { manifest } = await loadPlatform(folder);
  const workbench = await openWorkbench(manifest, layoutOf(folder));
  await makeTables(workbench.services);
  await workbench.close();
}
