import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { givenKey, surroundings } from '../core/cdk/given';
import { render } from '../core/cdk/render';
import { type Resolved, resolve } from '../core/text';
import type { Lake } from '../lake/cdk';
import type { DatabaseFacts } from '../postgres/facts';
import { vaultKeyId } from './ids';
import { type BackupFacts, type BackupModel, backupModel } from './model';
import type { BackupPolicyDeclaration } from './props';

export interface BackupPolicyProps extends BackupPolicyDeclaration {
  /** The lake whose buckets are backed up. */
  readonly lake: Lake;
  /**
   * The database that is backed up, restored and compared: a `PostgresDatabase`, made here or imported.
   * @default none
   */
  readonly database?: { readonly facts: Resolved<DatabaseFacts> };
  /**
   * An existing key for recovery points, used through IAM alone: its policy must let the account administer it.
   * @default a new one
   */
  readonly vaultKey?: IKey;
}

/** Backups of a lake and its database by tiers, kept from deletion, and restored on schedule to prove that they can be. */
export class BackupPolicy extends Construct {
  /** Told of backups and restore tests that failed. */
  readonly notices: ITopic;
  /** What was decided, before any engine. */
  readonly model: BackupModel;
  readonly facts: Resolved<BackupFacts>;

  constructor(scope: Construct, id: string, props: BackupPolicyProps) {
    super(scope, id);
    const given = givenKey(vaultKeyId, props.vaultKey);
    this.model = backupModel(this.node.path, props, props.lake.facts, props.database?.facts, surroundings(this, given));
    this.facts = resolve(this.model.facts, render(this, this.model.nodes, given));
    this.notices = Topic.fromTopicArn(this, 'Notices', this.facts.notices);
  }
}
