import { assertValid } from '../../lib/errors';
import { deepFreeze } from '../../lib/freeze';
import { searchRole } from '../../lib/vector/store';
import { regulate } from '../core/compliance';
import { handlerNodes } from '../core/handler';
import { manifestLayer } from '../core/layers';
import type { Node, Statement } from '../core/nodes';
import { operationsKey } from '../core/operations-key';
import { ref, type Text } from '../core/text';
import { idProblems } from '../core/unique';
import { deadLettersId } from '../pipeline/ids';
import { deadLetterQueue, withoutGiven } from '../pipeline/notices';
import { connectStatements, type DatabaseFacts, inDatabaseNetwork, roleEnvironment } from '../postgres/facts';
import type { SearchDeclaration } from './props';
import { modelStatements, type SearchGiven, searchSetting } from './setting';

export interface VectorStoreModel {
  readonly nodes: readonly Node[];
  readonly facts: VectorStoreFacts;
}

/** What others need to know of vector stores. Once rendered, every text is the engine's token. */
export interface VectorStoreFacts {
  /** The function that searches. */
  readonly functionArn: Text;
  readonly functionName: Text;
}

/**
 * Decides what searches the vector stores of a database: a function, in the database's network, that can read their
 * tables and call their models. The tables themselves are migrations.
 *
 * @param path the construct's path, for messages
 * @throws InvalidInputError with every problem of the declaration
 */
export function vectorStoreModel(
  path: string,
  declared: SearchDeclaration,
  database: DatabaseFacts,
  given: SearchGiven,
): VectorStoreModel {
  const setting = searchSetting(path, declared, given);
  const { manifest, compliance } = declared;
  const own = `${manifest.name}-search`;
  const all: Node[] = [
    operationsKey(own, 'operations', setting.removal),
    ...(compliance === 'regulated' ? [deadLetterQueue(own, setting.keyArn)] : []),
    manifestLayer(own, `Vector stores and documents of ${manifest.name}`, manifest, setting.architecture),
    ...handlerNodes(
      {
        id: 'Search',
        bundle: 'search',
        functionName: own,
        description: 'Searches vector stores by meaning, by words, or by both',
        memoryMb: 512,
        timeoutSeconds: 30,
        diskMb: 512,
        layers: [ref('ManifestLayer', 'arn')],
        environment: roleEnvironment(database, searchRole),
        statements: [
          ...connectStatements(database, searchRole),
          ...modelStatements(manifest.stores ?? [], { replaced: true }),
        ],
      },
      setting,
    ),
  ];
  const nodes = withoutGiven(all, given.nodes);
  assertValid(idProblems(path, nodes));
  const regulated = regulate(nodes, {
    compliance,
    network: undefined,
    deadLetterArn: ref(deadLettersId, 'arn'),
    keyArn: setting.keyArn,
    concurrency: () => 20,
  });
  return deepFreeze({
    nodes: inDatabaseNetwork(regulated, database),
    facts: { functionArn: ref('SearchFunction', 'arn'), functionName: ref('SearchFunction', 'name') },
  });
}

/** What a principal must be allowed to search. */
export const invokeStatements = ({ functionArn }: VectorStoreFacts): Statement[] => [
  { sid: 'Search', effect: 'Allow', actions: ['lambda:InvokeFunction'], resources: [functionArn] },
];
