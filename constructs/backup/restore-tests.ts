import { comparingHours } from '../../lib/backup/comparing';
import type { BackupManifest } from '../../lib/backup/declaration';
import type { HandlerSetting } from '../core/handler';
import { pascal } from '../core/names';
import type { Node, RestoreTestingPlanNode } from '../core/nodes';
import { ref, type Text, text } from '../core/text';
import type { LakeFacts } from '../lake/model';
import type { DatabaseFacts } from '../postgres/facts';
import { comparing } from './comparing';
import { restoreRoleId, vaultId } from './ids';

/**
 * Restores of the newest backups, one selection for each protected resource, and what has compared them when they are
 * there. AWS Backup removes what it restored when the function has answered, or after the hours below.
 */
export function restoreTests(
  name: string,
  { restoreTests: schedules }: BackupManifest,
  lake: LakeFacts,
  database: DatabaseFacts | undefined,
  setting: HandlerSetting,
): Node[] {
  const testName = (...parts: string[]) => [name, ...parts].join('_').replaceAll('-', '_').slice(0, 50);
  const plan = (what: 'database' | 'lake', schedule: string): RestoreTestingPlanNode => ({
    kind: 'restoreTestingPlan',
    id: `${pascal(what)}TestingPlan`,
    name: testName(what),
    schedule,
    startWindowHours: 8,
    vaultArns: [ref(vaultId, 'arn')],
    windowDays: 2,
  });
  const ofDatabase: Node[] =
    database === undefined
      ? []
      : [
          {
            kind: 'dbSubnetGroup',
            id: 'RestoreSubnets',
            description: `${name}: where backups of the database are restored for tests`,
            subnetIds: database.subnetIds,
          },
          plan('database', schedules.database),
          {
            kind: 'restoreTestingSelection',
            id: 'DatabaseTestingSelection',
            name: testName('database'),
            planName: ref('DatabaseTestingPlan', 'name'),
            resourceType: database.engine === 'aurora' ? 'Aurora' : 'RDS',
            resourceArns: [database.arn],
            roleArn: ref(restoreRoleId, 'arn'),
            overrides: {
              dbSubnetGroupName: ref('RestoreSubnets', 'name'),
              enableIamDatabaseAuthentication: 'true',
              vpcSecurityGroupIds: text`["${database.securityGroupId}"]`,
            },
            validationHours: comparingHours,
          },
        ];
  const ofLake: Node[] =
    schedules.lake === false
      ? []
      : [
          plan('lake', schedules.lake),
          ...lake.zones.map(
            (zone): Node => ({
              kind: 'restoreTestingSelection',
              id: `${pascal(zone.name)}TestingSelection`,
              name: testName(zone.name),
              planName: ref('LakeTestingPlan', 'name'),
              resourceType: 'S3',
              resourceArns: [zone.bucketArn],
              roleArn: ref(restoreRoleId, 'arn'),
              overrides: zone.keyArn === undefined ? {} : { encryptionType: 'SSE-KMS', kmsKey: zone.keyArn },
              validationHours: comparingHours,
            }),
          ),
        ];
  const planArns: Text[] = [
    ...(database === undefined ? [] : [ref('DatabaseTestingPlan', 'arn')]),
    ...(schedules.lake === false ? [] : [ref('LakeTestingPlan', 'arn')]),
  ];
  if (planArns.length === 0) return [];
  return [...ofDatabase, ...ofLake, ...comparing(name, planArns, setting)];
}
