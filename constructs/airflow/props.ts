import type { Removal } from '../core/nodes';

/** What may be said of an environment of Amazon MWAA, whichever engine makes it. */
export interface AirflowEnvironmentDeclaration {
  /** The platform's name: begins every resource's name. */
  readonly name: string;
  /**
   * Version of Airflow that MWAA offers. `ingot dag` writes for Airflow 3.
   * @default 3.0.6
   */
  readonly version?: string;
  /**
   * Class of the environment: `mw1.small`, `mw1.medium`, `mw1.large`, `mw1.xlarge`, `mw1.2xlarge`. It costs while it
   * stands, runs or none.
   * @default mw1.small
   */
  readonly size?: AirflowSize;
  /**
   * Workers: the least, and the most that MWAA adds under load, 1 to 25.
   * @default 1 to 5
   */
  readonly workers?: { readonly min?: number; readonly max?: number };
  /**
   * Schedulers, 2 to 5.
   * @default 2
   */
  readonly schedulers?: number;
  /**
   * Key of a requirements.txt in the bucket, for DAGs of your own. Those of Ingot need nothing but MWAA's own packages.
   * @default none
   */
  readonly requirements?: string;
  /**
   * Options of Airflow, by `section.option`. No secret may stand here: whoever may look at the environment sees them.
   * @default none
   */
  readonly options?: Readonly<Record<string, string>>;
  /**
   * Ranges of addresses from which people open Airflow's pages, for example that of a VPN: they are private.
   * @default none: only what has the environment's security group
   */
  readonly readers?: readonly string[];
  /**
   * When MWAA may replace machines, in UTC: `SUN:03:00`.
   * @default SUN:03:00
   */
  readonly maintenance?: string;
  /**
   * `regulated`: what NIST 800-53 r5, HIPAA and PCI DSS ask, as cdk-nag reads them: permissions as managed policies.
   * @default none of them
   */
  readonly compliance?: 'regulated';
  /**
   * What happens to bucket and key when they leave the stack. `delete` needs the context flag
   * `ingot:allow-data-deletion=true` as well.
   * @default retain
   */
  readonly removal?: Removal;
}

export const airflowSizes = ['mw1.small', 'mw1.medium', 'mw1.large', 'mw1.xlarge', 'mw1.2xlarge'] as const;
export type AirflowSize = (typeof airflowSizes)[number];
