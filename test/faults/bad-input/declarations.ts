import { parse, stringify } from 'yaml';

/** Files of a platform: bytes where a text would not do. */
export type Files = Readonly<Record<string, string | Buffer>>;
export type Random = () => number;

export interface Mutant {
  readonly files: Files;
  /** What was done to which file, for who has to repeat it. */
  readonly what: string;
}

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)]!;

/** A placeholder of CDK's or Terraform's, which here is text. */
const placeholder = (name: string) => `$\{${name}}`;

/** Values that stand where another one should: wrong types, names that AWS refuses, tokens, what programs stumble over. */
const values: readonly unknown[] = [
  null,
  '',
  ' ',
  0,
  -1,
  1.5,
  1e308,
  Number.NaN,
  true,
  false,
  [],
  {},
  [null],
  [[]],
  { a: 1 },
  ['x', 'x'],
  'x',
  'UPPER',
  'a b',
  'ünïcode',
  '-',
  '_',
  '.',
  '..',
  '../../etc/passwd',
  'a'.repeat(300),
  '1abc',
  'select',
  "'; DROP TABLE x; --",
  '"',
  '`',
  '$',
  '\u0000',
  '\u202e',
  '😀',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'undefined',
  'NaN',
  '[',
  '(',
  placeholder('Token[TOKEN.12]'),
  placeholder('Token[AWS.AccountId.0]'),
  '#{Token[TOKEN.3]}',
  placeholder('aws_s3_bucket.x.id'),
  '{{resolve:ssm:x}}',
  's3://',
  's3://bronze',
  's3://nowhere/x/',
  's3://bronze/../x/',
  'file:///etc',
  'silver',
  'gold',
  'bronze',
  'scd2',
  'partition',
  'watermark',
  '0 d',
  '-5 d',
  '9999999999999 d',
  '1 GB',
  'rate(0 hours)',
  'rate(1 hour)',
  'cron(* * *)',
  '9223372036854775808',
  2 ** 60,
  '2026-13-45',
  'decimal(99,99)',
  'decimal(-1)',
  'bucket[0]',
  'bucket[x]',
  'truncate[99999999999]',
  'select * from silver.flights',
  'origin',
  'nothing',
];

/** Pieces of text that YAML and SQL take for something. */
const pieces: readonly string[] = [
  '? {a: 1}\n: x\n',
  '{a: 1}: x',
  ':',
  ': ',
  '-',
  '- ',
  '[',
  ']',
  '{',
  '}',
  ',',
  '"',
  "'",
  '#',
  '&a',
  '*a',
  '<<: *a',
  '!!js/function',
  '!!binary',
  '%',
  '@',
  '`',
  '|',
  '>',
  '?',
  '\t',
  '\n',
  '\r',
  '\u0000',
  '\ufeff',
  '\u2028',
  '---\n',
  '...\n',
  '$',
  placeholder('x'),
  ';',
  '--',
  '/*',
  '(',
  ')',
  'select',
  'from',
  'join',
  'union all',
  'with x as',
  'gold.fct_flights',
  'silver.nothing',
  'é',
  '😀',
];

type Steps = readonly (string | number)[];

