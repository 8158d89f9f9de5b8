import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildRuntime, lambdaLimit, uploadLimit } from '../../lib/runtime/layer';

/** Builds what it needs npm and the extensions for: half a minute, and so not among the other tests. */
test.each(['arm64', 'x86_64'] as const)(
  'the layer for %s is small enough to be sent to Lambda in one request',
  async (arch) => {
    const out = mkdtempSync(join(tmpdir(), 'ingot-layer-'));
    const { zippedBytes, unzippedBytes } = await buildRuntime({ arch, out });
    rmSync(out, { recursive: true });
    expect(zippedBytes).toBeLessThan(uploadLimit);
    expect(unzippedBytes).toBeLessThan(lambdaLimit);
  },
  900_000,
);
