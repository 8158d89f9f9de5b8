/** Memory in GB that EMR Serverless gives workers of so many processors. */
const memories: Readonly<Record<number, { readonly min: number; readonly max: number; readonly step: number }>> = {
  1: { min: 2, max: 8, step: 1 },
  2: { min: 4, max: 16, step: 1 },
  4: { min: 8, max: 30, step: 1 },
  8: { min: 16, max: 60, step: 4 },
  16: { min: 32, max: 120, step: 8 },
};

/** What is wrong with a worker's processors and memory, by its path below `worker`; undefined where EMR Serverless has such. */
export function workerProblem(worker: {
  readonly vcpu: number;
  readonly memoryGb: number;
}): { readonly path: 'vcpu' | 'memoryGb'; readonly message: string } | undefined {
  const { vcpu, memoryGb } = worker;
  const memory = memories[vcpu];
  if (memory === undefined) return { path: 'vcpu', message: `must be 1, 2, 4, 8 or 16; given ${vcpu}` };
  const { min, max, step } = memory;
  if (memoryGb >= min && memoryGb <= max && (memoryGb - min) % step === 0) return undefined;
  const steps = step === 1 ? '' : ` in steps of ${step}`;
  return {
    path: 'memoryGb',
    message: `must be a whole number from ${min} to ${max}${steps} for ${vcpu} vcpu; given ${memoryGb}`,
  };
}

/** What is wrong with the workers that are kept ready; undefined where there may be so many. */
export const readyProblem = (ready: number, maxWorkers: number): string | undefined =>
  ready > maxWorkers ? `must not be more than maxWorkers, ${maxWorkers}, together; given ${ready}` : undefined;
