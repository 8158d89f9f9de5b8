import type { Text } from '../text';
import type { NodeBase } from './common';

/** Athena workgroup whose settings bind every client. Attributes: `name`. */
export interface WorkgroupNode extends NodeBase {
  readonly kind: 'workgroup';
  readonly name: string;
  readonly description: string;
  readonly outputLocation: Text;
  readonly keyArn: Text;
  readonly scanLimitBytes: number;
}
