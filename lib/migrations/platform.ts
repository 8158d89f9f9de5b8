import type { Manifest } from '../platform/manifest';
import { storeMigrations } from '../vector/migrations';
import type { Migrations } from './migration';

/** Every migration of a platform: what its vector stores need, its ready-made ones, its files. */
export function platformMigrations({ migrations, stores }: Pick<Manifest, 'migrations' | 'stores'>): Migrations {
  return {
    files: migrations?.files ?? [],
    uses: [...storeMigrations(stores ?? []), ...(migrations?.uses ?? [])],
  };
}
