import type { Log } from './services';

/** What CloudFormation sends for a custom resource. It waits until the answer is PUT to `ResponseURL`. */
export interface CustomResourceEvent<Properties> {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId?: string;
  readonly ResourceProperties: Properties;
  /** What the update before it was sent. */
  readonly OldResourceProperties?: Properties;
}

export interface Answering {
  readonly log: Log;
  /** Milliseconds until this process is ended from outside; CloudFormation is told before. By default it is not. */
  readonly timeLeft?: number;
  /** PUTs the answer to CloudFormation. */
  readonly answer: (url: string, body: string) => Promise<void>;
}

/** Begins the id of a resource that was never made: deleting it must touch nothing. */
export const failedId = 'failed:';
/** CloudFormation takes an answer of 4,096 bytes. */
const longestReason = 1_500;

/** Does what CloudFormation asks for and answers in any case: a stack that waits for an answer hangs for an hour. */
export async function answerCustomResource(
  event: CustomResourceEvent<unknown>,
  { log, timeLeft, answer }: Answering,
  work: () => Promise<{ readonly id: string; readonly data: Readonly<Record<string, string>> }>,
): Promise<void> {
  const { StackId, RequestId, LogicalResourceId, ResponseURL } = event;
  const reply = (body: Record<string, unknown>) =>
    answer(ResponseURL, JSON.stringify({ StackId, RequestId, LogicalResourceId, ...body }));
  let result: Awaited<ReturnType<typeof work>>;
  try {
    result = await inTime(work(), timeLeft);
  } catch (error) {
    log.error(`${event.RequestType} of ${LogicalResourceId} failed`, { error });
    const reason = error instanceof Error ? error.message : String(error);
    const PhysicalResourceId = event.PhysicalResourceId ?? `${failedId}${LogicalResourceId}`;
    await reply({ Status: 'FAILED', Reason: reason.slice(0, longestReason), PhysicalResourceId });
    return;
  }
  await reply({ Status: 'SUCCESS', PhysicalResourceId: result.id, Data: result.data });
}

/** How long an answer may take, in milliseconds. */
const answering = 5_000;

async function inTime<T>(work: Promise<T>, timeLeft: number | undefined): Promise<T> {
  if (timeLeft === undefined) return work;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = 'The handler ran out of time; what it did stands, and another deployment goes on from there';
    timer = setTimeout(() => reject(new Error(message)), timeLeft - answering);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
