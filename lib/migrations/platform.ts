import { backupMigrations } from '../backup/roles';
import type { Manifest } from '../platform/manifest';
import { storeMigrations } from '../vector/migrations';
import type { Migrations } from './migration';

/** Every migration of a platform: what its vector stores need, its ready-made ones, its files. */
export function platformMigrations({
  backup,
  migrations,
  stores,
}: Pick<Manifest, 'backup' | 'migrations' | 'stores'>): Migrations {
  return {
    files: migrations?.files ?? [],
    uses: [
      ...(backup === undefined ? [] : backupMigrations),
      ...storeMigrations(stores ?? []),
      ...(migrations?.uses ?? []),
    ],
  };
}
