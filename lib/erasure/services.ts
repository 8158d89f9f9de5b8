import type { ObjectInfo, Objects, Services } from '../runtime/services';
import type { RestCatalog } from '../tables/client';
import type { TableFiles } from '../tables/files';
import type { ErasureLedger } from './ledger';

/** Objects that an erasure may change, which nothing else does. */
export interface ErasableObjects extends Objects {
  /**
   * Puts the bytes of a file in the place of an object's, which from then on says with which ETag it arrived. False where the
   * object is no longer as it was seen.
   */
  replace(seen: ObjectInfo, file: string): Promise<boolean>;
  /** Does nothing where it is gone. */
  remove(uri: string): Promise<void>;
}

export interface ErasureServices extends Services {
  readonly objects: ErasableObjects;
  readonly ledger: ErasureLedger;
  readonly tables: RestCatalog;
  readonly tableFiles: TableFiles;
  /** Age in milliseconds at which a file that no snapshot names is of a commit that failed, and not of one under way. */
  readonly orphanAge: number;
  /** Folder for files until they are in their place. */
  readonly scratch: string;
  /** Milliseconds that a step takes at most, before it says where it is to go on. */
  readonly patience: number;
  /** What holds copies, beside what the manifest says: none on this machine. */
  readonly holds: Holds;
}

/** What of a deployment holds copies for a while. */
export interface Holds {
  /** Days that a version of an object is kept that another has taken the place of. */
  readonly versionDays?: number;
  /** Zones whose objects are copied to buckets elsewhere. */
  readonly replicas?: readonly string[];
  /** Days that results of Athena's queries are kept. */
  readonly queryResultDays?: number;
}
