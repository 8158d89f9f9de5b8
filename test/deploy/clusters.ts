import type { Stack } from 'aws-cdk-lib';
import type { TerraformStack } from 'cdktf';
import * as cdk from '../../constructs/cdk';
import * as terraform from '../../constructs/terraform';
import { manifest as small } from '../constructs/manifest';

const name = 'aviation';
const manifest = { ...small, engine: { tables: { 'silver.flights': 'spark' } } } as const;
const network = { name, cidr: '10.0.0.0/16', endpoints: ['elasticmapreduce', 'kms'] };
const existing = {
  vpcId: 'vpc-00000000000000001',
  subnetIds: ['subnet-00000000000000001', 'subnet-00000000000000002'],
};
const pipeline = { manifest, runtime: __filename, sparkPackage: __filename, startedBy: 'airflow' } as const;
const certificates = 's3://aviation-certificates/emr.zip';
const fleets = {
  certificates,
  name,
  task: {},
  authentication: { kerberos: { passwordSecret: 'aviation/kdc' } },
  bootstrap: [{ name: 'agent', script: __filename, arguments: ['--quiet'] }],
  idleMinutes: 90,
} as const;
const groups = {
  certificates,
  name: 'aviation-rules',
  network: existing,
  task: {},
  scaling: { rules: [{ name: 'out', metric: 'YARNMemoryAvailablePercentage', below: 15, addNodes: 2 }], max: 20 },
} as const;

const rulesOnCore = {
  certificates,
  name: 'aviation-core',
  network: existing,
  scaling: { rules: [{ name: 'in', metric: 'AppsPending', above: 3, addNodes: 1 }] },
} as const;

/** Clusters of EMR by fleets and by groups, a pipeline whose jobs are steps of one, and Airflow that runs it. */
export function clustersInCdk(stack: Stack): void {
  const lake = new cdk.Lake(stack, 'Lake', { name });
  const place = new cdk.Network(stack, 'Network', network);
  const spark = new cdk.EmrCluster(stack, 'Fleets', { ...fleets, lake, network: place });
  new cdk.EmrCluster(stack, 'Groups', { ...groups, lake });
  new cdk.EmrCluster(stack, 'RulesOnCore', { ...rulesOnCore, lake });
  const made = new cdk.Pipeline(stack, 'Pipeline', { ...pipeline, lake, spark });
  made.grantDags(new cdk.AirflowEnvironment(stack, 'Airflow', { name, lake, network: existing }).executionRole);
}

export function clustersInTerraform(stack: TerraformStack): void {
  const lake = new terraform.Lake(stack, 'Lake', { name });
  const place = new terraform.Network(stack, 'Network', network);
  const spark = new terraform.EmrCluster(stack, 'Fleets', { ...fleets, lake, network: place });
  new terraform.EmrCluster(stack, 'Groups', { ...groups, lake });
  new terraform.EmrCluster(stack, 'RulesOnCore', { ...rulesOnCore, lake });
  const made = new terraform.Pipeline(stack, 'Pipeline', { ...pipeline, lake, spark });
  made.grantDags(new terraform.AirflowEnvironment(stack, 'Airflow', { name, lake, network: existing }).executionRole);
}
