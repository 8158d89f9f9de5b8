/** `ingot`: contracts and the declaration of a platform. Imports no engine and no AWS. */
export type * from './contract/dataset';
export type { Change, ContractDiff } from './contract/diff';
export { diffContracts } from './contract/diff';
export type * from './contract/odcs';
export { defineContract } from './contract/odcs';
export {
  type ContractCheck,
  checkContract,
  datasetsOf,
  fromCode,
  type ReadContract,
  readContract,
} from './contract/read';
export { describeProblem, InvalidInputError, type Problem } from './errors';
export type { UseDeclaration } from './migrations/declaration';
export { loadMigrations } from './migrations/load';
export type { Migration, Migrations } from './migrations/migration';
export { platformMigrations } from './migrations/platform';
export type { PlatformCheck } from './platform/check';
export type { Deployment } from './platform/deployment';
export { checkPlatform, definePlatform, type LoadedPlatform, loadPlatform } from './platform/load';
export type * from './platform/manifest';
export { type PlatformDeclaration, platformJsonSchema } from './platform/schema';
export type { ZoneDeclaration } from './platform/zones';
export type { SearchEvent } from './vector/ask';
export type { SearchHit, SearchMode, SearchPage } from './vector/search';
