import { pascal } from '../core/names';
import type { Node, SecurityGroupRuleNode } from '../core/nodes';
import { ref, type Text } from '../core/text';
import { clientSecurityGroupId, proxySecurityGroupId, securityGroupId } from './ids';

export interface SecurityDecision {
  readonly name: string;
  readonly vpcId: Text;
  readonly port: number;
  /** Security group of the database; absent: a new one. */
  readonly databaseGroup?: Text;
  /** Whether there is a proxy with a security group of its own. */
  readonly proxy: boolean;
  /** Security group of the proxy; absent: a new one. */
  readonly proxyGroup?: Text | undefined;
  /** Others that may connect, by a name for each. */
  readonly allowFrom: Readonly<Record<string, Text>>;
}

/** Who may connect to whom: clients to the database and its proxy, the proxy to the database, and nothing else in. */
export function securityNodes(decision: SecurityDecision): Node[] {
  const { name, vpcId, port, proxy, allowFrom } = decision;
  const group = (id: string, purpose: string, description: string): Node => ({
    kind: 'securityGroup',
    id,
    name: `${name}-${purpose}`,
    description: `${name}: ${description}`,
    vpcId,
  });
  const database = decision.databaseGroup ?? ref(securityGroupId, 'id');
  const client = ref(clientSecurityGroupId, 'id');
  const proxyGroup = decision.proxyGroup ?? ref(proxySecurityGroupId, 'id');
  const rule = (
    id: string,
    direction: 'in' | 'out',
    of: Text,
    peer: SecurityGroupRuleNode['peer'],
    description: string,
    at = port,
  ): SecurityGroupRuleNode => ({
    kind: 'securityGroupRule',
    id,
    direction,
    securityGroupId: of,
    description,
    port: at,
    peer,
  });
  /** A connection needs a rule on either side. */
  const connection = (id: string, from: Text, to: Text, who: string, whom: string): Node[] => [
    rule(`${id}In`, 'in', to, { securityGroupId: from }, `PostgreSQL from ${who}`),
    rule(`${id}Out`, 'out', from, { securityGroupId: to }, `PostgreSQL to ${whom}`),
  ];
  return [
    ...(decision.databaseGroup === undefined ? [group(securityGroupId, 'database', 'the database')] : []),
    group(clientSecurityGroupId, 'database-clients', 'functions and tasks that use the database'),
    ...connection('Clients', client, database, 'clients', 'the database'),
    rule(
      'ClientsHttpsOut',
      'out',
      client,
      { cidr: '0.0.0.0/0' },
      'HTTPS to services of AWS, as far as the subnets route it',
      443,
    ),
    ...(proxy
      ? [
          // A proxy that is there reaches its database already.
          ...(decision.proxyGroup === undefined
            ? [
                group(proxySecurityGroupId, 'database-proxy', 'the proxy of the database'),
                ...connection('Proxy', proxyGroup, database, 'the proxy', 'the database'),
              ]
            : []),
          ...connection('ClientsOfProxy', client, proxyGroup, 'clients', 'the proxy'),
        ]
      : []),
    // Groups of others have their own rules of what they let out.
    ...Object.entries(allowFrom).flatMap(([who, from]) => [
      rule(`Allow${pascal(who)}In`, 'in', database, { securityGroupId: from }, `PostgreSQL from ${who}`),
      ...(proxy
        ? [rule(`Allow${pascal(who)}ToProxyIn`, 'in', proxyGroup, { securityGroupId: from }, `PostgreSQL from ${who}`)]
        : []),
    ]),
  ];
}
