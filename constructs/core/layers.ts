import type { Manifest } from '../../lib/platform/manifest';
import type { Architecture, LayerNode } from './nodes';

/** Where `ingot runtime` writes the layer that functions find DuckDB in, below the folder in which synth runs. */
export const runtimeFile = (folder: string, architecture: Architecture): string =>
  `${folder}/.ingot/runtime/${architecture}.zip`;

/** DuckDB and its extensions. */
export const runtimeLayer = (own: string, file: string, architecture: Architecture): LayerNode => ({
  kind: 'layer',
  id: 'RuntimeLayer',
  name: `${own}-runtime`,
  description: 'DuckDB and its extensions',
  zip: { file, remedy: `write it with: npx ingot runtime --arch ${architecture}` },
  architecture,
});

/** Functions find the manifest as a file: it may be larger than what an environment takes. */
export const manifestLayer = (
  own: string,
  description: string,
  manifest: Manifest,
  architecture: Architecture,
): LayerNode => ({
  kind: 'layer',
  id: 'ManifestLayer',
  name: `${own}-manifest`,
  description,
  zip: { entries: { 'ingot/manifest.json': JSON.stringify(manifest) } },
  architecture,
});
