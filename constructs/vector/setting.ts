import { assertValid } from '../../lib/errors';
import type { Manifest } from '../../lib/platform/manifest';
import type { Store } from '../../lib/vector/store';
import type { HandlerSetting } from '../core/handler';
import { logRetentionProblems } from '../core/log-retention';
import type { LayerNode, Statement } from '../core/nodes';
import { operationsKeyId } from '../core/operations-key';
import { removalProblems } from '../core/removal';
import { aws, ref, text } from '../core/text';
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
  const logRetentionDays = declared.logRetentionDays ?? (declared.compliance === 'regulated' ? 365 : 90);
  assertValid([
    ...((declared.manifest.stores ?? []).length > 0
      ? []
      : [{ where: path, path: 'manifest.stores', message: 'must name a vector store at least; given none' }]),
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

/** Functions find the manifest as a file: it may be larger than what an environment takes. */
export function manifestLayer(own: string, manifest: Manifest, { architecture }: HandlerSetting): LayerNode {
  return {
    kind: 'layer',
    id: 'ManifestLayer',
    name: `${own}-manifest`,
    description: `Vector stores and documents of ${manifest.name}`,
    zip: { entries: { 'ingot/manifest.json': JSON.stringify(manifest) } },
    architecture,
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
