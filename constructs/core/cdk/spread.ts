import { createHash } from 'node:crypto';
import { NestedStack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { InvalidInputError } from '../../../lib/errors';
import { numberProblems } from '../names';
import type { Node, NodeKind } from '../nodes';

/** What there are several of for each table. */
const byTable: readonly NodeKind[] = ['alarm', 'dataQualityRuleset', 'glueTable', 'icebergTable', 'schema'];

/**
 * Where nodes are made: those that come with tables in one of `count` nested stacks, since a stack of CloudFormation
 * holds 500 resources. Which one follows from a node's id alone, so that none moves when others come or go.
 *
 * @throws InvalidInputError where the count is none
 */
export function spread(scope: Construct, count: number | undefined): (node: Node) => Construct {
  if (count === undefined) return () => scope;
  const problems = numberProblems(scope.node.path, 'tableStacks', count, { min: 1, max: 200, whole: true });
  if (problems.length > 0) throw new InvalidInputError(problems);
  return (node) => {
    if (!byTable.includes(node.kind)) return scope;
    // What waits for a table is made beside it.
    const key = node.kind === 'dataQualityRuleset' ? node.after : node.id;
    const name = `Tables${createHash('sha256').update(key).digest().readUInt32BE() % count}`;
    return (scope.node.tryFindChild(name) as NestedStack | undefined) ?? new NestedStack(scope, name);
  };
}
