import stringWidth from 'string-width';

export interface TextColumn {
  readonly title: string;
  /** By default left. */
  readonly align?: 'left' | 'right';
}

/** Widest a cell is shown, in letters. */
const widest = 60;

/** A table as text: titles, a line, rows; columns are as wide as their widest cell. Cells must be printable. */
export function textTable(
  columns: readonly TextColumn[],
  rows: readonly (readonly string[])[],
  bold: (text: string) => string = (text) => text,
): string {
  const cells = rows.map((row) => row.map(shorten));
  const widths = columns.map(({ title }, i) =>
    Math.max(stringWidth(title), ...cells.map((row) => stringWidth(row[i]!))),
  );
  const line = (row: readonly string[], style: (text: string) => string = (text) => text) =>
    row
      .map((cell, i) => {
        const blank = ' '.repeat(widths[i]! - stringWidth(cell));
        return columns[i]!.align === 'right' ? blank + style(cell) : style(cell) + blank;
      })
      .join('  ')
      .trimEnd();
  const titles = columns.map(({ title }) => title);
  return `${[line(titles, bold), widths.map((width) => '─'.repeat(width)).join('  '), ...cells.map((row) => line(row))].join('\n')}\n`;
}

function shorten(cell: string): string {
  if (stringWidth(cell) <= widest) return cell;
  let short = '';
  for (const character of cell) {
    if (stringWidth(short + character) > widest - 1) break;
    short += character;
  }
  return `${short}…`;
}
