/** Who is told how a run gets on. The command line shows it; by default nobody is told. */
export interface Progress {
  /** A piece of work begins. */
  begin(text: string): Step;
  /** Something to know that is no work. */
  note(text: string): void;
}

export interface Step {
  /** It is done; `text` says what came out, by default what it was. */
  done(text?: string): void;
  failed(text: string): void;
}

export const silent: Progress = {
  begin: () => ({ done: () => {}, failed: () => {} }),
  note: () => {},
};
