import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import type { Problem } from '../errors';

/**
 * Reads a file of text. Bytes that are no UTF-8 are a problem, as letters would be lost in comments and values; the rest
 * of the text is read all the same, so that what else is wrong is found at once.
 *
 * @param where what the problem names
 */
export async function readText(file: string, where: string): Promise<{ text: string; problems: Problem[] }> {
  const bytes = await readFile(file);
  const text = bytes.toString('utf8');
  if (isUtf8(bytes)) return { text, problems: [] };
  const line = text.slice(0, text.indexOf('\uFFFD')).split('\n').length;
  const message = 'must be text in UTF-8; this line has bytes of another encoding, such as Latin-1 or UTF-16';
  return { text, problems: [{ where, path: '', line, message }] };
}
