import { type DocumentText, decode, tidy } from './block';

/** Plain text: paragraphs, parted by empty lines. */
export function plainText(bytes: Uint8Array): DocumentText {
  const blocks = tidy(decode(bytes))
    .split(/\n{2,}/)
    .filter((text) => text !== '')
    .map((text) => ({ headings: [], text }));
  return { blocks, metadata: {} };
}
