import { givenAllowed } from '../errors';
import type { Type } from './dataset';
import type { Path } from './document';
import type { SchemaProperty } from './odcs';
import { decimalOf } from './types';

/** Iceberg's transform of a partition column, `identity` where the contract says none, and where in the property it stands. */
export function transformOf(property: SchemaProperty): { readonly transform: string; readonly path: Path } {
  const at = property.customProperties?.findIndex((custom) => custom.property === 'partitionTransform') ?? -1;
  if (at < 0) return { transform: 'identity', path: ['partitioned'] };
  // `bucket(16)`, as SQL has it, is `bucket[16]` to Iceberg.
  const transform = String(property.customProperties![at]!.value)
    .replace(/\s/g, '')
    .replace(/\((\d+)\)$/, '[$1]')
    .toLowerCase();
  return { transform, path: ['customProperties', at, 'value'] };
}

/** What is wrong with a partition transform of a column of this type; undefined where nothing is. */
export function transformProblem(transform: string, type: Type): string | undefined {
  const [, kind = '', width] = /^([a-z]+)(?:\[(\d+)\])?$/.exec(transform) ?? [];
  const needsWidth = kind === 'bucket' || kind === 'truncate';
  const known = ['identity', 'year', 'month', 'day', 'hour', 'bucket', 'truncate'];
  if (!known.includes(kind) || needsWidth !== (width !== undefined) || width === '0')
    return `must be a partition transform; ${givenAllowed(transform, [...known.slice(0, 5), 'bucket[16]', 'truncate[4]'])}`;
  const isDate = type === 'date';
  const isTimestamp = type === 'timestamp' || type === 'timestamptz';
  const fits =
    kind === 'identity'
      ? typeof type === 'string'
      : kind === 'hour'
        ? isTimestamp
        : needsWidth
          ? takesWidth(kind, type)
          : isDate || isTimestamp;
  return fits
    ? undefined
    : `is ${kind}, which a column of type ${typeof type === 'string' ? type : type.kind} cannot be partitioned by`;
}

function takesWidth(kind: string, type: Type): boolean {
  if (decimalOf(type) !== undefined || ['int', 'long', 'string', 'binary'].includes(type as string)) return true;
  return kind === 'bucket' && ['date', 'time', 'timestamp', 'timestamptz', 'uuid'].includes(type as string);
}
