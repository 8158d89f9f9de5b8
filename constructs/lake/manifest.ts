import { givenAllowed, type Problem } from '../../lib/errors';
import type { Manifest } from '../../lib/platform/manifest';
import type { LakeFacts } from './model';

/** What of a manifest is not of this lake: its name, and its zones. */
export function manifestProblems(where: string, manifest: Manifest, lake: LakeFacts): Problem[] {
  const zones = lake.zones.map(({ name }) => name);
  return [
    ...(manifest.name === lake.name
      ? []
      : [
          {
            where,
            path: 'manifest.name',
            message: `must be the lake's name, ${JSON.stringify(lake.name)}; given ${JSON.stringify(manifest.name)}`,
          },
        ]),
    ...manifest.zones
      .filter(({ name }) => !zones.includes(name))
      .map(({ name }) => ({
        where,
        path: 'manifest.zones',
        message: `must be zones of the lake; ${givenAllowed(name, zones)}`,
      })),
  ];
}
