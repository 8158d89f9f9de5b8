import type { Type } from '../contract/dataset';
import type { ColumnSpec } from './spec';

/** A column of one of Ingot's own tables. */
export const column = (name: string, type: Type, description: string, required = true): ColumnSpec => ({
  name,
  type,
  required,
  description,
});
