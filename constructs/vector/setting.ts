import { assertValid } from '../../lib/errors';
import type { Store } from '../../lib/vector/store';
import type { HandlerSetting } from '../core/handler';
import { logRetentionOf, logRetentionProblems } from '../core/log-retention';
import type { Statement } from '../core/nodes';
import { operationsKeyId } from '../core/operations-key';
import { removalProblems } from '../core/removal';
import { aws, ref, text } from '../core/text';
import { emailProblems } from '../pipeline/notices';
import type { SearchDeclaration } from './props';

export interface SearchGiven {
  /** Ids of nodes that are not to be made: `OperationsKey`, `NoticesTopic`. */
  readonly nodes: ReadonlySet<string>;
  readonly deletionFlag?: unknown;
}

/**
 * What every function of vector stores has in common, with its defaults.
 *
 * @throws InvalidInputError with every problem
 */
export function searchSetting(path: string, declared: SearchDeclaration, given: SearchGiven): HandlerSetting {
  const removal = declared.removal ?? 'retain';
  const logRetentionDays = logRetentionOf(declared);
  assertValid([
    ...((declared.manifest.stores ?? []).length > 0
      ? []
      : [{ where: path, path: 'manifest.stores', message: 'must name a vector store at least; given none' }]),
    ...emailProblems(path, declared.emails),
    ...logRetentionProblems(path, logRetentionDays),
    ...removalProblems(path, removal, given.deletionFlag),
  ]);
  return {
    architecture: declared.architecture ?? 'arm64',
    logRetentionDays,
    keyArn: ref(operationsKeyId, 'arn'),
    removal,
  };
}

/** Lets a function call the models of stores, and no other; those that are being replaced only where it searches. */
export function modelStatements(stores: readonly Store[], options: { readonly replaced: boolean }): Statement[] {
  const models = stores.flatMap(({ embedder, replaces }) => [
    ...(embedder === undefined ? [] : [embedder]),
    ...(options.replaced ? replaces : []),
  ]);
  if (models.length === 0) return [];
  return [
    {
      sid: 'CallModels',
      effect: 'Allow',
      actions: ['bedrock:InvokeModel'],
      resources: [...new Set(models)]
        .sort()
        .map((model) => text`arn:${aws.partition}:bedrock:${aws.region}::foundation-model/${model}`),
    },
  ];
}
