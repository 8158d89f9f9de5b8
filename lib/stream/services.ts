import type { Postgres } from '../runtime/postgres';
import type { Services } from '../runtime/services';
import type { ParkedKeys } from './parked';

/** What streams need beside what every handler does. */
export interface StreamServices extends Services {
  readonly parked: ParkedKeys;
  /** The platform's database, opened when the first window's results go there; absent where it has none. */
  readonly database?: () => Promise<Postgres>;
}
