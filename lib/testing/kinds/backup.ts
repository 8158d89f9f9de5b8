import { field, flag, names, number, object, ordered, type Service, same, set, tags, texts } from '../kind';
import { policy } from '../policy';

const lifecycle = object({
  deleteAfterDays: field('DeleteAfterDays', 'delete_after', number),
  coldStorageAfterDays: field('MoveToColdStorageAfterDays', 'cold_storage_after', number),
});

export const backup: Service = {
  kinds: [
    {
      kind: 'backup.vault',
      cloudformation: 'AWS::Backup::BackupVault',
      terraform: 'aws_backup_vault',
      attributes: { name: names(['Ref', 'BackupVaultName'], ['id', 'name']), arn: names('BackupVaultArn', 'arn') },
      properties: {
        name: field('BackupVaultName', 'name'),
        key: field('EncryptionKeyArn', 'kms_key_arn'),
        policy: field('AccessPolicy', undefined, policy('resource')),
        minRetentionDays: field('LockConfiguration.MinRetentionDays', undefined, number),
        maxRetentionDays: field('LockConfiguration.MaxRetentionDays', undefined, number),
        coolingOffDays: field('LockConfiguration.ChangeableForDays', undefined, number),
        topic: field('Notifications.SNSTopicArn', undefined),
        events: field('Notifications.BackupVaultEvents', undefined, set()),
        tags: field('BackupVaultTags', 'tags', tags),
      },
    },
    {
      kind: 'backup.plan',
      cloudformation: 'AWS::Backup::BackupPlan',
      terraform: 'aws_backup_plan',
      attributes: { id: names('Ref', 'id'), arn: names('BackupPlanArn', 'arn') },
      properties: {
        name: field('BackupPlan.BackupPlanName', 'name'),
        rules: field(
          'BackupPlan.BackupPlanRule',
          'rule',
          ordered(
            object({
              name: field('RuleName', 'rule_name'),
              vault: field('TargetBackupVault', 'target_vault_name'),
              schedule: field('ScheduleExpression', 'schedule'),
              timeZone: field('ScheduleExpressionTimezone', 'schedule_expression_timezone'),
              continuous: field('EnableContinuousBackup', 'enable_continuous_backup', flag, false),
              startWindowMinutes: field('StartWindowMinutes', 'start_window', number),
              completionWindowMinutes: field('CompletionWindowMinutes', 'completion_window', number),
              lifecycle: same(lifecycle),
              copies: field(
                'CopyActions',
                'copy_action',
                ordered(
                  object({
                    vault: field('DestinationBackupVaultArn', 'destination_vault_arn'),
                    lifecycle: same(lifecycle),
                  }),
                ),
              ),
            }),
          ),
        ),
        tags: field('BackupPlanTags', 'tags', tags),
      },
    },
    {
      kind: 'backup.selection',
      cloudformation: 'AWS::Backup::BackupSelection',
      terraform: 'aws_backup_selection',
      attributes: { id: names(['Ref', 'Id'], 'id') },
      properties: {
        name: field('BackupSelection.SelectionName', 'name'),
        plan: field('BackupPlanId', 'plan_id'),
        role: field('BackupSelection.IamRoleArn', 'iam_role_arn'),
        resources: field('BackupSelection.Resources', 'resources', set()),
      },
    },
    {
      kind: 'backup.reportPlan',
      cloudformation: 'AWS::Backup::ReportPlan',
      terraform: 'aws_backup_report_plan',
      attributes: { arn: names(['Ref', 'ReportPlanArn'], ['id', 'arn']) },
      properties: {
        name: field('ReportPlanName', 'name'),
        description: field('ReportPlanDescription', 'description'),
        template: field('ReportSetting.ReportTemplate', 'report_setting.report_template'),
        bucket: field('ReportDeliveryChannel.S3BucketName', 'report_delivery_channel.s3_bucket_name'),
        prefix: field('ReportDeliveryChannel.S3KeyPrefix', 'report_delivery_channel.s3_key_prefix'),
        formats: field('ReportDeliveryChannel.Formats', 'report_delivery_channel.formats', set()),
        tags: field('ReportPlanTags', 'tags', tags),
      },
    },
    {
      kind: 'backup.restoreTestingPlan',
      cloudformation: 'AWS::Backup::RestoreTestingPlan',
      terraform: 'aws_backup_restore_testing_plan',
      attributes: {
        name: names('Ref', 'name'),
        arn: names('RestoreTestingPlanArn', 'arn'),
      },
      properties: {
        name: field('RestoreTestingPlanName', 'name'),
        schedule: field('ScheduleExpression', 'schedule_expression'),
        timeZone: field('ScheduleExpressionTimezone', 'schedule_expression_timezone'),
        startWindowHours: field('StartWindowHours', 'start_window_hours', number),
        recoveryPoints: field(
          'RecoveryPointSelection',
          'recovery_point_selection',
          object({
            algorithm: same(),
            vaults: field('IncludeVaults', 'include_vaults', set()),
            excluded: field('ExcludeVaults', 'exclude_vaults', set()),
            types: field('RecoveryPointTypes', 'recovery_point_types', set()),
            windowDays: field('SelectionWindowDays', 'selection_window_days', number),
          }),
        ),
        tags: same(tags),
      },
    },
    {
      kind: 'backup.restoreTestingSelection',
      cloudformation: 'AWS::Backup::RestoreTestingSelection',
      terraform: 'aws_backup_restore_testing_selection',
      attributes: { name: names(undefined, 'name') },
      properties: {
        name: field('RestoreTestingSelectionName', 'name'),
        plan: field('RestoreTestingPlanName', 'restore_testing_plan_name'),
        resourceType: field('ProtectedResourceType', 'protected_resource_type'),
        resources: field('ProtectedResourceArns', 'protected_resource_arns', set()),
        role: field('IamRoleArn', 'iam_role_arn'),
        overrides: field('RestoreMetadataOverrides', 'restore_metadata_overrides', texts),
        validationHours: field('ValidationWindowHours', 'validation_window_hours', number),
      },
    },
  ],
  satellites: [
    {
      of: 'backup.vault',
      terraform: 'aws_backup_vault_policy',
      owner: names([], 'backup_vault_name'),
      properties: { policy: field(undefined, 'policy', policy('resource')) },
    },
    {
      of: 'backup.vault',
      terraform: 'aws_backup_vault_lock_configuration',
      owner: names([], 'backup_vault_name'),
      properties: {
        minRetentionDays: field(undefined, 'min_retention_days', number),
        maxRetentionDays: field(undefined, 'max_retention_days', number),
        coolingOffDays: field(undefined, 'changeable_for_days', number),
      },
    },
    {
      of: 'backup.vault',
      terraform: 'aws_backup_vault_notifications',
      owner: names([], 'backup_vault_name'),
      properties: {
        topic: field(undefined, 'sns_topic_arn'),
        events: field(undefined, 'backup_vault_events', set()),
      },
    },
  ],
};
