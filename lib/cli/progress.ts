import stringWidth from 'string-width';
import type { Progress } from '../local/progress';
import { duration } from '../local/report/format';
import { type Output, printable } from './io';

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

export interface ShownProgress extends Progress {
  /** Clears what is live. */
  end(): void;
}

/** Progress on a terminal: a line for each piece of work that goes on, and above them what is done. Elsewhere plain lines. */
export function showProgress(output: Output): ShownProgress {
  return output.isLive ? liveProgress(output) : plainProgress(output);
}

function plainProgress({ write, colors }: Output): ShownProgress {
  return {
    begin(text) {
      const began = Date.now();
      const line = (mark: string, said: string) =>
        write(`${mark} ${printable(said)} ${colors.dim(`(${duration(Date.now() - began)})`)}\n`);
      return { done: (said = text) => line(colors.green('✓'), said), failed: (said) => line(colors.red('✗'), said) };
    },
    note: (text) => write(`${colors.yellow('!')} ${printable(text)}\n`),
    end: () => {},
  };
}

function liveProgress(output: Output): ShownProgress {
  const { write, colors } = output;
  const going = new Set<{ readonly text: string; readonly began: number }>();
  let frame = 0;
  let shown = 0;
  let timer: NodeJS.Timeout | undefined;
  const erase = () => {
    if (shown > 0) write(`\u001b[${shown}A\u001b[0J`);
    shown = 0;
  };
  const draw = () => {
    erase();
    const spin = colors.cyan(frames[frame % frames.length]!);
    const lines = [...going].slice(0, 12).map(({ text, began }) => {
      const time = duration(Date.now() - began);
      return `${spin} ${fit(printable(text), output.columns - time.length - 6)} ${colors.dim(time)}\n`;
    });
    write(lines.join(''));
    shown = lines.length;
  };
  const above = (line: string) => {
    erase();
    write(`${line}\n`);
    draw();
  };
  const tick = () => {
    frame++;
    draw();
  };
  return {
    begin(text) {
      const work = { text, began: Date.now() };
      going.add(work);
      timer ??= setInterval(tick, 80).unref();
      draw();
      const end = (mark: string, said: string) => {
        going.delete(work);
        above(`${mark} ${printable(said)} ${colors.dim(`(${duration(Date.now() - work.began)})`)}`);
      };
      return { done: (said = text) => end(colors.green('✓'), said), failed: (said) => end(colors.red('✗'), said) };
    },
    note: (text) => above(`${colors.yellow('!')} ${printable(text)}`),
    end() {
      clearInterval(timer);
      going.clear();
      erase();
    },
  };
}

/** Cut to a width, so that a line of the terminal stays one line. */
function fit(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  return `${text.slice(0, Math.max(0, width - 1))}…`;
}
