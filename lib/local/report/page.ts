import { countsRows } from '../../quality/score';
import { feedsSection } from './feeds-section';
import { bytes, count, duration, plural, score, time } from './format';
import { type Html, html } from './html';
import { lineageSvg } from './lineage';
import type { QuarantineReport, RuleReport, RunReport, StateTiming, TableReport } from './report';
import { searchSection } from './search-section';
import { style } from './style';

const verdicts = {
  succeeded: ['good', 'Succeeded'],
  failed: ['bad', 'Failed'],
  'nothing-new': ['quiet', 'Nothing new'],
} as const;

/**
 * The report as one HTML file: no script, no request to anywhere, readable on a phone, in the dark and on paper. All
 * that comes from data is escaped, and the page's own policy forbids scripts besides.
 */
export function reportPage(report: RunReport): string {
  const [kind, word] = verdicts[report.status];
  const body = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${report.platform}: ${word.toLowerCase()}, ${time(report.finishedAt)}</title>
<style>${style}</style>
</head>
<body>
<header>
<p class="brand">Ingot</p>
<h1>${report.platform} <span class="pill ${kind}">${word}</span></h1>
<p class="muted">Finished ${time(report.finishedAt)} after ${duration(elapsed(report))}${report.runs.map(
    (run) => html` · group ${run.group}, run <code>${run.run}</code>`,
  )}</p>
</header>
<main>
${failures(report)}
${tiles(report)}
${section('lineage', 'Lineage', 'What each table is made from, from left to right.', html`<div class="scroll" tabindex="0" role="region" aria-label="Picture of the lineage">${lineageSvg(report)}</div>`)}
${section('tables', 'Tables', undefined, tables(report.tables))}
${section('quality', 'Quality', 'The last answer to each rule of the contracts. Failed rules come first.', quality(report.rules))}
${section('quarantine', 'Quarantine', 'Rows that a rule refused. Each is kept as it came, with every reason.', quarantine(report.quarantine))}
${report.feeds === undefined ? '' : section('feeds', 'Changes of databases', 'What came in with this run, row by row, and how the tables stand that it fills.', feedsSection(report.feeds, grid))}
${report.search === undefined ? '' : section('search', 'Documents and search', 'Documents in vector stores, and what searches find in them.', searchSection(report.search, grid))}
${section('timings', 'Timings', undefined, timings(report))}
</main>
<footer>
<p class="muted">${Object.entries(report.versions).map(([name, version], i) => html`${i === 0 ? '' : ' · '}${name} ${version}`)}</p>
</footer>
</body>
</html>
`;
  return body.text;
}

const elapsed = (report: RunReport): number => Date.parse(report.finishedAt) - Date.parse(report.startedAt);

function section(id: string, title: string, lead: string | undefined, content: Html): Html {
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${lead === undefined ? '' : html`<p class="muted">${lead}</p>`}${content}</section>`;
}

function failures(report: RunReport): Html {
  const all = report.runs.flatMap((run) => run.failures);
  if (all.length === 0) return html``;
  const items = all.map(
    ({ what, why, todo }) => html`<li><strong>${what}</strong>: ${why}<br><span class="muted">${todo}</span></li>`,
  );
  return html`<section class="alert" aria-labelledby="failed"><h2 id="failed">What failed</h2><ul>${items}</ul></section>`;
}

function tiles(report: RunReport): Html {
  const rows = report.tables.filter((table) => table.kind !== 'files').reduce((sum, table) => sum + table.count, 0);
  const failed = report.rules.filter((rule) => !rule.passed).length;
  const held = report.quarantine.reduce((sum, one) => sum + one.rows, 0);
  const tile = (value: string, label: string, note: string, kind = '') =>
    html`<div class="tile ${kind}"><dt>${label}</dt><dd>${value}</dd><dd class="muted">${note}</dd></div>`;
  return html`<dl class="tiles">
${tile(count(rows), 'Rows', `in ${plural(report.tables.filter((table) => table.kind !== 'files').length, 'table')}`)}
${tile(`${score(overall(report.rules))} %`, 'Quality', failed === 0 ? `all ${plural(report.rules.length, 'rule')} passed` : `${plural(failed, 'rule')} of ${count(report.rules.length)} failed`, failed === 0 ? '' : 'warn')}
${tile(
  count(held),
  'In quarantine',
  held === 0
    ? 'no row was refused'
    : `${plural(
        report.quarantine.reduce((sum, one) => sum + one.fromThisRun, 0),
        'row',
      )} from this run`,
)}
${tile(duration(elapsed(report)), 'Time', plural(report.states.length, 'step'))}
</dl>`;
}

