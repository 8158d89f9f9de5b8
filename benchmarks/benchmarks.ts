import { bundles } from './bundles';
import { cdc } from './cdc';
import { cdcGrowth } from './cdc-growth';
import { cdcSpark } from './cdc-spark';
import { ingest } from './ingest';
import { quality } from './quality';
import { spark } from './spark';
import { stream } from './stream';
import { streamSpark } from './stream-spark';
import { synth } from './synth';
import { vectors } from './vectors';

export const benchmarks = {
  synth,
  ingest,
  quality,
  bundles,
  vectors,
  stream,
  'stream-spark': streamSpark,
  cdc,
  'cdc-growth': cdcGrowth,
  'cdc-spark': cdcSpark,
  spark,
} as const;
export type BenchmarkName = keyof typeof benchmarks;
