import type { IdleCost } from '../platform/cost';

/** What a synthesis wrote. */
export interface Synthesis {
  /** The folder: a cloud assembly, or `cdktf.out`. */
  readonly folder: string;
  readonly stack: string;
  readonly resources: number;
  /** What the platform costs a month when no data arrives. */
  readonly idle: IdleCost;
  /** One line: resources, and what the platform costs a month when no data arrives. */
  readonly cost: string;
}
