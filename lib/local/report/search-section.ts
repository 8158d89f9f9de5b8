import { count, plural } from './format';
import { type Html, html } from './html';
import type { DocumentsReport, SearchReport, ShownSearch, StoreReport } from './search';

/** Makes a table of the page. */
export type Grid = (
  label: string,
  heads: readonly (readonly [title: string, kind?: 'number'])[],
  rows: readonly Html[],
) => Html;

/** Stores, documents and searches, as a section of the page. */
export function searchSection({ stores, documents, searches }: SearchReport, grid: Grid): Html {
  return html`${grid('Stores', [['Store'], ['Chunks', 'number'], ['Vectors']], stores.map(storeRow))}
${grid('Documents', [['Documents'], ['Objects', 'number'], ['Documents', 'number'], ['This run'], ['Quarantine']], documents.map(documentsRow))}
${searches.map((search) => found(search, grid))}`;
}

const storeRow = ({ table, rows, dimension, embedder, deployed }: StoreReport): Html =>
  html`<tr><th scope="row"><code>${table}</code></th><td class="number">${count(rows)}</td><td class="text">${plural(dimension, 'dimension')}${embedder === undefined ? '' : html` by <code>${embedder}</code>`}${deployed === undefined || deployed === embedder ? '' : html`<br><span class="muted small">in AWS <code>${deployed}</code></span>`}</td></tr>`;

function documentsRow({ name, objects, documents, change, quarantine, failures }: DocumentsReport): Html {
  const wrong = [
    ...quarantine.map(({ object, document, reason, message }) => ({
      what: document === undefined ? object : `${object}#${document}`,
      why: `${reason}: ${message}`,
    })),
    ...failures.map(({ object, message }) => ({ what: object, why: message })),
  ];
  const lines = wrong.slice(0, 20).map(({ what, why }) => html`<li><code>${what}</code> ${why}</li>`);
  const held = wrong.length === 0 ? html`<span class="muted">none</span>` : html`<ul class="plain">${lines}</ul>`;
  return html`<tr><th scope="row">${name}</th><td class="number">${count(objects)}</td><td class="number">${count(documents)}</td><td class="text">${change ?? html`<span class="muted">unchanged</span>`}</td><td class="text">${held}</td></tr>`;
}

const modes = { vector: 'by meaning', text: 'by words', hybrid: 'by meaning and words' } as const;

function found({ words, mode, hits }: ShownSearch, grid: Grid): Html {
  const rows = hits.map(
    ({ document, heading, score, text }) =>
      html`<tr><th scope="row"><code>${document}</code>${heading === undefined ? '' : html`<br><span class="muted small">${heading}</span>`}</th><td class="number">${score.toFixed(3)}</td><td class="text">${text}</td></tr>`,
  );
  const table =
    rows.length === 0
      ? html`<p class="muted">Nothing was found.</p>`
      : grid(`Hits of ${words}`, [['Document'], ['Score', 'number'], ['Text']], rows);
  return html`<h3>“${words}”, ${modes[mode]}</h3>${table}`;
}
