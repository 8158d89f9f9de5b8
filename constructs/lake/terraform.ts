import { Construct } from 'constructs';
import type { ZoneDeclaration } from '../../lib/platform/zones';
import { pascal } from '../core/names';
import type { KmsKey, S3Bucket } from '../core/terraform/aws';
import { surroundings } from '../core/terraform/given';
import { type Grantee, grant } from '../core/terraform/grant';
import { type Attributes, type Lookup, render } from '../core/terraform/render';
import { type Resolved, resolve } from '../core/text';
import { queryStatements, readStatements, writeStatements } from './grants';
import { bucketId, keyId } from './ids';
import { type LakeFacts, type LakeModel, lakeModel, selectZones } from './model';
import type { LakeDeclaration } from './props';

/** A zone of a lake that Terraform makes: its declaration, and what exists already (resources or data sources). */
export interface ZoneProps extends ZoneDeclaration {
  /**
   * An existing bucket to use. Its policy, encryption and lifecycle stay as they are. Where files arrive in it, it must
   * send its events to EventBridge, or no pipeline hears of them.
   * @default a new one
   */
  readonly bucket?: Pick<S3Bucket, 'arn' | 'bucket'>;
  /**
   * An existing key to encrypt with, or, beside an existing bucket, the key that bucket is encrypted with.
   * @default a new one; none beside an existing bucket
   */
  readonly key?: Pick<KmsKey, 'arn' | 'keyId'>;
}

export interface LakeProps extends LakeDeclaration<ZoneProps> {}

/** One zone of a lake, to be used beside a stack's own resources. Every value is a token. */
export interface LakeZone {
  readonly bucketArn: string;
  readonly bucketName: string;
  /** Absent where the bucket was passed in without a key. */
  readonly keyArn?: string;
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
    this.zones = Object.fromEntries(this.facts.zones.map((zone) => [zone.name, zone]));
  }

  /**
   * Lets a role read zones: objects, keys and Glue tables, in one call.
   *
   * @param zones names of zones; by default all
   */
  grantRead(role: Grantee, ...zones: string[]): void {
    const statements = readStatements(this.facts, selectZones(this.node.path, this.facts, zones));
    grant(this, `Read${zones.map(pascal).join('')}`, role, statements, this.#lookup);
  }

  /** Lets a role read and write zones: objects, keys and Glue tables, in one call. */
  grantWrite(role: Grantee, ...zones: string[]): void {
    const statements = writeStatements(this.facts, selectZones(this.node.path, this.facts, zones));
    grant(this, `Write${zones.map(pascal).join('')}`, role, statements, this.#lookup);
  }

  /** Lets a role run queries in the lake's Athena workgroup; what it may read is for `grantRead` to say. */
  grantQuery(role: Grantee): void {
    grant(this, 'Query', role, queryStatements(this.facts), this.#lookup);
  }
}

function givenNodes(zones: readonly ZoneProps[]): Record<string, Attributes> {
  const given: Record<string, Attributes> = {};
  for (const { name, bucket, key } of zones) {
    if (bucket !== undefined) given[bucketId(name)] = { arn: bucket.arn, name: bucket.bucket };
    if (key !== undefined) given[keyId(name)] = { arn: key.arn, id: key.keyId };
  }
  return given;
}
