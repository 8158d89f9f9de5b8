import { isList, isObject, type Json, type JsonObject } from './json';

interface Body extends JsonObject {
  readonly Resources: Readonly<Record<string, JsonObject>>;
}

/**
 * A CloudFormation template with what its nested stacks create in their place, as if all were one stack: what
 * `inventory` and `expectParity` then read.
 *
 * @param nested their templates, by the logical id of the nested stack in `template`
 * @throws Error where the template has a nested stack that is not among them
 */
export function withNested(template: object, nested: Readonly<Record<string, object>>): object {
  const { Resources, ...rest } = template as Body;
  const all: Record<string, Json> = {};
  for (const [id, resource] of Object.entries(Resources)) {
    if (resource.Type !== 'AWS::CloudFormation::Stack') all[id] = resource;
    else if (nested[id] !== undefined) Object.assign(all, unpacked(id, resource, nested[id] as Body));
    else throw new Error(`withNested: ${id} is a nested stack whose template is not given`);
  }
  return { ...rest, Resources: all };
}

/** A nested stack's resources, under ids and with references that hold in the stack around it. */
function unpacked(id: string, stack: JsonObject, inner: Body): Record<string, Json> {
  // CDK's id of a nested stack is that of the construct around it, then the stack's own name twice.
  const around = /^(.*?)(\w+)NestedStack\2NestedStackResource[0-9A-F]{8}$/.exec(id)?.[1] ?? id;
  const names = new Map(Object.keys(inner.Resources).map((name) => [name, `${around}${name}`]));
  const parameters = isObject(stack.Properties) ? stack.Properties.Parameters : undefined;
  const given = isObject(parameters) ? parameters : {};
  // The resource of `Stack/Catalog/Tables1` is `Stack/Catalog/Tables1.NestedStack/…`.
  const construct = pathOf(stack)?.split('.NestedStack')[0];
  const parent = construct?.slice(0, construct.lastIndexOf('/'));
  return Object.fromEntries(
    Object.entries(inner.Resources).map(([name, body]) => {
      const placed = inPlace(body, names, given) as JsonObject;
      const path = pathOf(body)?.replace(`${construct}/`, `${parent}/`);
      return [names.get(name), path === undefined ? placed : { ...placed, Metadata: { 'aws:cdk:path': path } }];
    }),
  );
}

function pathOf({ Metadata }: JsonObject): string | undefined {
  const path = isObject(Metadata) ? Metadata['aws:cdk:path'] : undefined;
  return typeof path === 'string' ? path : undefined;
}

/** References to parameters as the values given for them, and those to the nested stack's resources by their new ids. */
function inPlace(value: Json, names: ReadonlyMap<string, string>, parameters: JsonObject): Json {
  const renamed = (id: Json) => (typeof id === 'string' ? (names.get(id) ?? id) : id);
  if (isList(value)) return value.map((item) => inPlace(item, names, parameters));
  if (!isObject(value)) return value;
  return Object.entries(value).reduce<Json>((before, [key, held]) => {
    if (key === 'Ref' && typeof held === 'string' && parameters[held] !== undefined) return parameters[held];
    const now =
      key === 'Ref'
        ? renamed(held)
        : key === 'Fn::GetAtt' && isList(held)
          ? [renamed(held[0]!), ...held.slice(1)]
          : key === 'DependsOn'
            ? isList(held)
              ? held.map(renamed)
              : renamed(held)
            : inPlace(held, names, parameters);
    return { ...(before as JsonObject), [key]: now };
  }, {});
}
