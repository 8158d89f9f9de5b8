import { bundles } from './bundles';
import { ingest } from './ingest';
import { quality } from './quality';
import { synth } from './synth';

export const benchmarks = { synth, ingest, quality, bundles } as const;
export type BenchmarkName = keyof typeof benchmarks;
