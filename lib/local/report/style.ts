import { Html } from './html';

/** The page's style. Colours reach a contrast of 4.5 to 1 in light and dark; on paper everything is open. */
export const style = new Html(`
:root {
  color-scheme: light dark;
  --page: #f7f7f5; --card: #ffffff; --line: #e2e1dc; --text: #1c1d20; --muted: #5d6068; --accent: #b4501e;
  --good: #17703f; --good-back: #e2f3e8; --bad: #b3261e; --bad-back: #fce8e6; --warn: #8a5300; --warn-back: #fdf0d5;
  --quiet-back: #e9e9e6; --bar: #4a6fa5; --track: #ecebe7;
  --files: #f3efe6; --ingested: #e6edf7; --modelled: #faf0d3; --code: #f1f0ec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #141517; --card: #1d1f22; --line: #34373c; --text: #e9e9e6; --muted: #a5a8af; --accent: #f0955f;
    --good: #7ddba3; --good-back: #173524; --bad: #ff9a92; --bad-back: #42201d; --warn: #f3c26b; --warn-back: #3b2c10;
    --quiet-back: #303338; --bar: #7fa5dd; --track: #2b2e32;
    --files: #2b2822; --ingested: #1f2b3c; --modelled: #38301a; --code: #292b2f;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
header, main, footer { max-width: 1120px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 28px; }
footer { padding-bottom: 40px; }
.brand { margin: 0; color: var(--accent); font-weight: 700; letter-spacing: .08em; text-transform: uppercase; font-size: 12px; }
h1 { margin: 2px 0 4px; font-size: 30px; line-height: 1.2; display: flex; flex-wrap: wrap; align-items: center; gap: 12px; overflow-wrap: anywhere; }
h2 { margin: 0 0 4px; font-size: 19px; }
h3 { margin: 22px 0 8px; font-size: 15px; font-weight: 600; }
h3:first-of-type { margin-top: 12px; }
p { margin: 0 0 10px; }
.muted { color: var(--muted); }
.small { font-size: 13px; }
code, pre { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
header code { overflow-wrap: anywhere; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 18px 20px; margin: 16px 0; }
.alert { border-color: var(--bad); background: var(--bad-back); }
.alert h2 { color: var(--bad); }
.alert ul { margin: 6px 0 0; padding-left: 20px; }
.alert li { margin-bottom: 6px; overflow-wrap: anywhere; }
.pill { font-size: 14px; font-weight: 600; padding: 4px 12px; border-radius: 999px; }
.pill.good, .mark.good { color: var(--good); background: var(--good-back); }
.pill.bad, .mark.bad { color: var(--bad); background: var(--bad-back); }
.pill.quiet { color: var(--text); background: var(--quiet-back); }
.mark.warn { color: var(--warn); background: var(--warn-back); }
.mark { display: inline-block; font-size: 13px; font-weight: 600; padding: 1px 8px; border-radius: 6px; white-space: nowrap; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 16px 0; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 14px 18px; }
.tile dt { color: var(--muted); font-size: 13px; }
.tile dd { margin: 0; font-size: 26px; font-weight: 650; line-height: 1.3; font-variant-numeric: tabular-nums; }
.tile dd.muted { font-size: 13px; font-weight: 400; }
.tile.warn dd:first-of-type { color: var(--warn); }
.scroll { overflow-x: auto; margin: 8px -20px 0; padding: 0 20px; }
.scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
.scroll + .scroll { margin-top: 20px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 8px 16px 8px 0; border-bottom: 1px solid var(--line); vertical-align: top; font-weight: 400; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { color: var(--muted); font-size: 13px; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.text { min-width: 11em; }
.wide { width: 45%; min-width: 140px; }
.bar { display: block; margin-top: 5px; }
.bar .track { fill: var(--track); } .bar .good { fill: var(--good); } .bar .warn { fill: var(--warn); } .bar .bad { fill: var(--bad); } .bar .neutral { fill: var(--bar); }
summary { cursor: pointer; color: var(--accent); }
td summary { white-space: nowrap; }
.scroll + details { margin-top: 14px; }
details > :not(summary) { margin-top: 8px; }
.plain { list-style: none; padding: 0; margin: 0; }
.plain li + li { margin-top: 4px; }
.plain p { margin: 8px 0 4px; }
pre { margin: 0; padding: 10px 12px; background: var(--code); border-radius: 8px; white-space: pre-wrap; overflow-wrap: anywhere; }
svg text { font: 600 13px/1 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; fill: var(--text); }
svg .amount { font: 12px/1 system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; fill: var(--muted); }
.edge { fill: none; stroke: var(--muted); stroke-width: 1.5; } .head { fill: var(--muted); }
.node rect { stroke: var(--line); stroke-width: 1; } .node.files rect { fill: var(--files); } .node.ingested rect { fill: var(--ingested); } .node.modelled rect { fill: var(--modelled); }
.node.bad rect { stroke: var(--bad); stroke-width: 2.5; }
@media (max-width: 560px) {
  header, main, footer { padding-left: 12px; padding-right: 12px; }
  section { padding: 14px; } .scroll { margin-left: -14px; margin-right: -14px; padding: 0 14px; }
  .tiles { grid-template-columns: 1fr 1fr; } .tile { padding: 12px 14px; } .tile dd { font-size: 22px; }
}
@media print {
  :root { color-scheme: light; }
  body { background: #fff; font-size: 12px; }
  section, .tile { border-color: #ccc; break-inside: auto; } tr, .tile, h2, h3 { break-inside: avoid; } h2, h3 { break-after: avoid; }
  .scroll { overflow: visible; margin: 8px 0 0; padding: 0; } table, code, pre, .small { font-size: 10.5px; } th, td { padding: 5px 8px 5px 0; } td.text { min-width: 0; } svg { max-width: 100%; height: auto; } .bar { height: 12px; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
`);
