import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { type CfnKey, type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, type CfnBucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { ZoneDeclaration } from '../../lib/platform/zones';
import { surroundings } from '../core/cdk/given';
import { grant } from '../core/cdk/grant';
import { type Attributes, type Lookup, render } from '../core/cdk/render';
import { type Resolved, resolve } from '../core/text';
import { queryStatements, readStatements, writeStatements } from './grants';
import { bucketId, keyId } from './ids';
import { type LakeFacts, type LakeModel, lakeModel, selectZones } from './model';
import type { LakeDeclaration } from './props';

/** A zone of a lake that CloudFormation makes: its declaration, and what exists already. */
export interface ZoneProps extends ZoneDeclaration {
  /**
   * An existing bucket to use. Its policy, encryption and lifecycle stay as they are. Where files arrive in it, it must
   * send its events to EventBridge, or no pipeline hears of them.
   * @default a new one
   */
  readonly bucket?: IBucket;
  /**
   * An existing key to encrypt with, or, beside an existing bucket, the key that bucket is encrypted with.
   * @default a new one, or the key of the existing bucket
   */
  readonly key?: IKey;
}

export interface LakeProps extends LakeDeclaration<ZoneProps> {}

/** One zone of a lake, to be used beside a stack's own resources. */
export interface LakeZone {
  readonly bucket: IBucket;
  /** Absent where the bucket was passed in and has no key. */
  readonly key?: IKey;
  /** Name of its Glue database. */
  readonly database: string;
}

/** Zones for data (buckets, keys, Glue databases) and an Athena workgroup to query them. */
export class Lake extends Construct {
  /** By name, for example `lake.zones.bronze`. */
  readonly zones: Readonly<Record<string, LakeZone>>;
  /** Name of the Athena workgroup. */
  readonly workgroup: string;
  /** What was decided, before any engine. */
  readonly model: LakeModel;
  readonly facts: Resolved<LakeFacts>;
  readonly #lookup: Lookup;

  constructor(scope: Construct, id: string, props: LakeProps) {
    super(scope, id);
    const given = givenNodes(props.zones ?? []);
    this.model = lakeModel(this.node.path, props, surroundings(this, given));
    this.#lookup = render(this, this.model.nodes, given);
    this.facts = resolve(this.model.facts, this.#lookup);
    this.workgroup = this.facts.workgroup;
    this.zones = Object.fromEntries(
      this.facts.zones.map(({ name, database }) => {
        const brought = props.zones?.find((zone) => zone.name === name);
        const madeKey = this.node.tryFindChild(keyId(name)) as CfnKey | undefined;
        const key = brought?.key ?? brought?.bucket?.encryptionKey ?? (madeKey && Key.fromCfnKey(madeKey));
        const bucket = brought?.bucket ?? Bucket.fromCfnBucket(this.node.findChild(bucketId(name)) as CfnBucket);
        return [name, { bucket, database, ...(key === undefined ? {} : { key }) }];
      }),
    );
  }

  /**
   * Lets a principal read zones: objects, keys and Glue tables, in one call.
   *
   * @param zones names of zones; by default all
   */
  grantRead(grantee: IGrantable, ...zones: string[]): void {
    grant(this, grantee, readStatements(this.facts, selectZones(this.node.path, this.facts, zones)), this.#lookup);
  }

  /** Lets a principal read and write zones: objects, keys and Glue tables, in one call. */
  grantWrite(grantee: IGrantable, ...zones: string[]): void {
    grant(this, grantee, writeStatements(this.facts, selectZones(this.node.path, this.facts, zones)), this.#lookup);
  }

  /** Lets a principal run queries in the lake's Athena workgroup; what it may read is for `grantRead` to say. */
  grantQuery(grantee: IGrantable): void {
    grant(this, grantee, queryStatements(this.facts), this.#lookup);
  }
}

function givenNodes(zones: readonly ZoneProps[]): Record<string, Attributes> {
  const given: Record<string, Attributes> = {};
  for (const { name, bucket, key } of zones) {
    if (bucket !== undefined) given[bucketId(name)] = { arn: bucket.bucketArn, name: bucket.bucketName };
    const used = key ?? bucket?.encryptionKey;
    if (used !== undefined) given[keyId(name)] = { arn: used.keyArn, id: used.keyId };
  }
  return given;
}
