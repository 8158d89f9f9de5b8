import { duckdbUpToGb } from './engine-choice';

/** Into how large parts Spark cuts what a job of one table exchanges and writes. */
export interface SparkSize {
  /** Parts of what goes from one stage to the next; adaptive execution joins those that are small. */
  readonly partitions: number;
  /** MB that adaptive execution makes of parts, where it joins small ones, or cuts up one that is far larger than others. */
  readonly partitionMb: number;
  /** MB of exchanged rows that one task writes into an Iceberg table. Its files are smaller, since they are compressed better. */
  readonly writeMb: number;
}

/**
 * MB that Spark exchanges for each MB of a file. Measured with flights: 4.2 for Parquet, 0.7 for CSV. What is too large a guess
 * costs little, as adaptive execution joins parts; with too small a one tasks would not have room.
 */
const exchangedPerFile = 4;

/** A task of 128 MB has room in any worker that EMR Serverless has: 2 GB a processor at least. */
const usualMb = 128;

/** More parts would cost the driver more than they save; from there on they get larger. */
const most = 4096;

/** Fewer would leave processors without work where a model reads more than has arrived. */
const fewest = 64;

/** Tasks that a write has at least, as long as each has 128 MB to write. */
const writers = 64;

/** What one task may write at most: more would be more than a file of Iceberg's default, 512 MB. */
const mostWrittenMb = 512;

/**
 * Decides how a table's rows are cut up, from its largest run. Parts are powers of two, so that tables of about one size
 * have the same.
 *
 * @param gbPerRun GB of files that arrive for one run
 */
export function sparkSize(gbPerRun = duckdbUpToGb): SparkSize {
  const exchangedMb = Math.max(gbPerRun, 0) * 1024 * exchangedPerFile;
  const partitions = Math.min(Math.max(powerOfTwo(exchangedMb / usualMb), fewest), most);
  const partitionMb = Math.max(powerOfTwo(exchangedMb / partitions), usualMb);
  const writeMb = Math.min(Math.max((partitions * partitionMb) / writers, usualMb), mostWrittenMb);
  return { partitions, partitionMb, writeMb };
}

/** The smallest that is not below. */
const powerOfTwo = (value: number): number => (value <= 1 ? 1 : 2 ** Math.ceil(Math.log2(value)));

/** Spark's names of what a size says. */
export const sizeSettings = {
  partitions: 'spark.sql.shuffle.partitions',
  partitionBytes: 'spark.sql.adaptive.advisoryPartitionSizeInBytes',
  writeBytes: 'spark.sql.iceberg.advisory-partition-size',
} as const;

/** What Spark is told, by the keys of `sizeSettings`. */
export const sizeValues = (size: SparkSize): Readonly<Record<keyof typeof sizeSettings, string>> => ({
  partitions: String(size.partitions),
  partitionBytes: String(size.partitionMb * 1024 ** 2),
  writeBytes: String(size.writeMb * 1024 ** 2),
});
