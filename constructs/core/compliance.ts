import type { Problem } from '../../lib/errors';
import { joinNetwork } from './network';
import type { FunctionNode, Node, RoleNode, Statement } from './nodes';
import type { Text } from './text';

/**
 * What rules for regulated data (NIST 800-53 r5, HIPAA, PCI DSS, as cdk-nag reads them) ask beyond the defaults:
 * functions in a network that is given, with limits and dead letters of their own; permissions as managed policies; every
 * bucket versioned and replicated. What they need and nobody gave is a problem at synth.
 */
export type Compliance = 'regulated';

/** Where functions reach other services from. */
export interface FunctionNetwork {
  /**
   * Private subnets of one VPC. From there functions must reach S3 (a gateway endpoint will do), Glue and SQS (interface
   * endpoints with private DNS), or a NAT gateway.
   */
  readonly subnetIds: readonly string[];
  /** Security groups that let HTTPS out. */
  readonly securityGroupIds: readonly string[];
}

export function networkProblems(
  where: string,
  { compliance, network }: { readonly compliance?: Compliance; readonly network?: FunctionNetwork },
): Problem[] {
  if (network === undefined) {
    const message =
      'must give subnetIds and securityGroupIds for the functions, since compliance is "regulated"; given nothing';
    return compliance === 'regulated' ? [{ where, path: 'network', message }] : [];
  }
  return (['subnetIds', 'securityGroupIds'] as const)
    .filter((list) => network[list].length === 0)
    .map((list) => ({ where, path: `network.${list}`, message: 'must name at least one; given none' }));
}

export interface Regulation {
  readonly compliance: Compliance | undefined;
  readonly network: FunctionNetwork | undefined;
  /** The queue for calls of functions that nobody waits for and that failed. */
  readonly deadLetterArn: Text;
  readonly keyArn: Text;
  /** How many of a function may run at once, by its id. */
  readonly concurrency: (functionId: string) => number;
}

/** Functions and roles as the rules want them, and all other nodes as they are. */
export function regulate(nodes: readonly Node[], { compliance, network, ...more }: Regulation): Node[] {
  const regulated = compliance === 'regulated';
  const { deadLetterArn, keyArn, concurrency } = more;
  const ofFunctions: Statement[] = [
    ...(network === undefined ? [] : [joinNetwork]),
    ...(regulated
      ? [
          {
            sid: 'KeepOwnDeadLetters',
            effect: 'Allow' as const,
            actions: ['sqs:SendMessage'],
            resources: [deadLetterArn],
          },
          {
            sid: 'EncryptDeadLetters',
            effect: 'Allow' as const,
            actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
            resources: [keyArn],
          },
        ]
      : []),
  ];
  const role = (node: RoleNode): RoleNode => ({
    ...node,
    ...(regulated ? { permissions: 'managed' } : {}),
    statements: isForLambda(node) ? [...node.statements, ...ofFunctions] : node.statements,
  });
  const fn = (node: FunctionNode): FunctionNode => ({
    ...node,
    ...(network === undefined ? {} : { network }),
    ...(regulated ? { deadLetterArn, reservedConcurrency: concurrency(node.id) } : {}),
  });
  return nodes.map((node) => (node.kind === 'role' ? role(node) : node.kind === 'function' ? fn(node) : node));
}

const isForLambda = ({ assumedBy }: RoleNode): boolean =>
  typeof assumedBy !== 'string' && 'service' in assumedBy && assumedBy.service === 'lambda.amazonaws.com';
