import { Graph, layout } from '@dagrejs/dagre';
import { bytes, count } from './format';
import { type Html, html } from './html';
import type { RunReport, TableReport } from './report';

const height = 46;
/** Width of a letter of the label, at most: the picture is laid out without a font to measure. */
const letter = 7.6;

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The picture of what is made from what: tables as boxes from left to right, zone by zone. */
export function lineageSvg(report: Pick<RunReport, 'tables' | 'lineage' | 'rules'>): Html {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'LR', ranksep: 64, nodesep: 22, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  const tables = new Map(report.tables.map((table) => [table.table, table]));
  for (const table of report.tables) {
    const letters = Math.max(table.table.length, amount(table).length);
    graph.setNode(table.table, { width: Math.ceil(letters * letter) + 28, height });
  }
  const edges = report.lineage.filter(([from, to]) => tables.has(from) && tables.has(to));
  for (const [from, to] of edges) graph.setEdge(from, to);
  layout(graph);
  const size = graph.graph() as { width?: number; height?: number };
  const [width, tall] = [Math.ceil(size.width ?? 0), Math.ceil(size.height ?? 0)];
  const failed = new Set(
    report.rules.filter((rule) => !rule.passed && rule.severity === 'error').map((rule) => rule.table),
  );
  const lines = edges.map(([from, to]) => {
    const { points } = graph.edge(from, to) as { points: readonly { x: number; y: number }[] };
    return html`<path class="edge" d="${curve(points)}" marker-end="url(#arrow)"/>`;
  });
  const boxes = report.tables.map((table) => {
    const { x, y, width: w, height: h } = graph.node(table.table) as unknown as Box;
    const [left, top] = [x - w / 2, y - h / 2];
    const kinds = `node ${table.kind}${failed.has(table.table) ? ' bad' : ''}`;
    return html`<g class="${kinds}"><rect x="${round(left)}" y="${round(top)}" width="${w}" height="${h}" rx="8"/><text x="${round(left + 14)}" y="${round(y - 4)}">${table.table}</text><text class="amount" x="${round(left + 14)}" y="${round(y + 14)}">${amount(table)}</text></g>`;
  });
  const sentences = edges.map(([from, to]) => `${to} is made from ${from}`).join('; ');
  return html`<svg viewBox="0 0 ${width} ${tall}" width="${width}" height="${tall}" role="img" aria-labelledby="lineage-title lineage-text"><title id="lineage-title">Lineage of the tables</title><desc id="lineage-text">${sentences === '' ? 'No table is made from another.' : `${sentences}.`}</desc><defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>${lines}${boxes}</svg>`;
}

function amount(table: TableReport): string {
  if (table.kind !== 'files') return `${count(table.count)} ${table.count === 1 ? 'row' : 'rows'}`;
  return `${count(table.count)} ${table.count === 1 ? 'file' : 'files'}, ${bytes(table.bytes ?? 0)}`;
}

/** A smooth line through the points that the layout gives: from middle to middle, with each point as a bend. */
function curve(points: readonly { x: number; y: number }[]): string {
  const at = ({ x, y }: { x: number; y: number }) => `${round(x)} ${round(y)}`;
  const [first, ...rest] = points;
  if (first === undefined) return '';
  const last = rest.at(-1);
  if (last === undefined) return `M${at(first)}`;
  const bends = rest.slice(0, -1).map((point, i) => {
    const next = rest[i + 1]!;
    const end = i === rest.length - 2 ? last : { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
    return `Q${at(point)} ${at(end)}`;
  });
  return `M${at(first)}${bends.length === 0 ? `L${at(last)}` : bends.join('')}`;
}

const round = (n: number): string => n.toFixed(1);
