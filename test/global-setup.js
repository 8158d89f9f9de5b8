const { accessSync, constants, mkdirSync, readdirSync, rmSync, statfsSync } = require('node:fs');

const memory = '/dev/shm';
const enough = 4e9;

/**
 * Temporary folders in memory, where there is some: a catalog flushes every commit to the disk, which is most of what
 * its tests wait for and nothing that they could see. All of it goes when the tests are done.
 */
module.exports = () => {
  try {
    accessSync(memory, constants.W_OK);
    const { bavail, bsize } = statfsSync(memory);
    if (bavail * bsize < enough) return;
    for (const name of readdirSync(memory)) {
      const [, pid] = /^ingot-test-(\d+)$/.exec(name) ?? [];
      if (pid !== undefined && !isAlive(Number(pid))) rmSync(`${memory}/${name}`, { recursive: true, force: true });
    }
    const folder = `${memory}/ingot-test-${process.pid}`;
    mkdirSync(folder);
    process.env.TMPDIR = folder;
  } catch {
    // Not every system has it. The disk will do.
  }
};

/** What was killed could not tidy up. */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
