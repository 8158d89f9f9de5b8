import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { readContract } from '../../lib/contract/read';
import { describeProblem } from '../../lib/errors';
import { validContract } from './generated';
import { hasOfficialSchema, isValidOfficially } from './official';

const describeOfficially = hasOfficialSchema() ? describe : describe.skip;

describeOfficially('the official JSON schema of ODCS v3.1.0 agrees', () => {
  test('that our examples are valid', () => {
    const folder = join(__dirname, '../../examples/aviation/contracts');
    const files = readdirSync(folder).map((file) => join(folder, file));
    const contracts = files.map((file) => parse(readFileSync(file, 'utf8')));

    expect(contracts.length).toBeGreaterThan(0);
    expect(isValidOfficially(contracts)).toEqual(contracts.map(() => true));
  });

  test('on what is valid and what is not, for contracts with one thing changed', () => {
    const given = fc.sample(fc.oneof(validContract, mutant), { numRuns: 250, seed: 7 });
    const official = isValidOfficially(given);
    const disagreements = given.flatMap((one, i) => {
      const { problems } = readContract('c.yaml', stringify(one));
      if (official[i] === (problems.length === 0)) return [];
      if (problems.length > 0 && problems.every(({ path, message }) => isOurs(path, message))) return [];
      return [
        `${official[i] ? 'valid' : 'invalid'} officially, here ${problems.map(describeProblem).join('; ') || 'valid'}: ${JSON.stringify(one)}`,
      ];
    });

    expect(official.filter((valid) => !valid).length).toBeGreaterThan(50);
    expect(disagreements).toEqual([]);
  });
});

/** What the standard's text says and its JSON schema does not. */
const isOurs = (path: string, message: string): boolean =>
  // Versions of the standard that its schema still lists, with other meanings.
  path === 'apiVersion' ||
  // The one group of fields that its schema leaves open; a typo in it is a typo all the same.
  (path.startsWith('description.') && message.startsWith('is not a field here')) ||
  /must be two numbers, the smaller one first|must be a regular expression|must hold at least 1 character/.test(
    message,
  );

/** A contract of which one field is another value, is left out, or has another name. */
const mutant = fc
  .record({
    given: validContract,
    at: fc.nat(),
    how: fc.constantFrom('replace', 'remove', 'rename'),
    value: fc.jsonValue({ maxDepth: 1 }),
  })
  .map(({ given, at, how, value }) => {
    const copy = JSON.parse(JSON.stringify(given));
    const places = everyField(copy);
    const [holder, field] = places[at % places.length]!;
    if (how === 'replace') holder[field] = value;
    else {
      if (how === 'rename') holder[`${field}x`] = holder[field];
      delete holder[field];
    }
    return copy;
  })
  // Our reader takes a description that is null, as the standard's text has it.
  .filter((one) => !JSON.stringify(one).includes('"description":null'));

function everyField(value: unknown): [Record<string, unknown>, string][] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item) => everyField(item));
  return Object.entries(value).flatMap(([key, held]): [Record<string, unknown>, string][] => [
    [value as Record<string, unknown>, key],
    ...(key === 'examples' ? [] : everyField(held)),
  ]);
}
