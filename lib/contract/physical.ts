import type { PrimitiveType, Type } from './dataset';

/**
 * Reads a physical type in the words of Iceberg, DuckDB, Glue, PostgreSQL and the like: `VARCHAR(18)`, `bigint`,
 * `decimal(10, 2)`, `array<string>`, `map<string, int>`, `INTEGER[]`, `struct<a: int>`. Undefined where it is none.
 */
export function physicalType(text: string): Type | undefined {
  const tokens = text.toLowerCase().match(/[a-z_][a-z0-9_]*|\d+|[<>(),:[\]]|\S/g) ?? [];
  const reader = new Reader(tokens);
  const type = reader.type();
  return reader.atEnd ? type : undefined;
}

/** The words that `physicalType` knows, without their arguments. */
export const physicalWords = (): string[] => [...words.keys(), 'decimal', 'array', 'map', 'struct'];

const words: ReadonlyMap<string, PrimitiveType> = new Map<string, PrimitiveType>(
  Object.entries({
    boolean: 'boolean',
    bool: 'boolean',
    int: 'int',
    integer: 'int',
    int4: 'int',
    int32: 'int',
    smallint: 'int',
    int2: 'int',
    int16: 'int',
    tinyint: 'int',
    short: 'int',
    byte: 'int',
    serial: 'int',
    mediumint: 'int',
    long: 'long',
    bigint: 'long',
    int8: 'long',
    int64: 'long',
    bigserial: 'long',
    float: 'float',
    real: 'float',
    float4: 'float',
    float32: 'float',
    double: 'double',
    'double precision': 'double',
    float8: 'double',
    float64: 'double',
    string: 'string',
    text: 'string',
    varchar: 'string',
    'character varying': 'string',
    char: 'string',
    character: 'string',
    bpchar: 'string',
    nchar: 'string',
    nvarchar: 'string',
    varchar2: 'string',
    nvarchar2: 'string',
    clob: 'string',
    json: 'string',
    jsonb: 'string',
    xml: 'string',
    uuid: 'uuid',
    uniqueidentifier: 'uuid',
    binary: 'binary',
    varbinary: 'binary',
    bytea: 'binary',
    bytes: 'binary',
    blob: 'binary',
    date: 'date',
    time: 'time',
    'time without time zone': 'time',
    timestamp: 'timestamp',
    datetime: 'timestamp',
    datetime2: 'timestamp',
    timestamp_ntz: 'timestamp',
    'timestamp without time zone': 'timestamp',
    timestamptz: 'timestamptz',
    timestamp_tz: 'timestamptz',
    timestamp_ltz: 'timestamptz',
    datetimeoffset: 'timestamptz',
    'timestamp with time zone': 'timestamptz',
  } as const),
);

const decimalWords = new Set(['decimal', 'numeric', 'number', 'dec']);

/**
 * What is wrong with the digits of a decimal anywhere in a physical type: tables can hold no such one, and whatever was taken
 * in its place would hold other numbers. Undefined where nothing is.
 */
export function decimalProblem(text: string): string | undefined {
  for (const [, word = '', digits = ''] of text.toLowerCase().matchAll(/\b([a-z]+)\s*\(([^()]*)\)/g)) {
    if (!decimalWords.has(word) || physicalType(`${word}(${digits})`) !== undefined) continue;
    return `must be ${word}(p, s) with p from 1 to 38 and s from 0 to p; given ${JSON.stringify(text)}`;
  }
  return undefined;
}

/** What a decimal without precision means: enough for BigQuery's NUMERIC and for money. */
const plainDecimal: PrimitiveType = 'decimal(38, 9)';

/** Recursive descent over the tokens of one type. */
class Reader {
  private at = 0;
  constructor(private readonly tokens: readonly string[]) {}

  get atEnd(): boolean {
    return this.at === this.tokens.length;
  }

  type(): Type | undefined {
    let type = this.single();
    while (type !== undefined && this.take('[')) {
      const isSized = /^\d/.test(this.tokens[this.at] ?? '');
      if (isSized) this.at++;
      if (!this.take(']')) return undefined;
      // `varchar[15]` is a text of 15 characters, `integer[15]` a list.
      if (!(isSized && type === 'string')) type = { kind: 'list', element: type };
    }
    return type;
  }

  private single(): Type | undefined {
    const word = this.next();
    if (word === undefined) return undefined;
    if (word === 'array' || word === 'list') return this.wrapped(() => this.element());
    if (word === 'map') return this.wrapped(() => this.entry());
    if (word === 'struct' || word === 'row') return this.wrapped(() => this.fields());
    if (decimalWords.has(word)) return decimal(this.numbers());
    if (!words.has(word)) return undefined;
    const lengths = this.numbers();
    let name = word;
    while (/^[a-z]/.test(this.tokens[this.at] ?? '') && !this.atEnd) name += ` ${this.next()}`;
    // `varchar(18)` holds no other values than `varchar`: its length is the source's affair.
    return lengths === undefined ? undefined : words.get(name);
  }

  private wrapped(inner: () => Type | undefined): Type | undefined {
    const close = this.take('<') ? '>' : this.take('(') ? ')' : undefined;
    const type = close === undefined ? undefined : inner();
    return type !== undefined && this.take(close!) ? type : undefined;
  }

  private element(): Type | undefined {
    const element = this.type();
    return element && { kind: 'list', element };
  }

  private entry(): Type | undefined {
    const key = this.type();
    const value = this.take(',') ? this.type() : undefined;
    return key && value && { kind: 'map', key, value };
  }

  private fields(): Type | undefined {
    const fields = [];
    do {
      const name = this.next();
      this.take(':');
      const type = this.type();
      if (name === undefined || type === undefined) return undefined;
      fields.push({ name, type, required: false });
    } while (this.take(','));
    return { kind: 'struct', fields };
  }

  /** `(10, 2)`; none gives []; undefined where the parentheses hold something else. */
  private numbers(): number[] | undefined {
    const numbers: number[] = [];
    if (!this.take('(')) return numbers;
    do {
      const token = this.next() ?? '';
      if (token === 'max') continue;
      if (!/^\d+$/.test(token)) return undefined;
      numbers.push(Number(token));
    } while (this.take(','));
    return this.take(')') ? numbers : undefined;
  }

  private next(): string | undefined {
    return this.tokens[this.at++];
  }

  private take(token: string): boolean {
    if (this.tokens[this.at] !== token) return false;
    this.at++;
    return true;
  }
}

function decimal(numbers: readonly number[] | undefined): PrimitiveType | undefined {
  if (numbers === undefined || numbers.length > 2) return undefined;
  const [precision, scale = 0] = numbers;
  if (precision === undefined) return plainDecimal;
  return precision >= 1 && precision <= 38 && scale <= precision ? `decimal(${precision}, ${scale})` : undefined;
}
