import type { StructField, Type } from '../../lib/contract/dataset';
import { decimalOf } from '../../lib/contract/types';
import type { SourceColumn } from './source';

/** A schema of Apache Avro, as its JSON. */
export type Avro = string | readonly Avro[] | { readonly [key: string]: Avro | number | boolean | null };

/**
 * The Avro schema of rows as they arrive, as text, for producers to check what they send. Columns that a contract does
 * not require are nullable and null by default, so that a new one is a compatible change and a new required one is not.
 *
 * @param name the record's name, for example `flights`
 * @param namespace for example `aviation.bronze`
 */
export function avroSchema(name: string, namespace: string, columns: readonly SourceColumn[]): string {
  const path = [...namespace.split('.'), name].map(avroName).join('.');
  return JSON.stringify(record(path, columns));
}

/** @param path full name of the record: those that it holds are in it as in a namespace, so that each name is unique */
function record(path: string, given: readonly StructField[]): Avro {
  const dot = path.lastIndexOf('.');
  return { type: 'record', name: path.slice(dot + 1), namespace: path.slice(0, dot), fields: fields(given, path) };
}

function fields(given: readonly StructField[], path: string): Avro[] {
  const names = unique(given.map(({ name }) => avroName(name)));
  return given.map(({ name, type, required, description }, i) => {
    const own = avroType(type, `${path}.${names[i]}`);
    return {
      name: names[i]!,
      type: required ? own : ['null', own],
      ...(required ? {} : { default: null }),
      ...(description === undefined ? {} : { doc: description }),
      // Avro ignores what it does not know; who maps rows finds the name in the file here.
      ...(names[i] === name ? {} : { sourceName: name }),
    };
  });
}

const nullable = (type: Avro): Avro => ['null', type];

function avroType(type: Type, path: string): Avro {
  if (typeof type === 'string') {
    const decimal = decimalOf(type);
    return decimal === undefined ? primitives[type]! : { type: 'bytes', logicalType: 'decimal', ...decimal };
  }
  switch (type.kind) {
    case 'struct':
      return record(path, type.fields);
    case 'list':
      return { type: 'array', items: nullable(avroType(type.element, `${path}.item`)) };
    case 'map':
      // Avro's maps have strings for keys. Others are lists of pairs, as Iceberg writes them.
      if (type.key === 'string') return { type: 'map', values: nullable(avroType(type.value, `${path}.value`)) };
      return {
        type: 'array',
        items: {
          type: 'record',
          name: 'entry',
          namespace: path,
          fields: [
            { name: 'key', type: avroType(type.key, `${path}.key`) },
            { name: 'value', type: nullable(avroType(type.value, `${path}.value`)), default: null },
          ],
        },
      };
  }
}

const logical = (type: string, logicalType: string): Avro => ({ type, logicalType });

const primitives: Readonly<Record<string, Avro>> = {
  boolean: 'boolean',
  int: 'int',
  long: 'long',
  float: 'float',
  double: 'double',
  date: logical('int', 'date'),
  time: logical('long', 'time-micros'),
  timestamp: logical('long', 'local-timestamp-micros'),
  timestamptz: logical('long', 'timestamp-micros'),
  string: 'string',
  uuid: logical('string', 'uuid'),
  binary: 'bytes',
};

/** Avro's names are letters, digits and underscores, no digit first. */
function avroName(name: string): string {
  const word = name.replaceAll(/[^A-Za-z0-9_]/g, '_');
  return /^[A-Za-z_]/.test(word) ? word : `_${word}`;
}

/** `a b` and `a-b` are both `a_b`: the second is told apart. */
function unique(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let own = name;
    for (let n = 2; taken.has(own); n++) own = `${name}_${n}`;
    taken.add(own);
    return own;
  });
}
