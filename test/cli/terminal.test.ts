import pc from 'picocolors';
import stringWidth from 'string-width';
import { type Output, printable } from '../../lib/cli/io';
import { showProgress } from '../../lib/cli/progress';
import { platformName } from '../../lib/cli/starter';
import { runSummary } from '../../lib/cli/summary';
import { textTable } from '../../lib/cli/text-table';
import type { RunReport } from '../../lib/local/report/report';

function output(isLive: boolean): Output & { text: string } {
  return {
    text: '',
    isLive,
    columns: 40,
    colors: pc.createColors(false),
    write(text) {
      this.text += text;
    },
  };
}

/** What a terminal shows in the end of text that moves the cursor up and clears below it. */
function screen(text: string): string[] {
  const lines: string[] = [];
  for (const part of text.split('\n')) {
    const [, up, rest] = /^\p{Cc}\[(\d+)A\p{Cc}\[0J(.*)$/su.exec(part) ?? [undefined, '0', part];
    lines.splice(lines.length - Number(up));
    lines.push(rest!);
  }
  return lines;
}

test('columns line up in whatever script a cell is, and long cells are cut', () => {
  const table = textTable(
    [{ title: 'name' }, { title: 'n', align: 'right' }],
    [
      ['東京', '1'],
      ['é', '22'],
      ['x'.repeat(99), '3'],
    ],
  );
  const [titles, line, ...rows] = table.trimEnd().split('\n');
  expect(rows.map((row) => stringWidth(row))).toEqual([64, 64, 64]);
  expect(stringWidth(line!)).toBe(64);
  expect(titles).toMatch(/^name +n$/);
  expect(rows[2]).toContain('…');
});

test('nothing of data moves the cursor, rings the bell or turns the text around', () => {
  expect(printable('a\u001b[2J\u0007\u202e\nb')).toBe('a\\u001b[2J\\u0007\\u202e\\u000ab');
});

test('without a terminal each piece of work is a line once it is done', () => {
  const to = output(false);
  const progress = showProgress({ ...to, write: (text) => to.write(text) });
  const [one, two] = [progress.begin('one'), progress.begin('two')];
  two.failed('two: no');
  one.done('one is done');
  progress.note('by the way');
  progress.end();
  expect(to.text).toMatch(/^✗ two: no \(\d+ ms\)\n✓ one is done \(\d+ ms\)\n! by the way\n$/);
});

test('work takes no time where the clock steps back meanwhile', () => {
  const clock = jest.spyOn(Date, 'now').mockReturnValueOnce(2_000_000).mockReturnValueOnce(1_999_000);
  const to = output(false);
  const progress = showProgress({ ...to, write: (text) => to.write(text) });
  progress.begin('one').done('one is done');
  clock.mockRestore();
  expect(to.text).toBe('✓ one is done (0 ms)\n');
});

test('on a terminal work that goes on is shown below what is done, and leaves no trace', () => {
  const to = output(true);
  const progress = showProgress({ ...to, write: (text) => to.write(text) });
  const [one, two] = [progress.begin('one'), progress.begin('t'.repeat(80))];
  expect(screen(to.text).map((line) => line.slice(2, 5))).toEqual(['one', 'ttt', '']);
  expect(screen(to.text).every((line) => stringWidth(line) <= 40)).toBe(true);
  one.done();
  expect(screen(to.text).map((line) => line.slice(0, 5))).toEqual(['✓ one', expect.stringContaining('ttt'), '']);
  two.done('two');
  progress.end();
  expect(screen(to.text).map((line) => line.slice(0, 5))).toEqual(['✓ one', '✓ two', '']);
});

test.each([
  ['shop', 'shop'],
  ['My Shop_2', 'my-shop-2'],
  ['2026-data', 'data'],
  ['42', 'platform'],
  ['a'.repeat(99), 'a'.repeat(20)],
])('the folder %j gives the platform the name %s', (folder, name) => {
  expect(platformName(folder)).toBe(name);
});

test('states that ran side by side are counted once in the time of a run', () => {
  const state = (from: number, milliseconds: number) => ({
    name: 'Load',
    from,
    milliseconds,
    retries: 0,
    failed: false,
  });
  const report: RunReport = {
    platform: 'p',
    runs: [],
    startedAt: '2026-01-01T00:00:00Z',
    finishedAt: '2026-01-01T00:00:10Z',
    status: 'succeeded',
    tables: [],
    rules: [],
    quarantine: [],
    lineage: [],
    stages: [],
    states: [state(0, 3000), state(1000, 3000), state(6000, 1000)],
    versions: {},
  };
  expect(runSummary(report, 'report.html', output(false))).toContain('Load, 3 times  5.0 s');
});
