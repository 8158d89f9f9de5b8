import { isList, isObject, type Json } from '../json';
import { field, flag, json, names, number, object, ordered, type Service, type Shape, same, set, tags } from '../kind';

/** Terraform writes containers as JSON in the API's own case, CloudFormation in its own. */
const containers: Shape = (value, reading, path) => {
  const given = reading.side === 'terraform' ? json(value, reading, path) : value;
  return lowered(given as Json);
};

const lowered = (value: Json): Json => {
  if (isList(value)) return value.map(lowered);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, held]) => [key.charAt(0).toLowerCase() + key.slice(1), lowered(held)]),
  );
};

export const ecs: Service = {
  kinds: [
    {
      kind: 'ecs.cluster',
      cloudformation: 'AWS::ECS::Cluster',
      terraform: 'aws_ecs_cluster',
      attributes: { name: names('Ref', 'name'), arn: names('Arn', ['id', 'arn']) },
      properties: {
        name: field('ClusterName', 'name'),
        settings: field('ClusterSettings', 'setting', set(object({ name: same(), value: same() }))),
        tags: same(tags),
      },
    },
    {
      kind: 'ecs.taskDefinition',
      cloudformation: 'AWS::ECS::TaskDefinition',
      terraform: 'aws_ecs_task_definition',
      attributes: { arn: names(['Ref', 'TaskDefinitionArn'], ['arn', 'id']) },
      properties: {
        family: same(),
        compatibilities: field('RequiresCompatibilities', 'requires_compatibilities', set()),
        networkMode: same(),
        architecture: field('RuntimePlatform.CpuArchitecture', 'runtime_platform.cpu_architecture'),
        system: field('RuntimePlatform.OperatingSystemFamily', 'runtime_platform.operating_system_family'),
        cpu: same(number),
        memory: same(number),
        executionRole: field('ExecutionRoleArn', 'execution_role_arn'),
        taskRole: field('TaskRoleArn', 'task_role_arn'),
        volumes: field('Volumes', 'volume', ordered(object({ name: same() }))),
        containers: field('ContainerDefinitions', 'container_definitions', containers),
        skipDestroy: field(undefined, 'skip_destroy', flag, false),
        tags: same(tags),
      },
    },
  ],
};
