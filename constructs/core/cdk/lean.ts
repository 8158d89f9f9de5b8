import { CfnDeletionPolicy, type CfnResource, Stack, type TreeInspector } from 'aws-cdk-lib';
import { Lean, Settled, type Walk } from '../lean';
import type { Shape } from './shape';

/** What the CDK asks of a resource when it writes it. */
interface Written {
  _toCloudFormation(): { readonly Resources?: object };
  _synthesizeLogicalId?(): string;
  shouldSynthesize(): boolean;
  readonly cfnProperties: object;
  readonly rawOverrides: object;
  readonly dependsOn?: ReadonlySet<unknown>;
  inspect?(inspector: TreeInspector): void;
}

/**
 * The same resource, written at a fraction of the cost: for what comes with every table. It is what it was to whoever looks
 * at it or changes it, aspects and rules included; what it says is taken when it is written.
 *
 * @param shape how its properties are written; what it does not know, the CDK itself writes, and all without it
 */
export function lean<R extends CfnResource>(resource: R, shape?: Shape): R {
  const own = resource as unknown as Written;
  const [write, inspect] = [own._toCloudFormation, own.inspect];
  const stack = Stack.of(resource);
  // It would be asked for as a token, of which each resource has one.
  const id = () => own._synthesizeLogicalId?.() ?? resource.logicalId;
  const whole = new Lean({
    stack,
    refers: () => [own.cfnProperties, own.rawOverrides, resource.cfnOptions.metadata],
    quick: (walk) => {
      const definition = shape && definitionOf(resource, shape, walk);
      return definition && { [id()]: new Settled(definition) };
    },
    document: () => {
      const [definition] = Object.values(write.call(own).Resources ?? {});
      return definition === undefined ? {} : { [id()]: definition };
    },
    finish: settled,
  });
  own._toCloudFormation = () => ({ Resources: whole });
  if (inspect !== undefined)
    own.inspect = (inspector) => {
      inspect.call(own, inspector);
      const { attributes } = inspector;
      for (const name of Object.keys(attributes)) {
        const value: unknown = attributes[name];
        if (value === resource.logicalId) attributes[name] = id();
        else if (typeof value === 'object')
          attributes[name] = new Lean({ stack, refers: () => value, document: () => value, shares: true });
      }
    };
  return resource;
}

/** The whole of a resource, settled; undefined where anything is said of it that is not said of most. */
function definitionOf(resource: CfnResource, shape: Shape, walk: Walk): object | undefined {
  const own = resource as unknown as Written;
  // Both are looked for by name, since another version of the CDK may keep them elsewhere.
  const plain =
    'dependsOn' in own && (own.dependsOn?.size ?? 0) === 0 && 'rawOverrides' in own && isEmpty(own.rawOverrides);
  if (!plain || !own.shouldSynthesize()) return undefined;
  const { deletionPolicy, updateReplacePolicy, metadata, ...others } = resource.cfnOptions;
  // In a template with language extensions, a policy may be an expression.
  if (!isEmpty(others) || ![deletionPolicy, updateReplacePolicy].every(isPolicy)) return undefined;
  const Properties = shape(walk, own.cfnProperties);
  if (Properties === undefined) return undefined;
  const definition: Record<string, unknown> = { Type: resource.cfnResourceType, Properties };
  if (updateReplacePolicy !== undefined) definition.UpdateReplacePolicy = updateReplacePolicy;
  if (deletionPolicy !== undefined) definition.DeletionPolicy = deletionPolicy;
  const Metadata = metadata === undefined ? undefined : walk.settle(metadata);
  if (Metadata !== undefined && !isEmpty(Metadata as object)) definition.Metadata = Metadata;
  return definition;
}

const policies: readonly unknown[] = [undefined, ...Object.values(CfnDeletionPolicy)];
const isPolicy = (value: unknown): boolean => policies.includes(value);

const isEmpty = (value: object): boolean => {
  for (const _ in value) return false;
  return true;
};

/** The CDK resolves a template as a whole once more, when each of its resources is resolved. */
const settled = (resources: unknown): object =>
  Object.fromEntries(Object.entries(resources as object).map(([id, resource]) => [id, new Settled(resource)]));
