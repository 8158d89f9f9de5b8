/** ARN of a key as EMR Serverless takes it for disks: of none but a key. */
export const keyArnOf = /^arn:aws[a-z0-9-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/;

/** What is said of one that is none. */
export const keyArnProblem = (given: unknown): string =>
  `must be the ARN of a key, arn:aws:kms:<region>:<account>:key/<id>, and not of an alias; given ${JSON.stringify(given)}`;
