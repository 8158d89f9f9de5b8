import { bytes, count, duration, plural, score } from '../local/report/format';
import type { RunReport, TableReport } from '../local/report/report';
import { type Output, printable } from './io';
import { textTable } from './text-table';

/** What a run did, in a screen: tables, quality, quarantine, time, where the report is; or why it failed. */
export function runSummary(report: RunReport, page: string, { colors }: Pick<Output, 'colors'>): string {
  const { bold, green, red, yellow, dim } = colors;
  const took = duration(Date.parse(report.finishedAt) - Date.parse(report.startedAt));
  if (report.status === 'nothing-new') {
    const still = unmet(report).map(
      ({ table, rule, message }) => `${red('✗')} ${table} still fails ${rule}: ${printable(message ?? '')}\n`,
    );
    const mark = still.length > 0 ? yellow('!') : green('✓');
    const nothing = `${mark} Nothing new: no file has arrived and no model has changed since the last run ${dim(`(${took})`)}\n`;
    return `${nothing}${still.join('')}${still.length > 0 ? `  Report: ${page}\n` : ''}`;
  }
  const parts = [
    `\n${bold('Tables')}\n${tables(report, bold)}`,
    quality(report, colors),
    quarantine(report, bold),
    feeds(report, colors),
    search(report, colors),
    `${bold('Time')}\n${times(report)}`,
    failures(report, colors),
    report.status === 'failed'
      ? `${red('✗')} ${bold(report.platform)} failed after ${took}\n`
      : `${green('✓')} ${bold(report.platform)} is up to date after ${took}\n`,
  ];
  return `${parts.filter((part) => part !== '').join('\n')}  Report: ${page}\n`;
}

/** Rules of severity error that a table does not meet, whether this run judged it or one before. */
export const unmet = ({ rules }: RunReport): RunReport['rules'] =>
  rules.filter(({ passed, severity }) => !passed && severity === 'error');

function tables({ tables }: RunReport, bold: (text: string) => string): string {
  const amount = ({ kind, count: n, bytes: size }: TableReport) =>
    kind === 'files' ? `${plural(n, 'file')}, ${bytes(size ?? 0)}` : count(n);
  return textTable(
    [{ title: 'table' }, { title: 'rows', align: 'right' }, { title: 'last snapshot' }, { title: 'this run' }],
    tables.map((table) => [table.table, amount(table), table.snapshots[0]?.id ?? '', printable(table.change ?? '')]),
    bold,
  );
}

function quality({ rules }: RunReport, { bold, green, red, yellow }: Output['colors']): string {
  if (rules.length === 0) return '';
  const dimensions = [...new Set(rules.map(({ dimension }) => dimension))].sort();
  const rows = dimensions.map((dimension) => {
    const held = rules.filter((rule) => rule.dimension === dimension);
    const failed = held.filter(({ passed }) => !passed).length;
    const mean = held.reduce((sum, rule) => sum + rule.score, 0) / held.length;
    return [dimension, String(held.length), String(failed), `${score(mean)} %`];
  });
  const table = textTable(
    [
      { title: 'dimension' },
      { title: 'rules', align: 'right' },
      { title: 'failed', align: 'right' },
      { title: 'score', align: 'right' },
    ],
    rows,
    bold,
  );
  const failed = rules.filter(({ passed }) => !passed);
  const lines = failed.map(({ severity, table: of, rule, message }) => {
    const mark = severity === 'error' ? red('✗') : yellow('!');
    return `${mark} ${of} ${rule}: ${printable(message ?? '')}\n`;
  });
  const all = failed.length === 0 ? `${green('✓')} all ${plural(rules.length, 'rule')} passed\n` : '';
  return `${bold('Quality')}\n${table}${all}${lines.join('')}`;
}

function quarantine({ quarantine }: RunReport, bold: (text: string) => string): string {
  const rows = quarantine.flatMap(({ table, reasons }) =>
    reasons.map(({ rule, message, rows: n }) => [table, rule, count(n), printable(message)]),
  );
  if (rows.length === 0) return '';
  const columns = [{ title: 'table' }, { title: 'rule' }, { title: 'rows', align: 'right' }, { title: 'why' }] as const;
  return `${bold('Quarantine')}\n${textTable(columns, rows, bold)}`;
}

