import { z } from 'zod';
import { givenAllowed, type Problem } from '../errors';
import type { Document, Path } from './document';

/** An object that may hold only the fields of `shape`; each field too many is named, with the nearest one that exists. */
export function strict<S extends z.core.$ZodLooseShape>(shape: S) {
  const allowed = Object.keys(shape);
  // One sentence a field, parted by line breaks, so that each becomes a problem of its own.
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => `is not a field here; ${givenAllowed(key, allowed)}`).join('\n')
        : undefined,
  });
}

/** Every way in which a document does not fit a schema, as problems; the value as the schema gives it where it fits. */
export function parse<T>(
  schema: z.ZodType<T>,
  document: Document,
): { readonly value?: T; readonly problems: readonly Problem[] } {
  const result = schema.safeParse(document.value, { reportInput: true });
  if (result.success) return { value: result.data, problems: [] };
  return { problems: result.error.issues.flatMap((issue) => problems(issue, [], document)) };
}

function problems(issue: z.core.$ZodIssue, base: Path, document: Document): Problem[] {
  const path = [...base, ...(issue.path as (string | number)[])];
  if (issue.code === 'unrecognized_keys') {
    const sentences = issue.message.split('\n');
    return issue.keys.map((key, i) => document.problem([...path, key], sentences[i] ?? 'is not a field here'));
  }
  if (issue.code === 'invalid_union' && !isWorded(issue)) {
    const branch = nearestBranch(issue.errors);
    if (branch !== undefined) return branch.flatMap((inner) => problems(inner, path, document));
  }
  return [document.problem(path, sentence(issue))];
}

/** Of a union's branches the one that is of the right kind (its problems are further inside). */
function nearestBranch(branches: readonly (readonly z.core.$ZodIssue[])[]) {
  return branches.find((branch) => !branch.some((issue) => issue.path.length === 0 && isOfAnotherKind(issue)));
}

/** Fields are none of the words that are allowed in their place. */
const isOfAnotherKind = ({ code, input }: z.core.$ZodIssue): boolean =>
  code === 'invalid_type' || (code === 'invalid_value' && typeof input === 'object');

/** Whether the schema says in words of its own what is wrong; zod's begin so. */
const isWorded = ({ message }: z.core.$ZodIssue): boolean => !/^(Invalid|Too|Unrecognized) /.test(message);

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of fields',
  record: 'a group of fields',
};

function sentence(issue: z.core.$ZodIssue): string {
  const given = `given ${show(issue.input)}`;
  const missing = issue.input === undefined ? 'is missing; it ' : '';
  const tail = issue.input === undefined ? '' : `; ${given}`;
  if (isWorded(issue)) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return `${missing}must be ${kinds[issue.expected] ?? issue.expected}${tail}${quotes(issue)}`;
    case 'invalid_value': {
      const allowed = issue.values.map(String);
      if (issue.input === undefined) return `is missing; it must be ${oneOf(allowed)}`;
      return `must be ${allowed.length === 1 ? 'this word' : 'one of these words'}: ${givenAllowed(issue.input, allowed)}`;
    }
    case 'too_small':
      return issue.origin === 'array' || issue.origin === 'string'
        ? `must hold at least ${issue.minimum} ${issue.origin === 'array' ? 'item(s)' : 'character(s)'}; ${given}`
        : `must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}; ${given}`;
    case 'too_big':
      return issue.origin === 'array' || issue.origin === 'string'
        ? `must hold at most ${issue.maximum} ${issue.origin === 'array' ? 'item(s)' : 'character(s)'}; ${given}`
        : `must be ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}; ${given}`;
    case 'invalid_union':
      return issue.input === undefined ? 'is missing' : `must have one of the allowed forms; ${given}`;
    default:
      return issue.message;
  }
}

/** YAML reads `1.0` and `no` as a number and a boolean. */
const quotes = (issue: { readonly expected: string; readonly input?: unknown }) =>
  issue.expected === 'string' && ['number', 'boolean'].includes(typeof issue.input) ? '; put it in quotes' : '';

const oneOf = (words: readonly string[]) => (words.length === 1 ? words[0]! : `one of ${words.join(', ')}`);

/** A value as a sentence can hold it: JSON, at most 80 characters. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
