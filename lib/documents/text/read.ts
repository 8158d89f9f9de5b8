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

/** A document of several in an object that cannot be ingested; the others are. */
export interface RefusedDocument {
  readonly id: string;
  readonly refused: DocumentRefused;
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
const readableTypes: readonly string[] = [...Object.keys(readers), 'jsonl'];

/**
 * The documents of an object, by the ending of its name. Of `.jsonl` each line is one: an object with `text`, and where
 * it has them `id`, `title` and `metadata`.
 *
 * @throws DocumentRefused where it cannot be read
 */
export async function readDocuments(name: string, bytes: Uint8Array): Promise<(FoundDocument | RefusedDocument)[]> {
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

/** One that is broken is refused alone, by the number of its line where it has no id. */
function jsonLines(text: string): (FoundDocument | RefusedDocument)[] {
  const seen = new Set<string>();
  const documents = text.split('\n').flatMap((line, i): (FoundDocument | RefusedDocument)[] => {
    if (line.trim() === '') return [];
    const number = String(i + 1);
    try {
      const document = jsonLine(line, number);
      if (seen.has(document.id)) throw new DocumentRefused('broken', `has the id of an earlier line`);
      seen.add(document.id);
      return [document];
    } catch (error) {
      if (!(error instanceof DocumentRefused)) throw error;
      return [{ id: `line ${number}`, refused: error }];
    }
  });
  if (documents.length === 0) throw new DocumentRefused('empty', 'holds no document');
  return documents;
}

function jsonLine(line: string, number: string): FoundDocument & { readonly id: string } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new DocumentRefused('broken', 'is no JSON');
  }
  const { id = number, title, text: body, metadata = {} } = (value ?? {}) as Record<string, unknown>;
  if (typeof id !== 'string' && typeof id !== 'number')
    throw new DocumentRefused('broken', 'must have an "id" that is a text or a number');
  if (typeof body !== 'string')
    throw new DocumentRefused('broken', `must be an object with a field "text"; its id is ${id}`);
  if (typeof metadata !== 'object' || metadata === null)
    throw new DocumentRefused('broken', `must have "metadata" that is an object; its id is ${id}`);
  const { blocks } = plainText(Buffer.from(body));
  if (blocks.length === 0) throw new DocumentRefused('empty', `holds no text; its id is ${id}`);
  const named = typeof title === 'string' ? { title: tidyLine(title) } : {};
  // PostgreSQL keeps no NUL.
  return {
    id: String(id).replaceAll('\0', ''),
    ...named,
    blocks,
    metadata: metadata as Readonly<Record<string, unknown>>,
  };
}
