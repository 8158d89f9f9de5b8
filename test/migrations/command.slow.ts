import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ingot } from '../cli/ingot';

describe('ingot migrate', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ingot-migrate-'));
    const airports = 'contracts/airports.odcs.yaml';
    await cp(join(__dirname, '../../examples/aviation', airports), join(folder, airports));
    await writeFile(
      join(folder, 'platform.yaml'),
      'name: aviation\ndatabase:\n  migrations: sql\n  uses:\n    - referenceTable: { contract: silver.airports }\n',
    );
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('checks files, applies them, and says what there is', async () => {
    expect((await ingot(['migrate', folder])).err).toContain('must be a folder that is there; given sql');
    await mkdir(join(folder, 'sql'));
    await writeFile(join(folder, 'sql/0002_a.sql'), 'DROP TABLE airports');
    const wrong = await ingot(['check', folder]);
    expect(wrong.code).toBe(2);
    expect(wrong.err).toContain('sql/0002_a.sql: must follow number 0 without a gap, as 1; given 2');
    expect(wrong.err).toContain('must have a line "-- destructive"');
    await rm(join(folder, 'sql/0002_a.sql'));
    await writeFile(join(folder, 'sql/0001_a.sql'), 'CREATE TABLE a (airport uuid REFERENCES airports)');
    expect((await ingot(['migrate', folder])).out).toBe('✓ referenceTable/airports/1\n✓ 0001_a\n');
    const status = await ingot(['migrate', 'status', folder, '--json']);
    expect(JSON.parse(status.out)).toMatchObject({
      problems: [],
      migrations: [
        { name: 'referenceTable/airports/1', state: 'applied' },
        { name: '0001_a', state: 'applied' },
      ],
    });
    const far = await ingot(['migrate', folder, '--url', 'postgres://a@127.0.0.1:1/b']);
    expect([far.code, far.err]).toEqual([1, expect.stringContaining('PostgreSQL cannot be reached')]);
  });
});
