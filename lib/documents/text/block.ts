/** A document as text, whatever it was written in. */
export interface DocumentText {
  readonly title?: string;
  readonly blocks: readonly Block[];
  /** What the document says of itself: front matter, `<meta>`, a PDF's properties. Nothing of it is checked yet. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A piece of text that belongs together: a paragraph, a list, a table, a page. */
export interface Block {
  /** Headings above it, the outermost first. */
  readonly headings: readonly string[];
  readonly text: string;
}

/** Why a document is refused: one word for its kind. */
export type Refusal = 'broken' | 'empty' | 'encoding' | 'metadata' | 'name' | 'tenant' | 'too-large' | 'type';

/** A document that cannot be ingested, and why: it waits in quarantine until it is changed. */
export class DocumentRefused extends Error {
  override readonly name = 'DocumentRefused';

  constructor(
    readonly reason: Refusal,
    message: string,
  ) {
    super(message);
  }
}

/** Follows the headings of a document as they come: each ends those of its level and below. */
export class Outline {
  private readonly open: { readonly level: number; readonly text: string }[] = [];

  enter(level: number, text: string): void {
    while (this.open.length > 0 && this.open.at(-1)!.level >= level) this.open.pop();
    if (text !== '') this.open.push({ level, text });
  }

  get headings(): string[] {
    return this.open.map(({ text }) => text);
  }
}

/** Text without what cannot be seen or kept: NUL and other controls; runs of blanks as one, of empty lines as one. */
export function tidy(text: string): string {
  return (
    text
      .normalize('NFC')
      .replace(/\r\n?|[\u2028\u2029]/g, '\n')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: PostgreSQL keeps no NUL, and nobody reads the others.
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f\u00ad\u200b\ufeff]/g, '')
      .replace(/[^\S\n]+/g, ' ')
      .replace(/ ?\n ?/g, '\n')
      .replace(/\n{3,}/g, '\n\n')
      .trim()
  );
}

/** The same on one line. */
export const tidyLine = (text: string): string => tidy(text).replace(/\s+/g, ' ');

/** Bytes as UTF-8, or UTF-16 where they begin with its mark. */
export function decode(bytes: Uint8Array): string {
  const [a, b] = bytes;
  const encoding = a === 0xff && b === 0xfe ? 'utf-16le' : a === 0xfe && b === 0xff ? 'utf-16be' : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new DocumentRefused('encoding', 'must be text in UTF-8 or, with a byte order mark, UTF-16; it is neither');
  }
}
