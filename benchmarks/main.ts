import { cpus, totalmem } from 'node:os';
import { type BenchmarkName, benchmarks } from './benchmarks';

/** Runs the benchmarks that are named, or all of them, one after another: two at once would measure each other. */
async function main(names: readonly string[]): Promise<void> {
  const known = Object.keys(benchmarks) as BenchmarkName[];
  const unknown = names.filter((name) => !known.includes(name as BenchmarkName));
  if (unknown.length > 0) throw new Error(`There is no benchmark ${unknown.join(', ')}; there are ${known.join(', ')}`);
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 1024 ** 3)} GB`;
  console.log(
    `${cpus().length} cores of ${cpu?.model.trim()}, ${memory}, Node.js ${process.version}, ${process.platform}`,
  );
  for (const name of known.filter((one) => names.length === 0 || names.includes(one))) {
    const started = Date.now();
    await benchmarks[name]();
    console.error(`(${name}: ${Math.round((Date.now() - started) / 1000)} s)`);
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  // What it opened may still be open, and would keep the process waiting.
  process.exit(1);
});
