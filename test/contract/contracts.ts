import { stringify } from 'yaml';
import type { Dataset, Rule, Type } from '../../lib/contract/dataset';
import type { DataContract, DataQuality, SchemaProperty } from '../../lib/contract/odcs';
import { type ContractCheck, checkContract, readContract } from '../../lib/contract/read';
import { describeProblem } from '../../lib/errors';

/** A valid contract of one silver table, `orders`, with these properties; more of it may be said. */
export function contract(
  properties: readonly SchemaProperty[] = [{ name: 'id', logicalType: 'integer' }],
  more: Partial<DataContract> & { readonly quality?: readonly DataQuality[] } = {},
): DataContract {
  const { quality, ...rest } = more;
  return {
    apiVersion: 'v3.1.0',
    kind: 'DataContract',
    id: 'orders',
    version: '1.0.0',
    status: 'active',
    customProperties: [{ property: 'zone', value: 'silver' }],
    schema: [{ name: 'orders', properties, ...(quality === undefined ? {} : { quality }) }],
    ...rest,
  };
}

/** What a YAML text, or a contract written as one, is read as. */
export function read(given: string | object): ContractCheck {
  return checkContract(readContract('c.yaml', typeof given === 'string' ? given : stringify(given)), [
    { name: 'bronze', holds: 'files' },
    { name: 'silver', holds: 'iceberg' },
    { name: 'gold', holds: 'iceberg' },
  ]);
}

/** The one table of a contract that must be valid. */
export function datasetOf(given: string | object): Dataset {
  const { datasets, problems } = read(given);
  expect(problems.map(describeProblem)).toEqual([]);
  return datasets[0]!;
}

export const typeOf = (property: Omit<SchemaProperty, 'name'>): Type =>
  datasetOf(contract([{ name: 'c', ...property }])).columns[0]!.type;

/** Rules that the contract's quality entries become; those that follow from its properties are left out. */
export function rulesOf(quality: readonly DataQuality[], at: 'column' | 'table' = 'column'): readonly Rule[] {
  const columns: SchemaProperty[] = [
    { name: 'c', logicalType: 'string', ...(at === 'column' ? { quality } : {}) },
    { name: 'd', logicalType: 'integer' },
  ];
  return datasetOf(contract(columns, at === 'table' ? { quality } : {})).rules;
}
