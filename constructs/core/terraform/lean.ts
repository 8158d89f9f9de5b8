import { Lean, Settled } from '../lean';
import { type TerraformResource, TerraformStack } from './aws';
import { OnlyStack } from './only-stack';

/**
 * The same resource, written at a third of the cost: for what comes with every table. It is what it was to whoever looks
 * at it or changes it, aspects included; what it says is taken when it is written.
 */
export function lean<R extends TerraformResource>(resource: R): R {
  const { toTerraform: write, toMetadata: describe } = resource;
  const stack = TerraformStack.of(resource);
  const document = () => write.call(resource);
  // A stack is resolved as a whole once more, after what overrides it is merged into it.
  const finish = stack instanceof OnlyStack ? settledResources : undefined;
  const whole = new Lean({ stack, refers: document, document, finish });
  resource.toTerraform = () => whole;
  // Most have nothing to tell of themselves, and each name of what they don't tell would be resolved.
  resource.toMetadata = () =>
    Object.fromEntries(Object.entries(describe.call(resource)).filter(([, value]) => value !== undefined));
  return resource;
}

/** `{ resource: { aws_x: { id: … } } }` with each resource settled. */
function settledResources(fragment: unknown): unknown {
  const { resource = {} } = fragment as { resource?: Readonly<Record<string, object>> };
  return { ...(fragment as object), resource: mapped(resource, (byId) => mapped(byId, (each) => new Settled(each))) };
}

const mapped = <T>(values: Readonly<Record<string, T>> | object, change: (value: T) => unknown): object =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value as T)]));
