import { type ISecurityGroup, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { type CfnKey, type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { Construct, type IConstruct } from 'constructs';
import { givenKey, givenTopic, surroundings } from '../core/cdk/given';
import { grant } from '../core/cdk/grant';
import { type Lookup, render } from '../core/cdk/render';
import { operationsKeyId } from '../core/operations-key';
import { type Resolved, resolve } from '../core/text';
import { type NetworkSource, vpcFacts } from '../network/cdk';
import { noticesId } from '../pipeline/ids';
import { existingModel } from './existing';
import { connectStatements, type DatabaseFacts } from './facts';
import { keyId } from './ids';
import { type PostgresModel, postgresModel } from './model';
import type { ExistingDatabase, PostgresDeclaration } from './props';
import { assertRole } from './roles';

export interface PostgresDatabaseProps extends PostgresDeclaration {
  /**
   * Where the database is: a `Network`, an existing VPC with two private subnets or more in different zones, or its ids.
   * There is no default: a VPC is never made silently.
   */
  readonly network?: NetworkSource;
  /**
   * An existing key for storage, snapshots and master secret.
   * @default a new one
   */
  readonly key?: IKey;
  /**
   * An existing key for logs and the topic. Its policy must let the services in `servicesUseOperationsKey` use it.
   * @default a new one
   */
  readonly operationsKey?: IKey;
  /**
   * A topic that alarms are told to.
   * @default a new one
   */
  readonly topic?: ITopic;
  /**
   * Security groups that may connect, beside those in `clientSecurityGroup`, by a name for each.
   * @default none
   */
  readonly allowFrom?: Readonly<Record<string, ISecurityGroup>>;
}

/** What must be known of a database that is there. */
export interface ExistingDatabaseProps extends ExistingDatabase {
  readonly network: NetworkSource;
  /** The database's own: it gets a rule that lets clients in. */
  readonly securityGroup: ISecurityGroup;
}

/** A database that functions and grants refer to, whether this app makes it or not. */
export interface IPostgresDatabase extends IConstruct {
  /** Who is in it reaches the database. */
  readonly clientSecurityGroup: ISecurityGroup;
  readonly facts: Resolved<DatabaseFacts>;
  readonly model: PostgresModel;
  /**
   * Lets a principal log in as one role of the database, with a token of IAM's and without a password.
   *
   * @param role a role that a migration makes (`CREATE ROLE ingot_search LOGIN; GRANT rds_iam TO ingot_search`)
   * @throws InvalidInputError for the master's role; Error for a principal that cannot be changed here
   */
  grantConnect(grantee: IGrantable, role: string): void;
}

abstract class Base extends Construct implements IPostgresDatabase {
  abstract readonly clientSecurityGroup: ISecurityGroup;
  abstract readonly facts: Resolved<DatabaseFacts>;
  abstract readonly model: PostgresModel;
  protected abstract readonly lookup: Lookup;

  grantConnect(grantee: IGrantable, role: string): void {
    assertRole(this.node.path, role, this.facts);
    grant(this, grantee, connectStatements(this.facts, role), this.lookup);
  }
}

/**
 * PostgreSQL: an instance of RDS, or Aurora Serverless v2. Encrypted with a key of its own, TLS alone, IAM
 * authentication, a master secret that RDS keeps and rotates, logs, alarms, and a proxy where one is wanted.
 */
export class PostgresDatabase extends Base {
  /** A database that is there. What is made is a security group for its clients, and the rules that let them in. */
  static fromExisting(scope: Construct, id: string, props: ExistingDatabaseProps): IPostgresDatabase {
    return new Existing(scope, id, props);
  }

  readonly clientSecurityGroup: ISecurityGroup;
  /** Encrypts storage, snapshots and the master secret. */
  readonly key: IKey;
  /** The secret of the master, that migrations alone read. */
  readonly masterSecret: ISecret;
  /** Told of alarms. */
  readonly topic: ITopic;
  readonly facts: Resolved<DatabaseFacts>;
  /** What was decided, before any engine. */
  readonly model: PostgresModel;
  protected readonly lookup: Lookup;

  constructor(scope: Construct, id: string, props: PostgresDatabaseProps) {
    super(scope, id);
    const given = {
      ...givenKey(keyId, props.key),
      ...givenKey(operationsKeyId, props.operationsKey),
      ...givenTopic(noticesId, props.topic),
    };
    this.model = postgresModel(this.node.path, props, {
      ...surroundings(this, given),
      ...(props.network === undefined ? {} : { vpc: vpcFacts(props.network) }),
      allowFrom: Object.fromEntries(
        Object.entries(props.allowFrom ?? {}).map(([who, group]) => [who, group.securityGroupId]),
      ),
    });
    this.lookup = render(this, this.model.nodes, given);
    this.facts = resolve(this.model.facts, this.lookup);
    this.clientSecurityGroup = SecurityGroup.fromSecurityGroupId(this, 'Clients', this.facts.clientSecurityGroupId);
    this.key = props.key ?? Key.fromCfnKey(this.node.findChild(keyId) as CfnKey);
    this.masterSecret = Secret.fromSecretAttributes(this, 'MasterSecret', {
      secretCompleteArn: this.facts.masterSecretArn!,
      encryptionKey: this.key,
    });
    this.topic = props.topic ?? Topic.fromTopicArn(this, 'Notices', this.lookup({ node: noticesId, attr: 'arn' }));
  }
}

class Existing extends Base {
  readonly clientSecurityGroup: ISecurityGroup;
  readonly facts: Resolved<DatabaseFacts>;
  readonly model: PostgresModel;
  protected readonly lookup: Lookup;

  constructor(scope: Construct, id: string, props: ExistingDatabaseProps) {
    super(scope, id);
    this.model = existingModel(this.node.path, props, vpcFacts(props.network), props.securityGroup.securityGroupId);
    this.lookup = render(this, this.model.nodes);
    this.facts = resolve(this.model.facts, this.lookup);
    this.clientSecurityGroup = SecurityGroup.fromSecurityGroupId(this, 'Clients', this.facts.clientSecurityGroupId);
  }
}
