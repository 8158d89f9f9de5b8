/** Tests of one's own infrastructure, for either engine and without loading it. */
export { engineDifferences } from './differences';
export {
  type Edge,
  type Inventory,
  type InventoryResource,
  inventory,
  type Source,
  type UnknownItem,
} from './inventory';
export { withNested } from './nested';
export {
  absent,
  compare,
  type Difference,
  expectParity,
  type Finding,
  ParityError,
  type ParityOptions,
} from './parity';
export type { PolicyKind, Statement } from './policy';
export { inventorySnapshot, type SnapshotSerializer, snapshotSerializer } from './snapshot';
