import type { Type } from '../../contract/dataset';

/** PostgreSQL's numbers of its types. Others come as texts. */
const types: Readonly<Record<number, Type>> = {
  16: 'boolean',
  17: 'binary',
  20: 'long',
  21: 'int',
  23: 'int',
  700: 'float',
  701: 'double',
  1082: 'date',
  1083: 'time',
  1114: 'timestamp',
  1184: 'timestamptz',
  2950: 'uuid',
};

const lists: Readonly<Record<number, Type>> = {
  1000: 'boolean',
  1005: 'int',
  1007: 'int',
  1009: 'string',
  1015: 'string',
  1016: 'long',
  1022: 'double',
};

/**
 * What a type of PostgreSQL is in the lake. A number of any size and scale is a text, which loses nothing.
 *
 * @param modifier `atttypmod`: precision and scale of a numeric
 */
export function typeOfOid(oid: number, modifier: number): Type {
  if (oid === 1700 && modifier >= 4) {
    const [precision, scale] = [((modifier - 4) >> 16) & 0xffff, (modifier - 4) & 0x7ff];
    if (precision <= 38 && scale <= precision) return `decimal(${precision}, ${scale})`;
  }
  const element = lists[oid];
  return element === undefined ? (types[oid] ?? 'string') : { kind: 'list', element };
}