/** Mean of the rules' scores, or 100 where there is no rule. */
function overall(rules: readonly RuleReport[]): number {
  return rules.length === 0 ? 100 : rules.reduce((sum, rule) => sum + rule.score, 0) / rules.length;
}

/** A table that scrolls by itself where it is wider than the page. */
function grid(
  label: string,
  heads: readonly (readonly [title: string, kind?: 'number'])[],
  rows: readonly Html[],
): Html {
  const head = heads.map(([title, kind]) => html`<th scope="col" class="${kind ?? ''}">${title}</th>`);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}"><table><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function tables(all: readonly TableReport[]): Html {
  const rows = all.map((table) => {
    const amount =
      table.kind === 'files'
        ? html`${plural(table.count, 'file')}, ${bytes(table.bytes ?? 0)}`
        : html`${count(table.count)}`;
    const drift = table.drift.map((line) => html`<br><span class="mark warn">${line}</span>`);
    return html`<tr><th scope="row"><code>${table.table}</code>${table.description === undefined ? '' : html`<br><span class="muted small">${table.description}</span>`}</th><td class="number">${amount}</td><td class="text">${table.change ?? html`<span class="muted">unchanged</span>`}${drift}</td><td>${snapshots(table)}</td></tr>`;
  });
  return grid('Tables', [['Table'], ['Rows', 'number'], ['This run'], ['Snapshots']], rows);
}

function snapshots(table: TableReport): Html {
  const [newest] = table.snapshots;
  if (newest === undefined) return html`<span class="muted">none</span>`;
  const items = table.snapshots.map(
    (one) => html`<li><code>${one.id}</code> ${time(one.at)} <span class="muted">${one.operation}</span></li>`,
  );
  return html`<details><summary>${plural(table.snapshots.length, 'snapshot')}, last ${time(newest.at)}</summary><ol class="plain small">${items}</ol></details>`;
}

function quality(rules: readonly RuleReport[]): Html {
  if (rules.length === 0) return html`<p>No rule has been answered yet.</p>`;
  const dimensions = [...new Set(rules.map((rule) => rule.dimension))].sort();
  const bars = dimensions.map((dimension) => {
    const held = rules.filter((rule) => rule.dimension === dimension);
    const failed = held.filter((rule) => !rule.passed).length;
    const text =
      failed === 0
        ? `${plural(held.length, 'rule')}, all passed`
        : `${count(failed)} of ${plural(held.length, 'rule')} failed`;
    return html`<tr><th scope="row">${dimension}</th><td class="wide">${bar(0, overall(held), failed === 0 ? 'good' : 'warn')}</td><td class="number">${score(overall(held))} %</td><td class="text">${text}</td></tr>`;
  });
  const sorted = [...rules].sort(
    (a, b) => rank(a) - rank(b) || a.table.localeCompare(b.table) || a.rule.localeCompare(b.rule),
  );
  const [failed, passed] = [sorted.filter((rule) => !rule.passed), sorted.filter((rule) => rule.passed)];
  const failedRules = failed.length === 0 ? '' : ruleGrid('Rules that failed', failed);
  const passedRules =
    passed.length === 0
      ? ''
      : html`<details><summary>${plural(passed.length, 'rule')} passed</summary>${ruleGrid('Rules that passed', passed)}</details>`;
  return html`${grid('Quality by dimension', [['Dimension'], ['Score'], ['', 'number'], ['Rules']], bars)}${failedRules}${passedRules}`;
}

