import type { DumpDeclaration } from '../../lib/backup/declaration';
import { authoritiesKey } from '../../lib/backup/places';
import { dumpRole } from '../../lib/backup/roles';
import { dumpScript, uploadScript } from '../../lib/backup/task-scripts';
import type { HandlerSetting } from '../core/handler';
import { machineNodes } from '../core/machine';
import type { Node } from '../core/nodes';
import { useOperationsKey } from '../core/operations-key';
import { inThisAccount } from '../core/policy';
import { scheduleNodes } from '../core/schedules';
import { aws, ref, type Text, text } from '../core/text';
import { deadLettersId } from '../pipeline/ids';
import { connectStatements, type DatabaseFacts } from '../postgres/facts';
import { bucketId, dumpMachineId } from './ids';

/** The dump on schedule: a Fargate task, the state machine that runs it, and its schedule. */
export function dumpNodes(database: DatabaseFacts, dump: Required<DumpDeclaration>, setting: HandlerSetting): Node[] {
  const name = `${database.name}-dump`;
  const task = text`arn:${aws.partition}:ecs:${aws.region}:${aws.account}:task-definition/${name}`;
  return [
    {
      kind: 'logGroup',
      id: 'DumpTaskLogGroup',
      name: `/aws/ecs/${name}`,
      retentionDays: setting.logRetentionDays,
      keyArn: setting.keyArn,
      removal: setting.removal,
    },
    { kind: 'ecsCluster', id: 'DumpCluster', name },
    {
      kind: 'role',
      id: 'DumpExecutionRole',
      description: `${name}: starts the task's containers`,
      assumedBy: { service: 'ecs-tasks.amazonaws.com' },
      assumeConditions: inThisAccount,
      statements: [
        {
          sid: 'WriteLogs',
          effect: 'Allow',
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          resources: [ref('DumpTaskLogGroup', 'arn')],
        },
        {
          sid: 'LogInToEcr',
          because: 'A token for ECR knows no repository.',
          effect: 'Allow',
          actions: ['ecr:GetAuthorizationToken'],
          resources: ['*'],
        },
        {
          sid: 'PullImages',
          because: 'Images may be a mirror of the public ones, whatever it is called.',
          effect: 'Allow',
          actions: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
          resources: [text`arn:${aws.partition}:ecr:${aws.region}:${aws.account}:repository/*`],
        },
      ],
    },
    {
      kind: 'role',
      id: 'DumpTaskRole',
      description: `${name}: reads the database and writes its dump`,
      assumedBy: { service: 'ecs-tasks.amazonaws.com' },
      assumeConditions: inThisAccount,
      statements: [
        ...connectStatements(database, dumpRole),
        {
          sid: 'WriteDumps',
          because: 'Each dump has a folder of its own under this prefix.',
          effect: 'Allow',
          actions: ['s3:AbortMultipartUpload', 's3:PutObject'],
          resources: [text`${ref(bucketId, 'arn')}/dumps/*`],
        },
        {
          sid: 'ReadAuthorities',
          effect: 'Allow',
          actions: ['s3:GetObject'],
          resources: [text`${ref(bucketId, 'arn')}/${authoritiesKey}`],
        },
        useOperationsKey,
      ],
    },
    {
      kind: 'taskDefinition',
      id: 'DumpTask',
      family: name,
      architecture: setting.architecture,
      cpu: 1024,
      memoryMb: 2048,
      executionRoleArn: ref('DumpExecutionRole', 'arn'),
      taskRoleArn: ref('DumpTaskRole', 'arn'),
      sharedFolder: '/dump',
      logGroupName: ref('DumpTaskLogGroup', 'name'),
      containers: [
        {
          name: 'dump',
          image: dump.image,
          entryPoint: ['bash', '-c'],
          command: [dumpScript],
          essential: false,
        },
        {
          name: 'upload',
          image: dump.uploadImage,
          entryPoint: ['bash', '-c'],
          command: [uploadScript],
          essential: true,
        },
      ],
    },
    ...machineNodes(
      {
        id: dumpMachineId,
        roleId: 'DumpRole',
        logGroupId: 'DumpLogGroup',
        name,
        description: `${name}: runs the dump task`,
        definition: {
          Comment: `Dumps the database of ${database.name}`,
          StartAt: 'Dump',
          TimeoutSeconds: 86_400,
          States: { Dump: runTask(database) },
        },
        statements: [
          {
            sid: 'RunTask',
            because: 'Revisions of the task come with deployments.',
            effect: 'Allow',
            actions: ['ecs:RunTask'],
            resources: [text`${task}:*`],
          },
          {
            sid: 'FollowTask',
            because: 'ECS names its tasks itself; the cluster is named.',
            effect: 'Allow',
            actions: ['ecs:DescribeTasks', 'ecs:StopTask'],
            resources: [text`arn:${aws.partition}:ecs:${aws.region}:${aws.account}:task/${name}/*`],
          },
          {
            sid: 'GiveTaskItsRoles',
            effect: 'Allow',
            actions: ['iam:PassRole'],
            resources: [ref('DumpExecutionRole', 'arn'), ref('DumpTaskRole', 'arn')],
            conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
          },
          {
            sid: 'HearOfItsEnd',
            effect: 'Allow',
            actions: ['events:DescribeRule', 'events:PutRule', 'events:PutTargets'],
            resources: [
              text`arn:${aws.partition}:events:${aws.region}:${aws.account}:rule/StepFunctionsGetEventsForECSTaskRule`,
            ],
          },
        ],
      },
      setting,
    ),
    ...scheduleNodes(
      {
        id: 'DumpScheduleRole',
        description: `${name}: starts the dump on schedule`,
        statements: [
          {
            sid: 'StartDump',
            effect: 'Allow',
            actions: ['states:StartExecution'],
            resources: [ref(dumpMachineId, 'arn')],
          },
        ],
        deadLetterArn: ref(deadLettersId, 'arn'),
      },
      [
        {
          id: 'DumpSchedule',
          name,
          description: `Dumps the database of ${database.name}`,
          expression: dump.schedule,
          targetArn: ref(dumpMachineId, 'arn'),
        },
      ],
    ),
  ];
}

