import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The folder `spark` of this package, from the sources and from `dist` alike. */
export function packageFolder(): string {
  const found = [join(__dirname, '..', '..', 'spark'), join(__dirname, '..', '..', '..', 'spark')].find((folder) =>
    existsSync(join(folder, 'ingot_spark')),
  );
  if (found === undefined) throw new Error('The package holds no folder spark: install it again');
  return found;
}
