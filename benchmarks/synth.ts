import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset } from '../lib/contract/dataset';
import { type LoadedPlatform, loadPlatform } from '../lib/platform/load';
import { type Cost, inProcess, measured, medians, megabytes, table, tell } from './measure';

const engines = ['CloudFormation', 'Terraform'] as const;
type Engine = (typeof engines)[number];

interface Synthesised extends Cost {
  /** Number of resources, or why there are none. */
  readonly resources: number | string;
}

/** Synthesis of the example, and of one that has its ingested dataset 1, 100 and 1,000 times; engines loaded before the clock starts. */
export async function synth(): Promise<void> {
  const lines: string[][] = [];
  for (const engine of engines) {
    const run = (datasets: string) => {
      const runs = Array.from({ length: datasets === '1000' ? 1 : 3 }, () =>
        inProcess<Synthesised>(__filename, [engine, datasets], { CDK_VALIDATION: 'false' }),
      );
      return { ...medians(runs), resources: runs[0]!.resources };
    };
    const one = run('1');
    for (const datasets of ['example', '1', '100', '1000']) {
      const { cpu, peak, resources } = datasets === '1' ? one : run(datasets);
      const count = Number(datasets);
      const each = count > 1 ? `${(((cpu - one.cpu) * 1e3) / (count - 1)).toFixed(1)} ms` : '';
      const name = datasets === 'example' ? 'the example' : `${datasets} dataset${count > 1 ? 's' : ''}`;
      const failed = typeof resources === 'string';
      lines.push([
        `${engine}, ${name}`,
        `${Math.round(cpu * 1e3)} ms`,
        failed ? '' : each,
        megabytes(peak),
        String(resources),
      ]);
    }
  }
  table('Synthesis', ['', 'CPU', 'CPU for each further dataset', 'memory', 'resources'], lines);
}

async function side(engine: Engine, datasets: string): Promise<void> {
  const example = await loadPlatform(join(__dirname, '../examples/aviation'));
  const platform = datasets === 'example' ? example : withDatasets(example, Number(datasets));
  const outdir = mkdtempSync(join(tmpdir(), 'ingot-bench-'));
  // One stack of CloudFormation's takes 500 resources. What more would cost is measured all the same.
  const context = { '@aws-cdk/core:stackResourceLimit': 0 };
  // Any file will do as the native runtime: its bytes are no decision.
  const { synthCloudFormation } = require('../constructs/app/cdk') as typeof import('../constructs/app/cdk');
  const { synthTerraform } = require('../constructs/app/terraform') as typeof import('../constructs/app/terraform');
  const synthesise = engine === 'CloudFormation' ? synthCloudFormation : synthTerraform;
  const { result, ...cost } = await measured(() => {
    try {
      return synthesise(platform, { outdir, context }, __filename).resources;
    } catch (error) {
      return `refused: ${(error as Error).message.split('\n')[0]!.slice(0, 200)}`;
    }
  });
  rmSync(outdir, { recursive: true });
  tell({ ...cost, resources: result } as Synthesised);
}

/** A platform whose one group ingests so many tables of flights. */
function withDatasets(example: LoadedPlatform, count: number): LoadedPlatform {
  const flights = example.manifest.datasets.find(({ name }) => name === 'flights')!;
  const datasets = Array.from({ length: count }, (_, i): Dataset => {
    const name = `flights_${i}`;
    return {
      // Each with columns and rules of its own, as those read from files: what one shares with another is made once.
      ...structuredClone(flights),
      name,
      contract: { ...flights.contract, id: name },
      source: { ...flights.source!, prefix: name },
    };
  });
  const groups = [
    { ...example.manifest.groups[0]!, ingests: datasets.map(({ name }) => `silver.${name}`), levels: [] },
  ];
  const { name, zones, ops } = example.manifest;
  return { ...example, deployed: undefined, manifest: { name, zones, ops, datasets, models: [], groups } };
}

if (require.main === module) {
  const [engine, datasets] = process.argv.slice(2);
  void side(engine as Engine, datasets!);
}
