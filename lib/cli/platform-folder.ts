import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { invalidArgument } from './failure';

/** The folder of a platform. Throws where it holds no `platform.yaml`. */
export async function platformFolder(dir: string | undefined): Promise<string> {
  const folder = resolve(dir ?? '.');
  try {
    await access(join(folder, 'platform.yaml'));
    return folder;
  } catch {
    throw invalidArgument(
      folder,
      'holds no platform.yaml; give the folder of a platform, or begin one with ingot init',
    );
  }
}