function nodes(value: unknown, path: Steps = []): Steps[] {
  if (typeof value !== 'object' || value === null) return [path];
  const below = Object.entries(value).flatMap(([key, child]) =>
    nodes(child, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return [path, ...below];
}

const at = (value: unknown, path: Steps): unknown =>
  path.reduce<unknown>((found, step) => (found as Record<string, unknown>)[step], value);

/** Changes a document at one place. */
const structural: Readonly<Record<string, (parent: never, step: never, random: Random, root: unknown) => void>> = {
  replace: (parent: Record<string, unknown>, step: string, random) => {
    parent[step] = pick(random, values);
  },
  remove: (parent: Record<string, unknown> | unknown[], step: number) => {
    if (Array.isArray(parent)) parent.splice(step, 1);
    else delete parent[step];
  },
  'add a field': (parent: Record<string, unknown>, _step: string, random) => {
    if (!Array.isArray(parent))
      parent[pick(random, ['unknown', 'Name', 'schemas', '', '__proto__', 'tables', 'x-y', 'history'])] = pick(
        random,
        values,
      );
  },
  misspell: (parent: Record<string, unknown>, step: string, random) => {
    if (Array.isArray(parent)) return;
    const cut = Math.floor(random() * step.length);
    parent[step.slice(0, cut) + step.slice(cut + 1)] = parent[step];
    delete parent[step];
  },
  'give twice': (parent: unknown[], step: number) => {
    if (Array.isArray(parent)) parent.push(structuredClone(parent[step]));
  },
  empty: (parent: Record<string, unknown>, step: string) => {
    if (Array.isArray(parent[step])) parent[step] = [];
    else parent[step] = {};
  },
  wrap: (parent: Record<string, unknown>, step: string, random) => {
    parent[step] = random() < 0.5 ? [parent[step]] : { value: parent[step] };
  },
  exchange: (parent: Record<string, unknown>, step: string, random, root) => {
    const other = pick(random, nodes(root));
    if (other.length > 0) parent[step] = structuredClone(at(root, other));
  },
};

function changeStructure(text: string, random: Random): [what: string, text: string] {
  const document: unknown = parse(text, { logLevel: 'error' });
  const path = pick(
    random,
    nodes(document).filter((steps) => steps.length > 0),
  );
  const [name, change] = pick(random, Object.entries(structural));
  change(at(document, path.slice(0, -1)) as never, path.at(-1) as never, random, document);
  return [`${name} ${path.join('.')}`, stringify(document)];
}

const textual: Readonly<Record<string, (text: string, random: Random) => string | Buffer>> = {
  'cut off': (text, random) => text.slice(0, Math.floor(random() * text.length)),
  'insert a piece': (text, random) => {
    const place = Math.floor(random() * (text.length + 1));
    return text.slice(0, place) + pick(random, pieces) + text.slice(place);
  },
  'remove characters': (text, random) => {
    const place = Math.floor(random() * text.length);
    return text.slice(0, place) + text.slice(place + 1 + Math.floor(random() * 8));
  },
  'a line twice': (text, random) => {
    const lines = text.split('\n');
    const i = Math.floor(random() * lines.length);
    return [...lines.slice(0, i), lines[i]!, ...lines.slice(i)].join('\n');
  },
  'without a line': (text, random) => {
    const lines = text.split('\n');
    const i = Math.floor(random() * lines.length);
    return [...lines.slice(0, i), ...lines.slice(i + 1)].join('\n');
  },
  'indent a line': (text, random) => {
    const lines = text.split('\n');
    const i = Math.floor(random() * lines.length);
    return lines.map((line, j) => (i === j ? pick(random, [' ', '  ', '\t']) + line : line)).join('\n');
  },
  empty: () => '',
  'only a comment': () => '# nothing\n',
  'with a byte order mark': (text) => `\ufeff${text}`,
  'Windows line ends': (text) => text.replaceAll('\n', '\r\n'),
  'UTF-16': (text) => Buffer.from(`\ufeff${text}`, 'utf16le'),
  'Latin-1': (text, random) =>
    Buffer.from(
      text.replace(/[aeiou]/g, (vowel) => (random() < 0.05 ? 'é' : vowel)),
      'latin1',
    ),
  'twice itself': (text) => text + text,
  'random bytes': (_text, random) => Buffer.from(Array.from({ length: 40 }, () => Math.floor(random() * 256))),
};

const contractsOf = (files: Files): string[] => Object.keys(files).filter((name) => name.endsWith('.odcs.yaml'));

function changeContract(files: Files, random: Random, change: (contract: Record<string, unknown>) => void): Files {
  const file = pick(random, contractsOf(files));
  if (file === undefined) return files;
  try {
    const contract = parse(String(files[file]), { logLevel: 'error' }) as Record<string, unknown>;
    change(contract);
    return { ...files, [file]: stringify(contract) };
  } catch {
    // It is no contract any more.
    return files;
  }
}

/** Changes of several files together, or of which files there are. */
const whole: Readonly<Record<string, (files: Files, random: Random) => Files>> = {
  'models that read each other': (files) => ({
    ...files,
    'models/stg_a.sql': 'select * from stg_b\n',
    'models/stg_b.sql': 'select * from stg_a\n',
  }),
  'a model that reads itself': (files) => ({ ...files, 'models/stg_flights.sql': 'select * from stg_flights\n' }),
  'a model that reads its own table': (files) => ({
    ...files,
    'models/fct_flights.sql': 'select * from gold.fct_flights\n',
  }),
  'a model that reads what is not there': (files, random) => ({
    ...files,
    'models/stg_flights.sql': `select * from ${pick(random, ['silver.nothing', 'nowhere.flights', 'bronze.flights', 'flights', 'ops.files', 'a.b.c', '"silver"."flights"', "'x.csv'", "read_csv('/etc/passwd')"])}\n`,
  }),
  'a model that is no SELECT': (files, random) => ({
    ...files,
    'models/fct_flights.sql': pick(random, [
      'drop table x',
      'select 1; select 2',
      'insert into silver.flights select 1',
      "attach 'x'",
      "copy (select 1) to '/tmp/x'",
      '',
      ';',
      'select',
      'values (1)',
      'select 1 as origin, 2 as km, 3 as km',
      'pragma version',
      'explain select 1',
      'with a as (select 1) select * from b',
      'set threads = 1',
    ]),
  }),
  'a file that is gone': (files, random) => {
    const gone = pick(random, Object.keys(files));
    return Object.fromEntries(Object.entries(files).filter(([name]) => name !== gone));
  },
  'a file of another name': (files, random) => {
    const from = pick(random, Object.keys(files));
    const to = from.replace(
      /[^/]*$/,
      pick(random, [
        'x.sql',
        'X Y.sql',
        'é.sql',
        'a.odcs.yaml',
        'platform.yaml',
        '.sql',
        'select.sql',
        'stg_flights.sql',
      ]),
    );
    return Object.fromEntries(Object.entries(files).map(([name, text]) => [name === from ? to : name, text]));
  },
  'a contract twice': (files, random) => ({
    ...files,
    'contracts/copy.odcs.yaml': files[pick(random, contractsOf(files))] ?? '',
  }),
  'a column that is not there': (files, random) =>
    changeContract(files, random, (contract) => {
      const [property, value] = pick(random, [
        ['sortBy', 'nothing'],
        ['watermark', 'nothing'],
        ['materialization', 'watermark'],
        ['materialization', 'partition'],
        ['history', 'scd2'],
        ['retention', '30 d'],
      ]);
      contract.customProperties = [
        ...((contract.customProperties as unknown[] | undefined) ?? []),
        { property, value },
      ];
      if (random() < 0.3)
        contract.slaProperties = [{ property: 'freshness', value: 1, unit: 'h', element: 'x.nothing' }];
    }),
  'a partition that does not fit its column': (files, random) =>
    changeContract(files, random, (contract) => {
      const properties = (contract.schema as { properties: Record<string, unknown>[] }[])[0]!.properties;
      const transform = pick(random, [
        'day',
        'hour',
        'bucket[4]',
        'bucket[0]',
        'truncate[3]',
        'year',
        'void',
        'nothing',
      ]);
      pick(random, properties).partitioned = true;
      pick(random, properties).customProperties = [{ property: 'partitionTransform', value: transform }];
    }),
  'one file’s text in another': (files, random) => ({
    ...files,
    [pick(random, Object.keys(files))]: pick(random, Object.values(files)),
  }),
};

/** A valid platform with one to three things wrong in it. Some are harmless, and it stays valid. */
export function mutate(valid: Files, random: Random): Mutant {
  let files = valid;
  const done: string[] = [];
  for (let left = 1 + Math.floor(random() ** 2 * 3); left > 0; left--) {
    const roll = random();
    if (roll < 0.15) {
      const [name, change] = pick(random, Object.entries(whole));
      files = change(files, random);
      done.push(name);
      continue;
    }
    const file = pick(random, Object.keys(files));
    const given = files[file];
    if (typeof given !== 'string') continue;
    if (roll < 0.65 && file.endsWith('.yaml')) {
      try {
        const [what, text] = changeStructure(given, random);
        files = { ...files, [file]: text };
        done.push(`${file}: ${what}`);
      } catch {
        // It is no YAML any more.
      }
    } else {
      const [name, change] = pick(random, Object.entries(textual));
      files = { ...files, [file]: change(given, random) };
      done.push(`${file}: ${name}`);
    }
  }
  return { files, what: done.join('; ') };
}
