/**
 * List prices in us-east-1, in US dollars, of what data costs. Other regions differ by a few percent. What costs money
 * while nothing happens is in `constructs/platform/cost.ts`.
 */
const prices = {
  lambda: {
    /** A second of a GB of memory. */
    gbSecond: { arm64: 0.0000133334, x86_64: 0.0000166667 },
  },
  /** On x86_64; on ARM it costs less. */
  emrServerless: {
    vcpuHour: 0.052624,
    gbHour: 0.0057785,
    /** An hour of a GB of disk beyond the 20 GB of each worker that cost nothing. */
    diskGbHour: 0.000111,
  },
  /** A month of a GB in S3 Standard, of the first 50 TB. */
  s3GbMonth: 0.023,
} as const;

export type Processor = 'arm64' | 'x86_64';

export interface WorkerSize {
  readonly vcpu: number;
  readonly memoryGb: number;
  readonly diskGb: number;
}

/** What a worker of Spark has, and how many there are at most, where nothing else is said to `SparkApplication`. */
export const usualSpark = { worker: { vcpu: 4, memoryGb: 16, diskGb: 20 }, maxWorkers: 11 } as const;

/** An hour of a function of Lambda that never rests. */
export const lambdaHour = (memoryMb: number, processor: Processor): number =>
  (memoryMb / 1024) * 3600 * prices.lambda.gbSecond[processor];

/** The most that one call of a function can cost: it ends after 15 minutes. */
export const longestCall = (memoryMb: number, processor: Processor): number => lambdaHour(memoryMb, processor) / 4;

/** An hour of a worker of EMR Serverless, on x86_64: the most that it costs. */
export function sparkWorkerHour({ vcpu, memoryGb, diskGb }: WorkerSize): number {
  const { vcpuHour, gbHour, diskGbHour } = prices.emrServerless;
  return vcpu * vcpuHour + memoryGb * gbHour + Math.max(0, diskGb - 20) * diskGbHour;
}

/** A month of so many GB. */
export const storageMonth = (gb: number): number => gb * prices.s3GbMonth;

export const dollars = (value: number): string => `$${value.toFixed(2)}`;
