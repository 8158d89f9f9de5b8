/** Where Spark is at work: on this machine, in an application of EMR Serverless, or in a step of an EMR cluster. */
export type SparkOn = 'machine' | 'serverless' | 'cluster';

/** Environment variable in which a job is told where it is: `serverless` or `cluster`. */
export const sparkOnVariable = 'INGOT_SPARK_ON';

/** What to do where Spark had too little memory. */
export const moreMemory: Readonly<Record<SparkOn, string>> = {
  machine: 'Give Spark more memory (INGOT_SPARK_MEMORY), then run again.',
  serverless: 'Give workers of Spark more memory (engine.spark.worker in platform.yaml), then run again.',
  cluster: "Give the cluster's nodes more memory (instanceTypes of the EmrCluster), then run again.",
};
