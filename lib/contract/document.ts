import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { Problem } from '../errors';

/** A path inside a document: `['schema', 0, 'name']`. */
export type Path = readonly (string | number)[];

/** What a user wrote, from a YAML file or in code: its content, and how to say where a problem stands in it. */
export interface Document {
  /** The file, relative to the platform's folder, or a name for what was built in code. */
  readonly where: string;
  readonly value: unknown;
  /** The file that the ContractRef names; undefined for what was built in code. */
  readonly file?: string;
  problem(path: Path, message: string): Problem;
}

/** `schema[0].properties[2].name`. */
function pathText(path: Path): string {
  return path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`)).join('');
}

/** A document that was built in code: no lines. */
export function codeDocument(where: string, value: unknown): Document {
  return { where, value, problem: (path, message) => ({ where, path: pathText(path), message }) };
}

/** Reads YAML 1.2. Every problem of its syntax is found; a document with a problem has no value. */
export function yamlDocument(file: string, text: string): { document: Document; problems: Problem[] } {
  const lines = new LineCounter();
  // Its warnings would go to the process, not to who asks.
  const yaml = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const lineAt = (offset: number) => lines.linePos(offset).line;
  const problems = yaml.errors.map((error) => ({
    where: file,
    path: '',
    line: lineAt(error.pos[0]),
    message: yamlMessage(error.code, error.message),
  }));
  let value: unknown;
  if (problems.length === 0) {
    try {
      value = yaml.toJS();
    } catch (error) {
      problems.push({ where: file, path: '', line: 1, message: `must be plain YAML: ${(error as Error).message}` });
    }
    if (value === null) problems.push({ where: file, path: '', line: 1, message: 'must not be empty' });
  }
  const document: Document = {
    where: file,
    file,
    value,
    problem(path, message) {
      const offset = offsetOf(yaml.contents, path);
      return { where: file, path: pathText(path), ...(offset === undefined ? {} : { line: lineAt(offset) }), message };
    },
  };
  return { document, problems };
}

function yamlMessage(code: string, message: string): string {
  if (code === 'DUPLICATE_KEY') return 'must not give a field twice in one place';
  if (code === 'MULTIPLE_DOCS') return 'must be one YAML document; a line of --- begins a second one';
  return `must be valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}

/** Where the path stands in the text: at its key, at its list item, or at the nearest thing around it that is there. */
function offsetOf(contents: Node | null, path: Path): number | undefined {
  let node: unknown = contents;
  let offset = contents?.range?.[0];
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (pair === undefined) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number' && node.items[step] !== undefined) {
      node = node.items[step];
      offset = (node as Node).range?.[0] ?? offset;
    } else break;
  }
  return offset;
}
