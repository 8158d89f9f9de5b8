import type { Json } from './json';

/** Replaces each `${…}` of a Terraform text by what `evaluate` says of the expression inside; `$${` is a plain `${`, `%%{` a plain `%{`. */
export function replaceExpressions(text: string, evaluate: (expression: string) => string): string {
  let result = '';
  for (let i = 0; i < text.length; ) {
    if (text.startsWith('$${', i) || text.startsWith('%%{', i)) {
      result += text.slice(i + 1, i + 3);
      i += 3;
    } else if (text.startsWith('${', i)) {
      const end = closing(text, i + 2);
      result += evaluate(text.slice(i + 2, end).trim());
      i = end + 1;
    } else result += text[i++];
  }
  return result;
}

/** Index of the brace that closes an expression, over nested braces and quoted texts. */
function closing(text: string, start: number): number {
  let depth = 0;
  let quoted = false;
  for (let i = start; i < text.length; i++) {
    const c = text[i];
    if (c === '\\') i++;
    else if (quoted && text.startsWith('${', i)) i = closing(text, i + 2);
    else if (c === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (c === '{') depth++;
    else if (c === '}' && depth-- === 0) return i;
  }
  return text.length;
}

/**
 * A literal of Terraform's language as JSON: what stands in `jsonencode(…)`. `refer` answers references and texts with
 * expressions. Undefined where it is more than a literal.
 */
export function parseLiteral(source: string, refer: (expression: string) => string): Json | undefined {
  let i = 0;
  const space = () => {
    while (/\s/.test(source[i] ?? '')) i++;
  };
  const fail = (): never => {
    throw new SyntaxError(`at ${i}`);
  };
  const string = (): string => {
    const start = i++;
    while (i < source.length && source[i] !== '"') {
      if (source[i] === '\\') i += 2;
      else if (source.startsWith('${', i)) i = closing(source, i + 2) + 1;
      else i++;
    }
    i++;
    const raw = source.slice(start + 1, i - 1);
    return replaceExpressions(raw, refer).replace(
      /\\(["\\nrt])/g,
      (_, c: string) => ({ n: '\n', r: '\r', t: '\t' })[c] ?? c,
    );
  };
  const items = <T>(close: string, read: () => T): T[] => {
    const found: T[] = [];
    i++;
    for (space(); source[i] !== close; space()) {
      if (i >= source.length) fail();
      found.push(read());
      space();
      if (source[i] === ',') i++;
    }
    i++;
    return found;
  };
  const value = (): Json => {
    space();
    if (source[i] === '"') return string();
    if (source[i] === '[') return items(']', value);
    if (source[i] === '{') {
      return Object.fromEntries(
        items('}', (): [string, Json] => {
          const key = source[i] === '"' ? string() : (word() ?? fail());
          space();
          if (source[i] !== '=' && source[i] !== ':') fail();
          i++;
          return [key, value()];
        }),
      );
    }
    const found = word() ?? fail();
    if (found === 'true' || found === 'false') return found === 'true';
    if (found === 'null') return null;
    if (/^-?[\d.]+$/.test(found)) return Number(found);
    if (source[i] === '(') fail();
    return refer(found);
  };
  const word = (): string | undefined => {
    const found = /^[\w.\-*]+(\[[^\]]*\][\w.\-*]*)*/.exec(source.slice(i))?.[0];
    i += found?.length ?? 0;
    return found;
  };
  try {
    const read = value();
    space();
    return i === source.length ? read : undefined;
  } catch {
    return undefined;
  }
}