/** Runs the task and waits for its end. What the containers must know goes by overrides: the name of the dump is the execution's. */
function runTask(database: DatabaseFacts): object {
  const variables: readonly (readonly [string, Text])[] = [
    ['PGHOST', database.host],
    ['PGPORT', String(database.port)],
    ['PGDATABASE', database.database],
    ['PGUSER', dumpRole],
    ['INGOT_REGION', aws.region],
    ['INGOT_AUTHORITIES', text`s3://${ref(bucketId, 'name')}/${authoritiesKey}`],
    ['INGOT_DUMPS', text`s3://${ref(bucketId, 'name')}/dumps`],
  ];
  const environment = [
    ...variables.map(([Name, Value]) => ({ Name, Value })),
    { Name: 'INGOT_DUMP', 'Value.$': '$$.Execution.Name' },
  ];
  return {
    Type: 'Task',
    Resource: text`arn:${aws.partition}:states:::ecs:runTask.sync`,
    Parameters: {
      LaunchType: 'FARGATE',
      Cluster: ref('DumpCluster', 'arn'),
      TaskDefinition: ref('DumpTask', 'arn'),
      NetworkConfiguration: {
        AwsvpcConfiguration: {
          Subnets: database.subnetIds,
          SecurityGroups: [database.clientSecurityGroupId],
          AssignPublicIp: 'DISABLED',
        },
      },
      Overrides: { ContainerOverrides: ['dump', 'upload'].map((Name) => ({ Name, Environment: environment })) },
    },
    End: true,
  };
}
