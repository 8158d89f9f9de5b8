import { checksumOf } from './checksum';
import type { Migrations } from './migration';
import { canonical } from './plan';

/**
 * What a deployment is told of its migrations: enough to tell one release from another, and for a reader of the template
 * to see which are new. Their text lies beside the function.
 */
export interface Release {
  /** SHA-256 of each file, by its name. */
  readonly files: Readonly<Record<string, string>>;
  /** SHA-256 of each ready-made one's parameters, by its recipe and name. */
  readonly uses: Readonly<Record<string, string>>;
}

export const releaseOf = ({ files, uses }: Migrations): Release => ({
  files: Object.fromEntries(files.map(({ name, checksum }) => [name, checksum])),
  uses: Object.fromEntries(
    uses.map(({ recipe, name, parameters, after }) => [
      `${recipe}/${name}`,
      checksumOf(canonical({ parameters, after })),
    ]),
  ),
});

/** Templates of CloudFormation leave out what is empty. */
export const sameRelease = (told: Partial<Release> | undefined, own: Release): boolean =>
  canonical({ files: told?.files ?? {}, uses: told?.uses ?? {} }) === canonical(own);
