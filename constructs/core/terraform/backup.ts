import { ofItself, policyDocument } from '../policy';
import {
  BackupPlan,
  BackupReportPlan,
  BackupRestoreTestingPlan,
  BackupRestoreTestingSelection,
  BackupSelection,
  BackupVault,
  BackupVaultLockConfiguration,
  BackupVaultNotifications,
  BackupVaultPolicy,
} from './aws';
import { permissionsOf } from './iam';
import { lifecycle } from './removal';
import type { Renderer } from './render';

export const renderBackupVault: Renderer<'backupVault'> = (scope, node) => {
  const { lock, notifications, policy } = node;
  const vault = new BackupVault(scope, node.id, {
    name: node.name,
    kmsKeyArn: node.keyArn,
    lifecycle: lifecycle(node.removal),
  });
  const { arn, name } = vault;
  if (policy.length > 0)
    new BackupVaultPolicy(scope, `${node.id}Policy`, {
      backupVaultName: name,
      policy: JSON.stringify(policyDocument(ofItself(policy, '*'))),
    });
  if (lock !== undefined)
    new BackupVaultLockConfiguration(scope, `${node.id}Lock`, {
      backupVaultName: name,
      minRetentionDays: lock.minDays,
      maxRetentionDays: lock.maxDays,
      changeableForDays: lock.coolingOffDays,
    });
  if (notifications !== undefined)
    new BackupVaultNotifications(scope, `${node.id}Notifications`, {
      backupVaultName: name,
      snsTopicArn: notifications.topicArn,
      backupVaultEvents: [...notifications.events],
    });
  return { arn, name };
};

export const renderBackupPlan: Renderer<'backupPlan'> = (scope, node) => {
  const plan = new BackupPlan(scope, node.id, {
    name: node.name,
    rule: node.rules.map((rule) => ({
      ruleName: rule.name,
      targetVaultName: rule.vaultName,
      schedule: rule.schedule,
      enableContinuousBackup: rule.continuous,
      startWindow: rule.startWindowMinutes,
      completionWindow: rule.completionWindowMinutes,
      lifecycle: { deleteAfter: rule.keepDays },
      copyAction: rule.copies.map(({ vaultArn, keepDays }) => ({
        destinationVaultArn: vaultArn,
        lifecycle: { deleteAfter: keepDays },
      })),
    })),
  });
  return { arn: plan.arn, id: plan.id };
};

export const renderBackupSelection: Renderer<'backupSelection'> = (scope, node) => {
  const selection = new BackupSelection(scope, node.id, {
    name: node.name,
    planId: node.planId,
    iamRoleArn: node.roleArn,
    resources: [...node.resources],
    dependsOn: permissionsOf(scope, node.roleArn),
  });
  return { id: selection.id };
};

export const renderBackupReportPlan: Renderer<'backupReportPlan'> = (scope, node) => {
  const plan = new BackupReportPlan(scope, node.id, {
    name: node.name,
    description: node.description,
    reportSetting: { reportTemplate: node.template },
    reportDeliveryChannel: { s3BucketName: node.bucketName, s3KeyPrefix: node.prefix, formats: [...node.formats] },
  });
  return { arn: plan.arn };
};

export const renderRestoreTestingPlan: Renderer<'restoreTestingPlan'> = (scope, node) => {
  const plan = new BackupRestoreTestingPlan(scope, node.id, {
    name: node.name,
    scheduleExpression: node.schedule,
    startWindowHours: node.startWindowHours,
    recoveryPointSelection: [
      {
        algorithm: 'LATEST_WITHIN_WINDOW',
        includeVaults: [...node.vaultArns],
        recoveryPointTypes: ['SNAPSHOT'],
        selectionWindowDays: node.windowDays,
      },
    ],
  });
  return { arn: plan.arn, name: plan.name };
};

export const renderRestoreTestingSelection: Renderer<'restoreTestingSelection'> = (scope, node) => {
  const selection = new BackupRestoreTestingSelection(scope, node.id, {
    name: node.name,
    restoreTestingPlanName: node.planName,
    protectedResourceType: node.resourceType,
    protectedResourceArns: [...node.resourceArns],
    iamRoleArn: node.roleArn,
    restoreMetadataOverrides: node.overrides,
    validationWindowHours: node.validationHours,
    dependsOn: permissionsOf(scope, node.roleArn),
  });
  return { id: selection.name };
};
