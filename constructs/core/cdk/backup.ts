import {
  CfnBackupPlan,
  CfnBackupSelection,
  CfnBackupVault,
  CfnReportPlan,
  CfnRestoreTestingPlan,
  CfnRestoreTestingSelection,
} from 'aws-cdk-lib/aws-backup';
import { ofItself, policyDocument } from '../policy';
import { applyRemoval } from './removal';
import type { Renderer } from './render';

export const renderBackupVault: Renderer<'backupVault'> = (scope, node) => {
  const { lock, notifications, policy } = node;
  const vault = new CfnBackupVault(scope, node.id, {
    backupVaultName: node.name,
    encryptionKeyArn: node.keyArn,
    accessPolicy: policy.length === 0 ? undefined : policyDocument(ofItself(policy, '*')),
    lockConfiguration:
      lock === undefined
        ? undefined
        : { minRetentionDays: lock.minDays, maxRetentionDays: lock.maxDays, changeableForDays: lock.coolingOffDays },
    notifications:
      notifications === undefined
        ? undefined
        : { snsTopicArn: notifications.topicArn, backupVaultEvents: [...notifications.events] },
  });
  applyRemoval(vault, node.removal);
  return { arn: vault.attrBackupVaultArn, name: vault.ref };
};

export const renderBackupPlan: Renderer<'backupPlan'> = (scope, node) => {
  const plan = new CfnBackupPlan(scope, node.id, {
    backupPlan: {
      backupPlanName: node.name,
      backupPlanRule: node.rules.map((rule) => ({
        ruleName: rule.name,
        targetBackupVault: rule.vaultName,
        scheduleExpression: rule.schedule,
        enableContinuousBackup: rule.continuous,
        startWindowMinutes: rule.startWindowMinutes,
        completionWindowMinutes: rule.completionWindowMinutes,
        lifecycle: { deleteAfterDays: rule.keepDays },
        copyActions: rule.copies.map(({ vaultArn, keepDays }) => ({
          destinationBackupVaultArn: vaultArn,
          lifecycle: { deleteAfterDays: keepDays },
        })),
      })),
    },
  });
  return { arn: plan.attrBackupPlanArn, id: plan.ref };
};

export const renderBackupSelection: Renderer<'backupSelection'> = (scope, node) => {
  const selection = new CfnBackupSelection(scope, node.id, {
    backupPlanId: node.planId,
    backupSelection: { selectionName: node.name, iamRoleArn: node.roleArn, resources: [...node.resources] },
  });
  return { id: selection.ref };
};

export const renderBackupReportPlan: Renderer<'backupReportPlan'> = (scope, node) => {
  const plan = new CfnReportPlan(scope, node.id, {
    reportPlanName: node.name,
    reportPlanDescription: node.description,
    reportSetting: { ReportTemplate: node.template },
    reportDeliveryChannel: { S3BucketName: node.bucketName, S3KeyPrefix: node.prefix, Formats: node.formats },
  });
  return { arn: plan.attrReportPlanArn };
};

export const renderRestoreTestingPlan: Renderer<'restoreTestingPlan'> = (scope, node) => {
  const plan = new CfnRestoreTestingPlan(scope, node.id, {
    restoreTestingPlanName: node.name,
    scheduleExpression: node.schedule,
    startWindowHours: node.startWindowHours,
    recoveryPointSelection: {
      algorithm: 'LATEST_WITHIN_WINDOW',
      includeVaults: [...node.vaultArns],
      recoveryPointTypes: ['SNAPSHOT'],
      selectionWindowDays: node.windowDays,
    },
  });
  return { arn: plan.attrRestoreTestingPlanArn, name: plan.ref };
};

export const renderRestoreTestingSelection: Renderer<'restoreTestingSelection'> = (scope, node) => {
  const selection = new CfnRestoreTestingSelection(scope, node.id, {
    restoreTestingPlanName: node.planName,
    restoreTestingSelectionName: node.name,
    protectedResourceType: node.resourceType,
    protectedResourceArns: [...node.resourceArns],
    iamRoleArn: node.roleArn,
    restoreMetadataOverrides: { ...node.overrides },
    validationWindowHours: node.validationHours,
  });
  return { id: selection.ref };
};
