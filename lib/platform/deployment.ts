import type { DeployDeclaration, PlatformDeclaration } from './schema';

/**
 * What `platform.yaml` says of its deployment, as props of the construct `Platform`, which knows the default of what is
 * left out. The run on this machine needs none of it. Plain frozen JSON.
 */
export interface Deployment extends DeployDeclaration {
  /** Addresses that failures and alarms are sent to. */
  readonly emails?: readonly string[];
}

export function deploymentOf({ deploy, notifications }: PlatformDeclaration): Deployment {
  const emails = notifications?.emails;
  return { ...(emails === undefined ? {} : { emails }), ...deploy };
}