/** Sources of changes, and the tables that they fill. */
function feeds({ feeds: all = [] }: RunReport, { bold, red, yellow }: Output['colors']): string {
  const columns = [
    { title: 'table' },
    { title: 'mode' },
    { title: 'changes', align: 'right' },
    { title: 'applied', align: 'right' },
    { title: 'quarantine', align: 'right' },
    { title: 'rows now', align: 'right' },
    { title: 'deletes kept', align: 'right' },
    { title: 'waiting', align: 'right' },
    { title: 'parked', align: 'right' },
  ] as const;
  return all
    .map(({ source, unreadable, tables }) => {
      const rows = tables.map((one) => [
        one.table,
        one.mode,
        ...[one.received, one.applied, one.rejected, one.rows, one.deletes, one.waiting, one.parked].map(count),
      ]);
      const paused = tables.flatMap(({ table, paused: why }) =>
        why === undefined ? [] : [`${red('✗')} ${table} is paused: ${printable(why)}\n`],
      );
      const lost =
        unreadable === 0 ? '' : `${yellow('!')} ${plural(unreadable, 'record')} could not be read, and is kept\n`;
      return `${bold(`Changes of ${source}`)}\n${textTable(columns, rows, bold)}${paused.join('')}${lost}`;
    })
    .join('\n');
}

/** Documents and the hits of searches. */
function search({ search }: RunReport, { bold, dim, red, yellow }: Output['colors']): string {
  if (search === undefined) return '';
  const stores = search.stores.map(({ table, rows, embedder, deployed }) => {
    const made = embedder === undefined ? '' : ` by ${embedder}${deployed === embedder ? '' : ` (in AWS ${deployed})`}`;
    return `${table}: ${plural(rows, 'chunk')}${dim(made)}\n`;
  });
  const wrong = search.documents.flatMap(({ quarantine: held, failures: failed }) => [
    ...held.map(({ object, document, message }) => {
      const name = document === undefined ? object : `${object}#${document}`;
      return `${yellow('!')} ${printable(name)} ${printable(message)}\n`;
    }),
    ...failed.map(({ object, message }) => `${red('✗')} ${printable(object)}: ${printable(message)}\n`),
  ]);
  const searches = search.searches.map(({ words, mode, hits }) => {
    const lines = hits.map(({ document, heading, score: s }) => [
      s.toFixed(3),
      printable(document),
      printable(heading ?? ''),
    ]);
    const table = textTable(
      [{ title: mode, align: 'right' }, { title: `“${printable(words)}”` }, { title: '' }],
      lines,
      dim,
    );
    return hits.length === 0 ? `${dim(mode)}  “${printable(words)}”: nothing found\n` : table;
  });
  const shown = wrong.slice(0, 10);
  const more = wrong.length > shown.length ? `  ${wrong.length - shown.length} more in the report\n` : '';
  return `${bold('Search')}\n${stores.join('')}${shown.join('')}${more}${searches.join('')}`;
}

/** Stages around the state machine, and how long there was a state of each kind at work in it. */
function times({ stages, states }: RunReport): string {
  const kinds = [...new Set(states.map(({ name }) => name))];
  const sums = kinds.map((kind) => {
    const held = states.filter(({ name }) => name === kind);
    return [held.length === 1 ? kind : `${kind}, ${held.length} times`, duration(covered(held))];
  });
  const rows = [...stages.map(({ name, milliseconds }) => [name, duration(milliseconds)]), ...sums];
  const width = Math.max(...rows.map(([name]) => name!.length));
  return rows.map(([name, time]) => `${name!.padEnd(width)}  ${time}\n`).join('');
}

/** Time in which at least one of the states was at work: those that run side by side count once. */
function covered(states: RunReport['states']): number {
  let [sum, until] = [0, 0];
  for (const { from, milliseconds } of [...states].sort((a, b) => a.from - b.from)) {
    const to = from + milliseconds;
    sum += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return sum;
}

function failures({ runs }: RunReport, { bold, red }: Output['colors']): string {
  const all = runs.flatMap((run) => run.failures);
  if (all.length === 0) return '';
  const lines = all.map(
    ({ what, why, todo }) => `${red('✗')} ${bold(what)}: ${printable(why)}\n  ${printable(todo)}\n`,
  );
  return `${bold('What failed')}\n${lines.join('')}`;
}
