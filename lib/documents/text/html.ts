import { Parser } from 'htmlparser2';
import { type Block, type DocumentText, decode, Outline, tidy, tidyLine } from './block';

/** What a browser shows to nobody, and what stands around a page's own text. */
const hidden = new Set([
  'script',
  'style',
  'template',
  'noscript',
  'svg',
  'nav',
  'iframe',
  'object',
  'select',
  'button',
]);
/** Elements that begin a line of their own. */
const lineBreaks = new Set(['br', 'li', 'tr', 'dt', 'dd', 'hr']);
/** Elements that begin a block of their own. */
const blockBreaks = new Set([
  ...['address', 'article', 'aside', 'blockquote', 'body', 'details', 'div', 'dl', 'fieldset', 'figure', 'footer'],
  ...['form', 'header', 'main', 'ol', 'p', 'pre', 'section', 'table', 'ul'],
]);

/** HTML: the text that a reader sees, under its headings. Read as a stream of tags, however deep they nest. */
export function htmlText(bytes: Uint8Array): DocumentText {
  const outline = new Outline();
  const blocks: Block[] = [];
  const metadata: Record<string, unknown> = {};
  let text = '';
  let title = '';
  let heading: { readonly level: number; text: string } | undefined;
  let inTitle = false;
  let hiddenDepth = 0;
  const flush = () => {
    const whole = tidy(text);
    if (whole !== '') blocks.push({ headings: outline.headings, text: whole });
    text = '';
  };
  const parser = new Parser({
    onopentag(name, attributes) {
      if (hidden.has(name)) hiddenDepth++;
      if (hiddenDepth > 0) return;
      if (name === 'title') inTitle = true;
      else if (name === 'meta' && attributes.name !== undefined && attributes.content !== undefined)
        metadata[attributes.name] = attributes.content;
      else if (name === 'html' && attributes.lang !== undefined) metadata.language = attributes.lang;
      else if (/^h[1-6]$/.test(name)) {
        flush();
        heading = { level: Number(name[1]), text: '' };
      } else if (blockBreaks.has(name)) flush();
      else if (lineBreaks.has(name)) text += '\n';
      else if (name === 'td' || name === 'th') text += text.endsWith('\n') || text === '' ? '' : ' | ';
    },
    ontext(data) {
      if (hiddenDepth > 0) return;
      if (inTitle) title += data;
      else if (heading !== undefined) heading.text += data;
      // Line breaks of the source are blanks.
      else text += data.replace(/\s+/g, ' ');
    },
    onclosetag(name) {
      if (hidden.has(name)) {
        hiddenDepth = Math.max(0, hiddenDepth - 1);
        return;
      }
      if (hiddenDepth > 0) return;
      if (name === 'title') inTitle = false;
      else if (/^h[1-6]$/.test(name) && heading !== undefined) {
        outline.enter(heading.level, tidyLine(heading.text));
        heading = undefined;
      } else if (blockBreaks.has(name)) flush();
    },
  });
  parser.write(decode(bytes));
  parser.end();
  flush();
  const named = tidyLine(title) === '' ? blocks[0]?.headings[0] : tidyLine(title);
  return { ...(named === undefined ? {} : { title: named }), blocks, metadata };
}
