import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCatalog } from '../../../lib/local/catalog';
import { loadPlatform } from '../../../lib/platform/load';
import { openLake } from '../../../lib/runtime/lake';
import type { Lake } from '../../../lib/runtime/services';
import { account, emulatorObjects, metadataIn, region } from '../../deploy/emulator';

/** What `deploy.ts` tells this process through its environment. */
export interface Setting {
  readonly platform: string;
  /** Folder of the catalog's own files. */
  readonly catalog: string;
  readonly port: number;
  /** File that the promises are written to as they are kept. */
  readonly promises: string;
}

/** Name of the variable that holds the setting, as JSON. */
export const settingVariable = 'INGOT_TEST_DEPLOY_STREAM';

/** Runs the real cdk command, with the catalog beside it; a deployment that went well is tried. */
export async function main(args: readonly string[]): Promise<number> {
  if (args[0] !== 'deploy' && args[0] !== 'destroy') return cdk(args);
  const setting = JSON.parse(process.env[settingVariable]!) as Setting;
  const say = (line: string) => appendFileSync(setting.promises, `${line}\n`);
  const { manifest } = await loadPlatform(setting.platform);
  const catalog = await startCatalog({
    folder: setting.catalog,
    roots: manifest.zones.map(({ name }) => `s3://${manifest.name}-${name}-${account}-${region}`),
    files: metadataIn(emulatorObjects()),
    port: setting.port,
  });
  try {
    const code = await cdk(args);
    if (code !== 0 || args[0] !== 'deploy') return code;
    const lake = await openLake({
      catalog: { uri: catalog.uri, warehouse: manifest.name, auth: { kind: 'none' } },
      manifest,
      s3: {
        region,
        endpoint: process.env.AWS_ENDPOINT_URL,
        credentials: async () => ({ accessKeyId: 'test', secretAccessKey: 'test' }),
      },
    });
    try {
      await tryStream(lake, (promise) => say(`passed  ${promise}`));
    } finally {
      await lake.close();
    }
    return 0;
  } catch (error) {
    say(`FAILED  ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return 1;
  } finally {
    await catalog.close();
  }
}

/** Puts records into the deployed stream and waits for what the deployed consumer makes of them. */
async function tryStream(lake: Lake, say: (promise: string) => void): Promise<void> {
  const at = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 120_000);
  const click = (id: string, user: string, more: object = {}) => ({
    id,
    user,
    event_type: 'click',
    happened_at: at.toISOString(),
    amount: 2,
    ...more,
  });
  await put([
    click('1', 'ann'),
    click('2', 'bob'),
    click('3', 'ann'),
    click('4', 'ann', { event_type: 'heartbeat' }),
    click('5', 'bob', { amount: 'many' }),
  ]);
  await eventually('silver.clicks', 'SELECT count(*)::INT AS n FROM silver.clicks', { n: 4 }, lake);
  say('records put into the deployed stream come out of the deployed consumer, in its table');
  await eventually(
    'gold.fct_clicks',
    'SELECT sum(events)::INT AS events, sum(amount)::INT AS amount FROM gold.fct_clicks',
    { events: 3, amount: 6 },
    lake,
  );
  say('and in its window');
  await eventually(
    'silver.clicks_quarantine',
    'SELECT count(*)::INT AS n, any_value(reasons[1].rule) AS rule FROM silver.clicks_quarantine',
    { n: 1, rule: 'amount.type' },
    lake,
  );
  say('a bad one is in quarantine with its reason');
  await put([click('3', 'ann'), click('6', 'cid')]);
  await eventually('silver.clicks', 'SELECT count(*)::INT AS n FROM silver.clicks', { n: 5 }, lake);
  await eventually('gold.fct_clicks', 'SELECT sum(events)::INT AS n FROM gold.fct_clicks', { n: 4 }, lake);
  say('an event that is put twice counts once');
}

async function put(events: readonly { readonly user: string }[]): Promise<void> {
  const response = await fetch(process.env.AWS_ENDPOINT_URL!, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'Kinesis_20131202.PutRecords',
      authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/kinesis/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify({
      StreamName: 'tap-clicks',
      Records: events.map((event) => ({
        Data: Buffer.from(JSON.stringify(event)).toString('base64'),
        PartitionKey: event.user,
      })),
    }),
  });
  if (!response.ok) throw new Error(`PutRecords answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
}

async function eventually(what: string, sql: string, wanted: object, lake: Lake): Promise<void> {
  let found: unknown;
  for (let tries = 0; tries < 300; tries++) {
    [found] = await lake.query(sql);
    if (JSON.stringify(found) === JSON.stringify(wanted)) return;
    await sleep(1_000);
  }
  throw new Error(`${what}: ${JSON.stringify(found)} where ${JSON.stringify(wanted)} should be`);
}

async function cdk(args: readonly string[]): Promise<number> {
  const command = join(__dirname, '../../../node_modules/.bin/cdk');
  const [code] = (await once(spawn(command, args, { stdio: 'inherit' }), 'close')) as [number | null];
  return code ?? 1;
}
