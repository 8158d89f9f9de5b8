import { TerraformStack } from './aws';

/**
 * A stack that is alone in its app, and that nobody but Ingot adds to. No other stack refers to it, and it to none: there
 * is nothing to prepare, which takes as long as to synthesise; and nobody overrides what is written.
 */
export class OnlyStack extends TerraformStack {
  override prepareStack(): void {
    this.ensureBackendExists();
  }
}
