import { parse, stringify } from 'lossless-json';

/** An integer of up to 64 bits: a bigint only where a JavaScript number would lose digits, so equal ids are `===`. */
export type Long = number | bigint;

/** Reads JSON without losing a digit of an integer: Iceberg's snapshot ids have 64 bits. Throws a SyntaxError. */
export function parseJson(text: string): unknown {
  return parse(text, undefined, (digits) => {
    const value = Number(digits);
    return /^-?\d+$/.test(digits) && !Number.isSafeInteger(value) ? BigInt(digits) : value;
  });
}

/** JSON of a value; a bigint becomes a JSON number. */
export function toJson(value: unknown, indent?: number): string {
  return stringify(value, undefined, indent) ?? 'null';
}
