import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { App as TerraformApp, TerraformStack } from 'cdktf';
import { AwsProvider } from '../../constructs/core/terraform/aws';
import { type Difference, expectParity, inventorySnapshot } from '../../lib/testing';
import type { Context } from './engines';
import { expectKnown } from './engines';

/** One declaration, said to both engines. */
export interface Row {
  readonly title: string;
  readonly cdk: (stack: Stack) => unknown;
  readonly terraform: (stack: TerraformStack) => unknown;
  readonly differences: readonly Difference[];
  readonly context?: Context;
  /** Whether a snapshot holds all that it creates; a platform's is in parity.test.ts. */
  readonly isReviewed: boolean;
}

/** What the engines have written of a row. */
export interface Written {
  readonly template: Record<string, unknown>;
  readonly config: string;
}

/** Every row is the same in both engines, and what was reviewed; `more` are promises of these rows besides. */
export function describeRows(rows: readonly Row[], more: (written: () => Written) => void = () => {}): void {
  describe.each(rows)('$title', (row) => {
    let written: Written;
    beforeAll(() => {
      written = write(row);
    });

    test('both engines create the same, and nothing of it is unknown to the inventory', () => {
      const { template, config } = written;
      expectParity(template, config, { differences: row.differences });
      expectKnown(template, config);
    });

    if (row.isReviewed)
      test('what it creates is what was reviewed', () => {
        expect(inventorySnapshot(written.template)).toMatchSnapshot();
      });

    more(() => written);
  });
}

function write({ cdk, terraform, context = {} }: Row): Written {
  const stack = new Stack(new App({ context: { ...context } }), 'Stack');
  cdk(stack);
  const ofTerraform = new TerraformStack(new TerraformApp({ context: { ...context } }), 'Stack');
  new AwsProvider(ofTerraform, 'Aws', { region: 'eu-west-1' });
  terraform(ofTerraform);
  return { template: Template.fromStack(stack).toJSON(), config: JSON.stringify(ofTerraform.toTerraform()) };
}
