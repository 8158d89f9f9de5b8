import type { PlatformDeclaration } from './schema';

/**
 * What `platform.yaml` says of its deployment, as props of the construct `Platform`, which knows the default of what is
 * left out. The run on this machine needs none of it. Plain frozen JSON.
 */
export interface Deployment {
  /** Addresses that failures and alarms are sent to. */
  readonly emails?: readonly string[];
  readonly architecture?: 'arm64' | 'x86_64';
  /** Memory of the functions that run SQL, in MB. */
  readonly memoryMb?: number;
  /** Whether schedules and alarms run at all. */
  readonly scheduled?: boolean;
  /** Nested stacks over which tables are spread. Terraform, whose stacks have no limit, has none. */
  readonly tableStacks?: number;
  /** What happens to data that leaves the stack; `delete` needs the context flag as well. */
  readonly removal?: 'retain' | 'delete';
}

export function deploymentOf({ deploy, notifications }: PlatformDeclaration): Deployment {
  const emails = notifications?.emails;
  return { ...(emails === undefined ? {} : { emails }), ...deploy };
}
