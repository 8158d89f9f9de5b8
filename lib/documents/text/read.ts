import { DocumentRefused, type DocumentText, decode, tidyLine } from './block';
import { htmlText } from './html';
import { markdownText } from './markdown';
import { pdfText } from './pdf';
import { plainText } from './plain';

/** A document of an object, which holds one, or with `.jsonl` many. */
export interface FoundDocument extends DocumentText {
  /** Its id in the object; absent where the object is the document. */
  readonly id?: string;
}

type Reader = (bytes: Uint8Array) => DocumentText | Promise<DocumentText>;

const readers: Readonly<Record<string, Reader>> = {
  txt: plainText,
  text: plainText,
  md: markdownText,
  markdown: markdownText,
  html: htmlText,
  htm: htmlText,
  pdf: pdfText,
};

/** Endings of the names of objects that can be read. */
export const readableTypes: readonly string[] = [...Object.keys(readers), 'jsonl'];

/**
 * The documents of an object, by the ending of its name. Of `.jsonl` each line is one: an object with `text`, and where
 * it has them `id`, `title` and `metadata`.
 *
 * @throws DocumentRefused where it cannot be read
 */
export async function readDocuments(name: string, bytes: Uint8Array): Promise<FoundDocument[]> {
  const ending = /\.([A-Za-z0-9]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  if (bytes.length === 0) throw new DocumentRefused('empty', 'is empty');
  if (ending === 'jsonl') return jsonLines(decode(bytes));
  const reader = Object.hasOwn(readers, ending) ? readers[ending] : undefined;
  if (reader === undefined)
    throw new DocumentRefused('type', `must end in one of .${readableTypes.join(', .')}; its name ends otherwise`);
  const text = await reader(bytes);
  if (text.blocks.length === 0) throw new DocumentRefused('empty', 'holds no text');
  return [text];
}

function jsonLines(text: string): FoundDocument[] {
  const seen = new Set<string>();
  const documents = text.split('\n').flatMap((line, i): FoundDocument[] => {
    if (line.trim() === '') return [];
    const refuse = (why: string): never => {
      throw new DocumentRefused('broken', `line ${i + 1} ${why}`);
    };
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      refuse('is no JSON');
    }
    const { id = String(i + 1), title, text: body, metadata = {} } = (value ?? {}) as Record<string, unknown>;
    if (typeof body !== 'string') return refuse('must be an object with a field "text"');
    if (typeof id !== 'string' && typeof id !== 'number') return refuse('must have an "id" that is a text or a number');
    if (typeof metadata !== 'object' || metadata === null) return refuse('must have "metadata" that is an object');
    const key = String(id);
    if (seen.has(key)) return refuse(`has the id ${JSON.stringify(key)} of an earlier line`);
    seen.add(key);
    const { blocks } = plainText(Buffer.from(body));
    const named = typeof title === 'string' ? { title: tidyLine(title) } : {};
    return blocks.length === 0
      ? []
      : [{ id: key, ...named, blocks, metadata: metadata as Readonly<Record<string, unknown>> }];
  });
  if (documents.length === 0) throw new DocumentRefused('empty', 'holds no text');
  return documents;
}
