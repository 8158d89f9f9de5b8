import type { FedTableReport, FeedReport } from './feeds';
import { count, plural } from './format';
import { type Html, html } from './html';
import type { Grid } from './search-section';

const modes = {
  mirror: ['mirror', 'the rows that the database has'],
  history: ['history', 'every version of every row'],
  log: ['log', 'every change'],
} as const;

/** Sources of changes and the tables that they fill, as a section of the page. */
export function feedsSection(feeds: readonly FeedReport[], grid: Grid): Html {
  return html`${feeds.map((feed) => source(feed, grid))}`;
}

function source({ source: name, unreadable, tables }: FeedReport, grid: Grid): Html {
  const heads = [
    ['Table'],
    ['Mode'],
    ['Changes', 'number'],
    ['Applied', 'number'],
    ['Quarantine', 'number'],
    ['Rows now', 'number'],
    ['Deletes kept', 'number'],
    ['Waiting', 'number'],
    ['Parked', 'number'],
  ] as const;
  const lost =
    unreadable === 0
      ? ''
      : html`<p class="mark warn">${plural(unreadable, 'record')} of this run could not be read; each is kept as it came.</p>`;
  return html`<h3>${name}</h3>${grid(`Changes of ${name}`, heads, tables.map(row))}${lost}`;
}

function row(table: FedTableReport): Html {
  const [mode, meaning] = modes[table.mode];
  const current =
    table.current === undefined ? '' : html`<br><span class="muted small">${count(table.current)} hold now</span>`;
  const paused = table.paused === undefined ? '' : html`<br><span class="mark bad">paused: ${table.paused}</span>`;
  return html`<tr><th scope="row"><code>${table.table}</code>${paused}</th><td class="text">${mode}<br><span class="muted small">${meaning}</span></td><td class="number">${count(table.received)}</td><td class="number">${count(table.applied)}</td><td class="number">${count(table.rejected)}</td><td class="number">${count(table.rows)}${current}</td><td class="number">${count(table.deletes)}</td><td class="number">${count(table.waiting)}</td><td class="number">${count(table.parked)}</td></tr>`;
}