function ruleGrid(label: string, rules: readonly RuleReport[]): Html {
  const rows = rules.map((rule) => {
    const isTelling = !rule.passed || rule.failed > 0 || !countsRows(rule.type);
    const why = rule.passed
      ? (rule.description ?? (isTelling ? rule.message : undefined))
      : (rule.message ?? rule.description);
    const rows = countsRows(rule.type)
      ? html`${count(rule.failed)} of ${count(rule.checked)}`
      : html`<span class="muted">no rows</span>`;
    return html`<tr><td>${verdict(rule)}</td><th scope="row"><code>${rule.rule}</code>${why === undefined ? '' : html`<br><span class="muted small">${why}</span>`}</th><td><code>${rule.table}</code></td><td>${rule.dimension}</td><td class="number">${rows}</td><td class="number">${score(rule.score)} %</td></tr>`;
  });
  const heads = [
    ['Result'],
    ['Rule'],
    ['Table'],
    ['Dimension'],
    ['Rows that fail', 'number'],
    ['Score', 'number'],
  ] as const;
  return grid(label, heads, rows);
}

const rank = (rule: RuleReport): number => (rule.passed ? 2 : rule.severity === 'error' ? 0 : 1);

function verdict(rule: RuleReport): Html {
  if (rule.passed) return html`<span class="mark good">✓ passed</span>`;
  return rule.severity === 'error'
    ? html`<span class="mark bad">✗ failed</span>`
    : html`<span class="mark warn">! warning</span>`;
}

function quarantine(all: readonly QuarantineReport[]): Html {
  const held = all.filter((one) => one.rows > 0);
  if (held.length === 0) return html`<p>Empty: every row met its contract.</p>`;
  return html`${held.map((one) => {
    const reasons = one.reasons.map(
      (reason) =>
        html`<tr><th scope="row"><code>${reason.rule}</code></th><td class="text">${reason.message}</td><td class="number">${count(reason.rows)}</td></tr>`,
    );
    const samples = one.samples.map(
      (sample) =>
        html`<li><p class="small">${sample.file}${sample.row === 0 ? '' : `, row ${count(sample.row)}`}: ${sample.reasons.join(', ')}</p>${sample.raw === undefined ? '' : html`<pre>${shortened(sample.raw)}</pre>`}</li>`,
    );
    return html`<h3><code>${one.table}</code>: ${plural(one.rows, 'row')}</h3>${grid(`Reasons of ${one.table}`, [['Rule'], ['Why'], ['Rows', 'number']], reasons)}<details><summary>${plural(samples.length, 'sample row')}</summary><ul class="plain">${samples}</ul></details>`;
  })}`;
}

/** A row can be a whole document; the report is to be read. */
const shortened = (raw: string): string => (raw.length <= 2000 ? raw : `${raw.slice(0, 2000)}…`);

function timings(report: RunReport): Html {
  const whole = Math.max(1, ...report.states.map((state) => state.from + state.milliseconds));
  const rows = report.states.map((state) => {
    const retried =
      state.retries === 0
        ? ''
        : html` <span class="mark warn">${plural(state.retries, 'retry').replace('retrys', 'retries')}</span>`;
    return html`<tr><th scope="row">${state.name}${state.of === undefined ? '' : html` <code>${state.of}</code>`}${retried}</th><td class="wide">${timeBar(state, whole)}</td><td class="number">${duration(state.milliseconds)}</td></tr>`;
  });
  const stages = report.stages.map(
    (stage) => html`<tr><th scope="row">${stage.name}</th><td class="number">${duration(stage.milliseconds)}</td></tr>`,
  );
  const steps =
    rows.length === 0
      ? html`<p>No step had anything to do.</p>`
      : grid('Steps of the state machine', [['Step'], ['When'], ['Time', 'number']], rows);
  return html`${steps}<h3>Around the state machine</h3>${grid('Stages', [['Stage'], ['Time', 'number']], stages)}`;
}

const timeBar = (state: StateTiming, whole: number): Html =>
  bar((state.from / whole) * 100, (state.milliseconds / whole) * 100, state.failed ? 'bad' : 'neutral');

/** A bar from `start` over `length`, both in percent of the width. The number stands beside it, so it is not read out. */
function bar(start: number, length: number, kind: string): Html {
  return html`<svg class="bar" width="100%" height="12" aria-hidden="true"><rect class="track" width="100%" height="12" rx="6"/><rect class="${kind}" x="${start.toFixed(2)}%" width="${Math.max(length, 0.8).toFixed(2)}%" height="12" rx="6"/></svg>`;
}
