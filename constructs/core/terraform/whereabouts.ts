import type { IConstruct } from 'constructs';
import type { Attributes } from '../render';
import { DataAwsCallerIdentity, DataAwsPartition, DataAwsRegion, TerraformStack } from './aws';

const known = new WeakMap<TerraformStack, Attributes>();

/**
 * Partition, region and account of the stack's provider: one data source each in a stack, whoever asks. Their tokens are
 * made once, since each that cdktf makes costs a stack trace.
 */
export function whereabouts(scope: IConstruct): Attributes {
  const stack = TerraformStack.of(scope);
  const before = known.get(stack);
  if (before !== undefined) return before;
  const { partition, dnsSuffix } = new DataAwsPartition(stack, 'AwsPartition');
  const { region } = new DataAwsRegion(stack, 'AwsRegion');
  const { accountId } = new DataAwsCallerIdentity(stack, 'AwsCallerIdentity');
  const attributes = { partition, urlSuffix: dnsSuffix, region, account: accountId };
  known.set(stack, attributes);
  return attributes;
}
