import type { WriteStream } from 'node:tty';
import pc from 'picocolors';

type Colors = ReturnType<typeof pc.createColors>;

/** Where a command writes: results to `out`, everything that is not a result to `err`. */
export interface Io {
  readonly out: Output;
  readonly err: Output;
}

export interface Output {
  write(text: string): void;
  readonly colors: Colors;
  /** A terminal that can move its cursor. */
  readonly isLive: boolean;
  /** Width in letters; 80 where it is no terminal. */
  readonly columns: number;
}

/** The process's own streams; colours only on a terminal, unless `NO_COLOR` or `FORCE_COLOR` say otherwise. */
export function processIo(): Io {
  return { out: output(process.stdout), err: output(process.stderr) };
}

function output(stream: WriteStream): Output {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  const isTerminal = stream.isTTY === true && TERM !== 'dumb';
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== '0' && FORCE_COLOR !== '';
  const hasColor = (NO_COLOR === undefined || NO_COLOR === '') && (forced || isTerminal);
  return {
    write: (text) => void stream.write(text),
    colors: pc.createColors(hasColor),
    isLive: isTerminal,
    get columns() {
      // A terminal that does not know its width says 0.
      return stream.columns > 0 ? stream.columns : 80;
    },
  };
}

/** Text with what would move the cursor, ring or turn the text around shown as `\u001b`: data can't play with the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (c) => `\\u${c.codePointAt(0)!.toString(16).padStart(4, '0')}`);
}
