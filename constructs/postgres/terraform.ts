import { Construct } from 'constructs';
import { pascal } from '../core/names';
import { operationsKeyId } from '../core/operations-key';
import type { KmsKey, SnsTopic } from '../core/terraform/aws';
import { givenKey, givenTopic, surroundings } from '../core/terraform/given';
import { type Grantee, grant } from '../core/terraform/grant';
import { type Lookup, render } from '../core/terraform/render';
import { type Resolved, resolve } from '../core/text';
import { type NetworkSource, vpcFacts } from '../network/terraform';
import { noticesId } from '../pipeline/ids';
import { existingModel } from './existing';
import { connectStatements, type DatabaseFacts } from './facts';
import { keyId } from './ids';
import { type PostgresModel, postgresModel } from './model';
import type { ExistingDatabase, PostgresDeclaration } from './props';
import { assertRole } from './roles';

export interface PostgresDatabaseProps extends PostgresDeclaration {
  /**
   * Where the database is: a `Network`, or the ids of an existing VPC and of two private subnets or more in different
   * zones. There is no default: a VPC is never made silently.
   */
  readonly network?: NetworkSource;
  /**
   * An existing key for storage, snapshots and master secret.
   * @default a new one
   */
  readonly key?: Pick<KmsKey, 'arn' | 'keyId'>;
  /**
   * An existing key for logs and the topic. Its policy must let the services in `servicesUseOperationsKey` use it.
   * @default a new one
   */
  readonly operationsKey?: Pick<KmsKey, 'arn' | 'keyId'>;
  /**
   * A topic that alarms are told to.
   * @default a new one
   */
  readonly topic?: Pick<SnsTopic, 'arn'>;
  /**
   * Ids of security groups that may connect, beside those in `clientSecurityGroupId`, by a name for each.
   * @default none
   */
  readonly allowFrom?: Readonly<Record<string, string>>;
}

/** What must be known of a database that is there. */
export interface ExistingDatabaseProps extends ExistingDatabase {
  readonly network: NetworkSource;
  /** The database's own: it gets a rule that lets clients in. */
  readonly securityGroupId: string;
}

/** A database that functions and grants refer to, whether this app makes it or not. */
export interface IPostgresDatabase extends Construct {
  /** Id of the security group that reaches the database. */
  readonly clientSecurityGroupId: string;
  readonly facts: Resolved<DatabaseFacts>;
  readonly model: PostgresModel;
  /**
   * Lets a role of IAM log in as one role of the database, with a token and without a password.
   *
   * @param databaseRole a role that a migration makes (`CREATE ROLE ingot_search LOGIN; GRANT rds_iam TO ingot_search`)
   * @throws InvalidInputError for the master's role
   */
  grantConnect(role: Grantee, databaseRole: string): void;
}

abstract class Base extends Construct implements IPostgresDatabase {
  abstract readonly clientSecurityGroupId: string;
  abstract readonly facts: Resolved<DatabaseFacts>;
  abstract readonly model: PostgresModel;
  protected abstract readonly lookup: Lookup;

  grantConnect(role: Grantee, databaseRole: string): void {
    assertRole(this.node.path, databaseRole, this.facts);
    grant(this, `ConnectAs${pascal(databaseRole)}`, role, connectStatements(this.facts, databaseRole), this.lookup);
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

  readonly clientSecurityGroupId: string;
  /** ARN of the key that encrypts storage, snapshots and the master secret. */
  readonly keyArn: string;
  /** ARN of the secret of the master, that migrations alone read. */
  readonly masterSecretArn: string;
  /** ARN of the topic that is told of alarms. */
  readonly topicArn: string;
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
      ...(props.allowFrom === undefined ? {} : { allowFrom: props.allowFrom }),
    });
    this.lookup = render(this, this.model.nodes, given);
    this.facts = resolve(this.model.facts, this.lookup);
    this.clientSecurityGroupId = this.facts.clientSecurityGroupId;
    this.keyArn = this.facts.keyArn!;
    this.masterSecretArn = this.facts.masterSecretArn!;
    this.topicArn = this.lookup({ node: noticesId, attr: 'arn' });
  }
}

class Existing extends Base {
  readonly clientSecurityGroupId: string;
  readonly facts: Resolved<DatabaseFacts>;
  readonly model: PostgresModel;
  protected readonly lookup: Lookup;

  constructor(scope: Construct, id: string, props: ExistingDatabaseProps) {
    super(scope, id);
    this.model = existingModel(this.node.path, props, vpcFacts(props.network), props.securityGroupId);
    this.lookup = render(this, this.model.nodes);
    this.facts = resolve(this.model.facts, this.lookup);
    this.clientSecurityGroupId = this.facts.clientSecurityGroupId;
  }
}
