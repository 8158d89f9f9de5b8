import { ref, resolve, text } from '../../constructs/core/text';

const lookup = ({ node, attr }: { node: string; attr: string }) => `<${node}.${attr}>`;
const arn = ref('Bucket', 'arn');

test('texts keep refs apart from literals until an engine resolves them', () => {
  expect(text`${arn}/*`).toEqual({ join: [arn, '/*'] });
  expect(text`${text`a${arn}`}b${'c'}`).toEqual({ join: ['a', arn, 'bc'] });
  expect(text`${'plain'} text`).toBe('plain text');
  expect(text`${arn}`).toEqual(arn);
  expect(text``).toBe('');
  expect(resolve({ on: [text`${arn}/*`], deep: { er: arn } }, lookup)).toEqual({
    on: ['<Bucket.arn>/*'],
    deep: { er: '<Bucket.arn>' },
  });
});

test('what users call node, attr or join is theirs', () => {
  const theirs = [{ join: ['a', 'b'] }, { join: 'left' }, { node: 1, attr: 'x' }, { node: 'a', attr: 'b', more: 'c' }];
  expect(resolve(theirs, lookup)).toEqual(theirs);
});

test('an engine is told literals in its own way, and what was looked up as it is', () => {
  const loud = (literal: string) => literal.toUpperCase();
  expect(resolve({ a: text`x${arn}y`, b: 'z' }, lookup, loud)).toEqual({ A: 'X<Bucket.arn>Y', B: 'Z' });
});
