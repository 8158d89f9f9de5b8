import { engineDifferences, expectParity } from '../../lib/testing';
import { cloudFormation, terraform } from './stacks';

test('one declaration written in both engines is equal but for the listed differences', () => {
  expectParity(cloudFormation(), terraform(), { differences: [engineDifferences.retain] });
});
