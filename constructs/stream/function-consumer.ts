import type { Problem } from '../../lib/errors';
import { numberProblems } from '../core/names';
import type { StreamSourceNode } from '../core/nodes';
import type { FunctionConsumer, KinesisSource } from './props';

/** What a function that consumes a stream is given where nobody says more. How old records may become is of what they are. */
export const usualConsumer = {
  batchSize: 10_000,
  batchSeconds: 30,
  memoryMb: 2048,
  deadLetterDays: 90,
} as const satisfies FunctionConsumer;

/** A batch that fails comes again until its records are too old: catalogs recover, and attempts are soon used up. */
export const untilTooOld = ({ maxAgeHours }: Required<FunctionConsumer>): NonNullable<StreamSourceNode['retry']> => ({
  bisect: true,
  maxAgeSeconds: maxAgeHours * 3600,
  attempts: -1,
  partial: true,
});

/** What is wrong with a stream of Kinesis, which is declared at `path`. */
export function kinesisProblems(
  where: string,
  path: string,
  { retentionHours, capacity }: Required<Pick<KinesisSource, 'retentionHours' | 'capacity'>>,
): Problem[] {
  return [
    ...between(where, `${path}.retentionHours`, retentionHours, 24, 8760),
    ...(capacity === 'onDemand' ? [] : between(where, `${path}.capacity.shards`, capacity.shards, 1, 10_000)),
  ];
}

/**
 * What is wrong with what is said of a function that consumes.
 *
 * @param retentionHours how long the stream keeps what the function consumes; absent where that is not ours to say
 */
export function consumerProblems(
  where: string,
  consumer: Required<FunctionConsumer>,
  retentionHours: number | undefined,
): Problem[] {
  const { batchSize, batchSeconds, maxAgeHours, memoryMb, deadLetterDays } = consumer;
  return [
    ...between(where, 'consumer.batchSize', batchSize, 1, 10_000),
    ...between(where, 'consumer.batchSeconds', batchSeconds, 0, 300),
    ...between(where, 'consumer.maxAgeHours', maxAgeHours, 1, 168),
    ...between(where, 'consumer.memoryMb', memoryMb, 512, 10_240),
    ...between(where, 'consumer.deadLetterDays', deadLetterDays, 1, 3650),
    ...(retentionHours === undefined || maxAgeHours < retentionHours
      ? []
      : [
          {
            where,
            path: 'consumer.maxAgeHours',
            message: `must be less than the stream keeps records, ${retentionHours} h: what it has forgotten cannot be kept; given ${maxAgeHours}`,
          },
        ]),
  ];
}

const between = (where: string, path: string, given: number, min: number, max: number): Problem[] =>
  numberProblems(where, path, given, { min, max, whole: true });
