import type { Group, Manifest } from '../../lib/platform/manifest';
import { pascal } from '../core/names';
import type { EventRuleNode, Node, QueueNode } from '../core/nodes';
import { inThisAccount, tlsOnlyTo } from '../core/policy';
import { ref, type Text } from '../core/text';
import type { LakeFacts } from '../lake/model';
import { arrivalsId, deadLettersId } from './ids';

/** S3 says to EventBridge what was created; rules on the group's prefixes bring it to the group's queue. */
export function arrivals(manifest: Manifest, lake: LakeFacts, group: Group, keyArn: Text): Node[] {
  const ingests = new Set(group.ingests);
  const sources = manifest.datasets.flatMap(({ zone, name, source }) =>
    source !== undefined && ingests.has(`${zone}.${name}`) ? [source] : [],
  );
  if (sources.length === 0) return [];
  const queue = arrivalsId(group);
  const rules = lake.zones.flatMap((zone): EventRuleNode[] => {
    const prefixes = [
      ...new Set(sources.filter((source) => source.zone === zone.name).map((source) => `${source.prefix}/`)),
    ].sort();
    return chunks(prefixes, 20).map((some, i) => ({
      kind: 'eventRule',
      id: `${pascal(group.name)}${pascal(zone.name)}Arrivals${i + 1}`,
      name: `${manifest.name}-${group.name}-${zone.name}-arrivals-${i + 1}`,
      description: `Objects that arrive in ${zone.name} for ${group.name}`,
      pattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Created'],
        detail: { bucket: { name: [zone.bucketName] }, object: { key: some.map((prefix) => ({ prefix })) } },
      },
      targetArn: ref(queue, 'arn'),
      deadLetterArn: ref(deadLettersId, 'arn'),
    }));
  });
  return [
    arrivalsQueue({
      id: queue,
      name: `${manifest.name}-${group.name}-arrivals`,
      keyArn,
      // As long as a plan may take: what it has not written down by then comes again.
      visibilitySeconds: 900,
    }),
    ...rules,
  ];
}

/** Where rules of EventBridge bring what S3 says. What is tried five times in vain goes to the dead letters. */
export const arrivalsQueue = (queue: Pick<QueueNode, 'id' | 'name' | 'keyArn' | 'visibilitySeconds'>): QueueNode => ({
  kind: 'queue',
  ...queue,
  retentionSeconds: 14 * 86_400,
  redrive: { queueArn: ref(deadLettersId, 'arn'), maxReceives: 5 },
  policy: [
    {
      sid: 'EventsArrive',
      effect: 'Allow',
      principal: { service: 'events.amazonaws.com' },
      actions: ['sqs:SendMessage'],
      resources: [],
      conditions: inThisAccount,
    },
    tlsOnlyTo('sqs:*'),
  ],
});

function chunks<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, i) => values.slice(i * size, (i + 1) * size));
}
