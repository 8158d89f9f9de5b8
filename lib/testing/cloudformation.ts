import { neutralId, neutralIds } from './identity';
import { asList, at, isList, isObject, type Json, type JsonObject } from './json';
import { part, type RawResource, symbol, type Target, type Template } from './template';

const pseudo: Readonly<Record<string, string>> = {
  'AWS::Partition': '{aws.partition}',
  'AWS::Region': '{aws.region}',
  'AWS::AccountId': '{aws.account}',
  'AWS::URLSuffix': '{aws.urlSuffix}',
  'AWS::StackName': '{aws.stackName}',
  'AWS::StackId': '{aws.stackId}',
};

/** What CDK itself adds to a template, no part of what a user declared. */
const ownParameters = ['BootstrapVersion'];
const ownTypes = ['AWS::CDK::Metadata'];

/** Reads a CloudFormation template. */
export function readCloudFormation(template: JsonObject): Template {
  const declared = objects(template.Resources).filter(([, body]) => !ownTypes.includes(String(body.Type)));
  const ids = neutralIds(
    declared.map(([logicalId, body]) => ({ type: String(body.Type), logicalId, path: pathOf(body) })),
  );
  const targets = new Map<string, Target>(
    declared.map(([logicalId, body], i) => [
      logicalId,
      {
        type: String(body.Type),
        id: ids[i]!,
        property: (path) => {
          const raw = at(body.Properties, path);
          return raw === undefined ? undefined : symbolic(raw);
        },
      },
    ]),
  );
  const symbolic = (value: Json): Json | undefined => toSymbolic(value, targets);

  const resources = declared.map(([, body], i): RawResource => {
    const removal = [body.DeletionPolicy, body.UpdateReplacePolicy].map((policy) =>
      String(policy ?? 'Delete').toLowerCase(),
    );
    return {
      type: String(body.Type),
      id: ids[i]!,
      body: symbolic({ ...(isObject(body.Properties) ? body.Properties : {}), ...policiesOf(body) }) ?? {},
      dependsOn: asList(body.DependsOn).map((name) => refer(targets, String(name), 'Ref')),
      removal:
        removal[0] === removal[1]
          ? removal[0] === 'delete'
            ? undefined
            : removal[0]
          : removal.join(', on replacement '),
    };
  });
  const conditional = declared.flatMap(([, { Condition }], i) =>
    Condition === undefined ? [] : [`${ids[i]} if ${String(Condition)}`],
  );
  return {
    side: 'cloudformation',
    resources,
    outputs: objects(template.Outputs).map(([name, body]) => ({
      id: neutralId(name, undefined),
      value: symbolic(body.Value ?? null) ?? null,
    })),
    unknown: [
      ...objects(template.Parameters)
        .filter(([name]) => !ownParameters.includes(name))
        .map(([name]) => ({ type: 'parameter', id: name })),
      ...objects(template.Mappings).map(([name]) => ({ type: 'mapping', id: name })),
      ...conditional.map((id) => ({ type: 'condition', id })),
    ],
  };
}

/** How CloudFormation creates and updates a resource, where a template says it: no property, but no less a decision. */
const policiesOf = ({ CreationPolicy, UpdatePolicy }: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries({ CreationPolicy, UpdatePolicy }).filter((entry): entry is [string, Json] => entry[1] !== undefined),
  );

const objects = (section: Json | undefined): [string, JsonObject][] =>
  isObject(section) ? Object.entries(section).filter((entry): entry is [string, JsonObject] => isObject(entry[1])) : [];

function pathOf(body: JsonObject): string | undefined {
  const path = at(body.Metadata, 'aws:cdk:path');
  return typeof path === 'string' ? path : undefined;
}

function refer(targets: ReadonlyMap<string, Target>, name: string, attribute: string): string {
  const known = pseudo[name];
  if (known !== undefined) return known;
  const target = targets.get(name);
  if (target !== undefined) return symbol('cloudformation', target, attribute);
  return attribute === 'Ref' ? `{parameter:${name}}.value` : `{missing:${name}}.${attribute}`;
}

/** A value with its intrinsic functions worked out as far as a text can say them; the others stay as they are. */
function toSymbolic(value: Json, targets: ReadonlyMap<string, Target>): Json | undefined {
  const walk = (given: Json): Json | undefined => {
    if (isList(given)) return given.map(walk).filter((item): item is Json => item !== undefined);
    if (!isObject(given)) return given;
    const entries = Object.entries(given);
    const [name, argument] = entries.length === 1 ? entries[0]! : [undefined, undefined];
    const worked = name === undefined ? undefined : intrinsic(name, argument!);
    if (worked !== undefined) return worked.value;
    return Object.fromEntries(
      entries.flatMap(([key, held]) => {
        const walked = walk(held);
        return walked === undefined ? [] : [[key, walked]];
      }),
    );
  };
  const intrinsic = (name: string, argument: Json): { value: Json | undefined } | undefined => {
    switch (name) {
      case 'Ref':
        return { value: argument === 'AWS::NoValue' ? undefined : refer(targets, String(argument), 'Ref') };
      case 'Fn::GetAtt': {
        const [resource = '', ...attribute] = isList(argument) ? argument.map(String) : String(argument).split('.');
        return { value: refer(targets, resource, attribute.join('.')) };
      }
      case 'Fn::Join': {
        const [separator, parts] = isList(argument) ? argument : [];
        const walked = parts === undefined ? undefined : walk(parts);
        if (!isList(walked) || walked.some((part) => isObject(part) || isList(part))) return undefined;
        return { value: walked.map(String).join(String(separator)) };
      }
      case 'Fn::Sub': {
        const [text, given] = isList(argument) ? argument : [argument];
        const variables = isObject(given) ? given : {};
        const replaced = String(text).replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, inner: string) => {
          if (literal === '!') return `\${${inner}}`;
          const own = variables[inner];
          if (own !== undefined) return String(walk(own));
          const [resource = '', ...attribute] = inner.split('.');
          return refer(targets, resource, attribute.length === 0 ? 'Ref' : attribute.join('.'));
        });
        return { value: replaced };
      }
      case 'Fn::Select': {
        const [index, list] = isList(argument) ? argument : [];
        const [separator, text] = isObject(list) && isList(list['Fn::Split']) ? list['Fn::Split'] : [];
        const walked = text === undefined ? undefined : walk(text);
        return typeof walked === 'string' ? { value: part(String(separator), walked, Number(index)) } : undefined;
      }
      default:
        return undefined;
    }
  };
  return walk(value);
}
