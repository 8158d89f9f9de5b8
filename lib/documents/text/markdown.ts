import MarkdownIt from 'markdown-it';
import { parse } from 'yaml';
import { type Block, DocumentRefused, type DocumentText, decode, Outline, tidy, tidyLine } from './block';

/** CommonMark with tables. HTML inside it says nothing, and is left out. */
const markdown = new MarkdownIt({ html: true });

/** Markdown: its blocks under their headings, without its marks. Front matter (YAML between `---`) is metadata. */
export function markdownText(bytes: Uint8Array): DocumentText {
  const { body, metadata } = frontMatter(decode(bytes).replace(/\r\n?/g, '\n'));
  const outline = new Outline();
  const blocks: Block[] = [];
  let title: string | undefined;
  let lines: string[] = [];
  let level: number | undefined;
  let depth = 0;
  let cells: string[] | undefined;
  const flush = () => {
    const text = tidy(lines.join('\n'));
    if (text !== '') blocks.push({ headings: outline.headings, text });
    lines = [];
  };
  for (const token of markdown.parse(body, {})) {
    depth += token.nesting;
    if (token.type === 'heading_open') {
      flush();
      level = Number(token.tag.slice(1));
    } else if (token.type === 'heading_close') level = undefined;
    else if (token.type === 'inline') {
      const text = inlineText(token.children ?? []);
      if (level !== undefined) {
        outline.enter(level, tidyLine(text));
        if (level === 1) title ??= tidyLine(text);
      } else if (cells !== undefined) cells.push(text);
      else lines.push(text);
    } else if (token.type === 'fence' || token.type === 'code_block') lines.push(token.content);
    else if (token.type === 'tr_open') cells = [];
    else if (token.type === 'tr_close') {
      lines.push((cells ?? []).join(' | '));
      cells = undefined;
    }
    // What stands inside a list, a table or a quotation stays one block.
    if (depth === 0) flush();
  }
  const given = metadata.title;
  const named = typeof given === 'string' ? tidyLine(given) : title;
  return { ...(named === undefined ? {} : { title: named }), blocks, metadata };
}

function inlineText(tokens: readonly { readonly type: string; readonly content: string }[]): string {
  const words = tokens.map(({ type, content }) =>
    type === 'softbreak' || type === 'hardbreak' ? '\n' : type === 'html_inline' ? '' : content,
  );
  return words.join('');
}

function frontMatter(text: string): { body: string; metadata: Record<string, unknown> } {
  const found = /^\uFEFF?---\n([\s\S]*?)\n---(?:\n|$)/.exec(text);
  if (found === null) return { body: text, metadata: {} };
  let metadata: unknown;
  try {
    metadata = parse(found[1]!, { schema: 'core', maxAliasCount: 10 });
  } catch (error) {
    throw new DocumentRefused(
      'metadata',
      `has front matter that is no YAML: ${(error as Error).message.split('\n')[0]}`,
    );
  }
  // A rule below a line looks the same: front matter is a group of fields.
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return { body: text, metadata: {} };
  return { body: text.slice(found[0].length), metadata: metadata as Record<string, unknown> };
}
