import { type Block, DocumentRefused, type DocumentText, tidy, tidyLine } from './block';

/** PDF: the text of each page. What is a picture of text stays unread. */
export async function pdfText(bytes: Uint8Array): Promise<DocumentText> {
  // Loaded only for a PDF: it is by far the largest of the readers.
  const { extractText, getDocumentProxy, getMeta } = require('unpdf') as typeof import('unpdf');
  let pages: readonly string[];
  let info: Record<string, unknown>;
  try {
    // The parser keeps what it is given; nothing that a PDF holds is run, and it says nothing of what it repairs.
    const pdf = await getDocumentProxy(Uint8Array.from(bytes), { verbosity: 0, isEvalSupported: false });
    try {
      pages = (await extractText(pdf)).text;
      info = (await getMeta(pdf)).info ?? {};
    } finally {
      await pdf.destroy();
    }
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'PasswordException') throw new DocumentRefused('broken', 'is a PDF that only a password opens');
    throw new DocumentRefused('broken', `is no PDF that can be read: ${message.split('\n')[0]}`);
  }
  const blocks = pages.flatMap((page): Block[] => {
    const text = tidy(page);
    return text === '' ? [] : [{ headings: [], text }];
  });
  const title = typeof info.Title === 'string' ? tidyLine(info.Title) : '';
  const said = { author: info.Author, subject: info.Subject, keywords: info.Keywords };
  const isSaid = ([, value]: [string, unknown]) => typeof value === 'string' && value !== '';
  return {
    ...(title === '' ? {} : { title }),
    blocks,
    metadata: Object.fromEntries(Object.entries(said).filter(isSaid)),
  };
}
