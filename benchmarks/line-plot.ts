/** A line of a plot. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const [width, height] = [640, 360];
const inside = { left: 64, right: 28, top: 64, bottom: 52 };
const colors = ['#0b6e99', '#b3471c', '#4f7a1f'];

/** A plot as SVG, both axes logarithmic: a line that climbs one step a step grows as fast as what is below it. */
export function linePlot({ title, x, lines }: { title: string; x: string; lines: readonly Line[] }): string {
  const all = lines.flatMap(({ points }) => points);
  const ticks = (values: readonly number[]) => {
    const [low, high] = [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)))];
    return Array.from({ length: high - low + 1 }, (_, i) => low + i);
  };
  const [xs, ys] = [ticks(all.map(([at]) => at)), ticks(all.map(([, value]) => value))];
  const scale = (exponents: readonly number[], from: number, to: number) => (value: number) => {
    const [low, high] = [exponents[0]!, exponents.at(-1)!];
    return from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  };
  const [atX, atY] = [scale(xs, inside.left, width - inside.right), scale(ys, height - inside.bottom, inside.top)];
  const n = (value: number) => value.toFixed(1);
  const label = (exponent: number) =>
    exponent >= 6 ? `${10 ** (exponent - 6)} M` : exponent >= 3 ? `${10 ** (exponent - 3)} k` : String(10 ** exponent);
  const grid = [
    ...xs.map((e) => {
      const at = n(atX(10 ** e));
      return `<line x1="${at}" x2="${at}" y1="${inside.top}" y2="${height - inside.bottom}"/><text x="${at}" y="${height - inside.bottom + 18}" text-anchor="middle">${label(e)}</text>`;
    }),
    ...ys.map((e) => {
      const at = n(atY(10 ** e));
      return `<line x1="${inside.left}" x2="${width - inside.right}" y1="${at}" y2="${at}"/><text x="${inside.left - 8}" y="${n(atY(10 ** e) + 4)}" text-anchor="end">${label(e)}</text>`;
    }),
  ];
  const legendWidth = Math.min(270, (width - inside.left - inside.right) / lines.length);
  const drawn = lines.map(({ name, points }, i) => {
    const color = colors[i % colors.length];
    const path = points.map(([at, value], j) => `${j === 0 ? 'M' : 'L'}${n(atX(at))} ${n(atY(value))}`).join(' ');
    const dots = points.map(([at, value]) => `<circle cx="${n(atX(at))}" cy="${n(atY(value))}" r="3.5"/>`).join('');
    const legend = `<rect x="${n(inside.left + i * legendWidth)}" y="38" width="12" height="12" stroke="none"/><text x="${n(inside.left + 18 + i * legendWidth)}" y="48" stroke="none" fill="#333">${name}</text>`;
    return `<g fill="${color}" stroke="${color}"><path d="${path}" fill="none" stroke-width="2"/>${dots}${legend}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="${title}">
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="${inside.left}" y="24" font-size="15" font-weight="600" fill="#222">${title}</text>
<g stroke="#ddd" fill="#555">${grid.join('').replaceAll('<text', '<text stroke="none"')}</g>
${drawn.join('\n')}
<text x="${width / 2}" y="${height - 12}" text-anchor="middle" fill="#333">${x}</text>
</svg>
`;
}
