import type { ZoneDeclaration } from '../../lib/platform/zones';
import type { Compliance } from '../core/compliance';
import type { Removal } from '../core/nodes';

/** What may be said of a lake, whichever engine makes it. Each engine adds its own references to what exists. */
export interface LakeDeclaration<ZoneProps extends ZoneDeclaration = ZoneDeclaration> {
  /** Begins every resource's name: 2 to 20 lower-case letters, digits and hyphens, a letter first. */
  readonly name: string;
  /**
   * The zones, in the order in which data passes them.
   * @default bronze (files), silver and gold (Iceberg tables)
   */
  readonly zones?: readonly ZoneProps[];
  /**
   * What happens to buckets, keys and databases that leave the stack. `delete` needs the context flag
   * `ingot:allow-data-deletion=true` as well.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * Whether every bucket logs who reads and writes it, into a bucket of its own.
   * @default true
   */
  readonly accessLogs?: boolean;
  /**
   * Days that access logs are kept.
   * @default 365
   */
  readonly accessLogDays?: number;
  /**
   * Athena stops a query that has scanned more than this, in GB (10^9 bytes). At least 0.01.
   * @default 100
   */
  readonly queryScanLimitGb?: number;
  /**
   * Days that results of Athena queries are kept.
   * @default 30
   */
  readonly queryResultDays?: number;
  /**
   * Buckets elsewhere, best in another region, that the lake's own copy to whatever is written: by name of a zone, and
   * `access-logs` and `query-results`. They must be versioned.
   * @default none
   */
  readonly replicas?: Readonly<Record<string, Replica>>;
  /**
   * `regulated`: what NIST 800-53 r5, HIPAA and PCI DSS ask, as cdk-nag reads them. Every bucket is versioned and must
   * have its replica.
   * @default none of them
   */
  readonly compliance?: Compliance;
}

/** A bucket that another one is copied to. */
export interface Replica {
  readonly bucketArn: string;
  /** The key that the copies are encrypted with, in the region of the bucket. */
  readonly keyArn: string;
}
