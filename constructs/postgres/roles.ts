import { assertValid } from '../../lib/errors';
import type { DatabaseFacts } from './facts';

/**
 * Judges the name of a role that somebody shall log in as.
 *
 * @throws InvalidInputError for a name that PostgreSQL would have to be told in quotes, or that is the master's
 */
export function assertRole(where: string, role: string, { masterUser }: Pick<DatabaseFacts, 'masterUser'>): void {
  const given = `given ${JSON.stringify(role)}`;
  assertValid([
    ...(/^[a-z_][a-z0-9_]{0,62}$/.test(role)
      ? []
      : [
          {
            where,
            path: 'grantConnect',
            message: `must name a role by 1 to 63 lower-case letters, digits and underscores, no digit first; ${given}`,
          },
        ]),
    ...(role === masterUser || role === 'rds_superuser'
      ? [
          {
            where,
            path: 'grantConnect',
            message: `must name a role of its own, made by a migration, and never the master's; ${given}`,
          },
        ]
      : []),
  ]);
}
