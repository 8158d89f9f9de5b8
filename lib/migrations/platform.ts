import { backupMigrations } from '../backup/roles';
import { sourceMigrations } from '../cdc/migrations';
import type { Manifest } from '../platform/manifest';
import { storeMigrations } from '../vector/migrations';
import type { Migrations } from './migration';

/** Every migration of a platform: what its vector stores and its change data capture need, its ready-made ones, its files. */
export function platformMigrations(
  manifest: Pick<Manifest, 'backup' | 'migrations' | 'stores'> & Partial<Manifest>,
): Migrations {
  const { backup, cdc, migrations, stores } = manifest;
  return {
    files: migrations?.files ?? [],
    uses: [
      ...(backup === undefined ? [] : backupMigrations),
      ...storeMigrations(stores ?? []),
      ...(migrations?.uses ?? []),
      ...(cdc === undefined ? [] : sourceMigrations(manifest as Manifest)),
    ],
  };
}
