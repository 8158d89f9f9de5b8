import { joinNetwork } from '../core/network';
import type { FunctionNode, Node, RoleNode, Statement } from '../core/nodes';
import { aws, type Text, text } from '../core/text';

/**
 * What functions, migrations, backups and grants need to know of a database, whether this stack makes it or not. Once
 * rendered, every text is the engine's token.
 */
export interface DatabaseFacts {
  /** Begins the names of resources: the platform's name. */
  readonly name: string;
  /** What it is made as. */
  readonly engine: 'instance' | 'aurora';
  /** Its identifier in RDS: of the instance, or of the cluster. */
  readonly identifier: Text;
  /** ARN of the instance or cluster, as AWS Backup wants it. */
  readonly arn: Text;
  /** `db-…` of an instance, `cluster-…` of a cluster: what IAM knows it by. */
  readonly resourceId: Text;
  /** Where it is written to, itself and not through the proxy: for migrations, replication slots and dumps. */
  readonly host: Text;
  /** Where its readers answer; absent where it has none. */
  readonly readHost?: Text;
  readonly port: number;
  /** The database inside it. */
  readonly database: string;
  /** Who logs in with the master secret, and with nothing else. */
  readonly masterUser: string;
  /** The secret that RDS keeps and rotates; absent where an existing database has none. */
  readonly masterSecretArn?: Text;
  /** Encrypts storage, its snapshots and the master secret; absent where an existing database was given without. */
  readonly keyArn?: Text;
  /** The RDS Proxy in front of it, where it has one. */
  readonly proxy?: { readonly host: Text; readonly resourceId: Text };
  /** Its security group: lets in `clientSecurityGroupId` and whoever was named. */
  readonly securityGroupId: Text;
  /** Who is in it reaches the database, its proxy, and HTTPS: functions, dump tasks. */
  readonly clientSecurityGroupId: Text;
  readonly vpcId: Text;
  /** Private subnets, for whatever connects to it. */
  readonly subnetIds: readonly Text[];
}

/** Where what connects to a database runs. */
export type ClientNetwork = Pick<DatabaseFacts, 'subnetIds' | 'clientSecurityGroupId'>;

/** Where functions of a database run: subnets and security group, as a `FunctionNode` wants them. */
const databaseNetwork = (database: ClientNetwork): NonNullable<FunctionNode['network']> => ({
  subnetIds: database.subnetIds,
  securityGroupIds: [database.clientSecurityGroupId],
});

/**
 * Puts functions into the database's network: the functions among `nodes`, and their roles, which may then join it. Other
 * nodes stay as they are.
 */
export function inDatabaseNetwork(nodes: readonly Node[], database: ClientNetwork): Node[] {
  const roles = new Set(
    nodes.flatMap((node) => (node.kind === 'function' && isRef(node.roleArn) ? [node.roleArn.node] : [])),
  );
  return nodes.map((node): Node => {
    if (node.kind === 'function') return { ...node, network: databaseNetwork(database) };
    if (node.kind === 'role' && roles.has(node.id))
      return { ...node, statements: [...node.statements, joinNetwork] } satisfies RoleNode;
    return node;
  });
}

const isRef = (value: Text): value is { node: string; attr: string } => typeof value !== 'string' && 'node' in value;

/** Lets a principal log in as one role of the database, itself or through the proxy, with a token of IAM's. */
export function connectStatements(database: DatabaseFacts, role: string): Statement[] {
  const user = (resourceId: Text) =>
    text`arn:${aws.partition}:rds-db:${aws.region}:${aws.account}:dbuser:${resourceId}/${role}`;
  return [
    {
      sid: 'ConnectToDatabase',
      effect: 'Allow',
      actions: ['rds-db:connect'],
      resources: [
        user(database.resourceId),
        ...(database.proxy === undefined ? [] : [user(database.proxy.resourceId)]),
      ],
    },
  ];
}

/**
 * What a function must have in its environment to log in as a role with IAM: `INGOT_DATABASE`, JSON of
 * `{host, port, database, user, auth: 'iam', region}`.
 *
 * @param via through the proxy where there is one, or to the database itself
 */
export function roleEnvironment(
  database: DatabaseFacts,
  role: string,
  via: 'proxy' | 'itself' = 'proxy',
): Record<string, Text> {
  const host = via === 'proxy' ? (database.proxy?.host ?? database.host) : database.host;
  return environment(
    text`{"host":"${host}","port":${String(database.port)},"database":${JSON.stringify(database.database)},"user":${JSON.stringify(role)},"auth":"iam","region":"${aws.region}"}`,
  );
}

/**
 * The same for the master user, always to the database itself: `auth` is `secret`, and `secretArn` says which.
 *
 * @throws Error where the database has no secret of its master
 */
export function masterEnvironment(database: DatabaseFacts): Record<string, Text> {
  return environment(
    text`{"host":"${database.host}","port":${String(database.port)},"database":${JSON.stringify(database.database)},"user":${JSON.stringify(database.masterUser)},"auth":"secret","secretArn":"${masterSecret(database)}","region":"${aws.region}"}`,
  );
}

/** Lets a principal read the master secret: the migrate handler, and nobody else. */
export function masterStatements(database: DatabaseFacts): Statement[] {
  return [
    {
      sid: 'ReadMasterSecret',
      effect: 'Allow',
      actions: ['secretsmanager:GetSecretValue'],
      resources: [masterSecret(database)],
    },
    ...(database.keyArn === undefined
      ? []
      : [
          {
            sid: 'DecryptMasterSecret',
            effect: 'Allow' as const,
            actions: ['kms:Decrypt'],
            resources: [database.keyArn],
            conditions: {
              StringEquals: { 'kms:ViaService': text`secretsmanager.${aws.region}.${aws.urlSuffix}` },
            },
          },
        ]),
  ];
}

/** The same for another database, whose user's password is in a secret. */
export const secretEnvironment = (address: {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly secretArn: string;
}): Record<string, Text> =>
  environment(text`${JSON.stringify({ ...address, auth: 'secret' }).slice(0, -1)},"region":"${aws.region}"}`);

function masterSecret({ name, masterSecretArn }: DatabaseFacts): Text {
  if (masterSecretArn === undefined)
    throw new Error(`the database of ${name} was given without the ARN of its master secret: pass masterSecretArn`);
  return masterSecretArn;
}

/** Lambda's Node does not know the authorities of RDS by itself; the runtime brings them as a file. */
const environment = (connection: Text): Record<string, Text> => ({
  INGOT_DATABASE: connection,
  NODE_EXTRA_CA_CERTS: '/var/runtime/ca-cert.pem',
});
