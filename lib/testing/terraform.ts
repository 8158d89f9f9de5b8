import { parseLiteral, replaceExpressions } from './expression';
import { neutralId, neutralIds } from './identity';
import { asList, at, isEmpty, isList, isObject, type Json, type JsonObject } from './json';
import { part, type RawResource, symbol, type Target, type Template } from './template';

/** What AWS says of where a stack is: data sources that CloudFormation has as pseudo parameters. */
const place: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'data.aws_partition': { partition: '{aws.partition}', id: '{aws.partition}', dns_suffix: '{aws.urlSuffix}' },
  'data.aws_region': { region: '{aws.region}', name: '{aws.region}', id: '{aws.region}' },
  'data.aws_availability_zones': {},
  'data.aws_caller_identity': { account_id: '{aws.account}', id: '{aws.account}' },
};
const policyDocument = 'data.aws_iam_policy_document';

/** Arguments that Terraform itself reads, whatever the resource. */
const metaArguments = ['//', 'depends_on', 'lifecycle', 'provider'];

/** Reads a Terraform JSON configuration, as cdktf writes it. */
export function readTerraform(config: JsonObject): Template {
  const declared = named(config.resource, '');
  const data = named(config.data, 'data.');
  const targets = new Map<string, Target>(
    [...declared, ...data].map(({ address, type, id, body }) => [
      address,
      {
        type,
        id,
        property: (path) => {
          const raw = at(body, path);
          return raw === undefined ? undefined : symbolic(raw);
        },
      },
    ]),
  );
  const documents = new Map(
    data.filter(({ type }) => type === policyDocument).map(({ address, body }) => [`${address}.json`, body]),
  );
  const locals = isObject(config.locals) ? config.locals : {};

  const evaluate = (expression: string): string => {
    const document = documents.get(expression);
    if (document !== undefined) return JSON.stringify(documentOf(symbolic(document) as JsonObject));
    const encoded = /^jsonencode\((.*)\)$/s.exec(expression)?.[1];
    if (encoded !== undefined) {
      const literal = parseLiteral(encoded, evaluate);
      if (literal !== undefined) return JSON.stringify(literal);
    }
    const [, separator, split, index] = /^element\(split\("(.)", (.+)\), (\d+)\)$/.exec(expression) ?? [];
    if (separator !== undefined) return part(separator, evaluate(split!), Number(index));
    const path = /^((?:data\.)?\w+\.[\w-]+)((?:\.\w+|\[[^\]]*\])*)$/.exec(expression);
    if (path === null) return `{expression ${expression.replace(/[{}"]/g, '')}}`;
    return refer(path[1]!, path[2]!.replace(/^\./, ''));
  };
  const refer = (address: string, attribute: string): string => {
    const [first = '', second = ''] = address.split('.');
    if (first === 'local' && locals[second] !== undefined) return String(symbolic(locals[second]!));
    if (first === 'var') return `{parameter:${second}}.value`;
    const known = place[`${first}.${second}`]?.[attribute];
    if (known !== undefined) return known;
    const target = targets.get(address);
    return target === undefined ? `{missing:${address}}.${attribute}` : symbol('terraform', target, attribute);
  };
  const symbolic = (value: Json): Json => {
    if (typeof value === 'string') return replaceExpressions(value, evaluate);
    if (isList(value)) return value.map(symbolic);
    if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, symbolic(held)]));
    return value;
  };

  const resources = declared.map(({ type, id, body }): RawResource => {
    const own = Object.entries(body).filter(([key]) => !metaArguments.includes(key));
    const { prevent_destroy: prevented, ...lifecycle } = lifecycleOf(body);
    return {
      type,
      id,
      body: symbolic(isEmpty(lifecycle) ? Object.fromEntries(own) : { ...Object.fromEntries(own), lifecycle }),
      dependsOn: asList(body.depends_on).map((address) => refer(String(address), 'id')),
      removal: prevented === true ? 'prevent_destroy' : undefined,
    };
  });
  return {
    side: 'terraform',
    resources,
    outputs: Object.entries(isObject(config.output) ? config.output : {}).map(([name, body]) => ({
      id: neutralId(name, undefined),
      value: symbolic(at(body, 'value') ?? null),
    })),
    unknown: [
      ...data.filter(({ type }) => type !== policyDocument && !(type in place)).map(({ type, id }) => ({ type, id })),
      ...Object.keys(isObject(config.variable) ? config.variable : {}).map((name) => ({ type: 'parameter', id: name })),
      ...Object.keys(isObject(config.module) ? config.module : {}).map((name) => ({ type: 'module', id: name })),
    ],
  };
}

function lifecycleOf(body: JsonObject): JsonObject {
  const lifecycle = asList(body.lifecycle)[0];
  return isObject(lifecycle) ? lifecycle : {};
}

interface Declared {
  /** `aws_s3_bucket.Name`, or `data.aws_region.Name`. */
  readonly address: string;
  readonly type: string;
  readonly id: string;
  readonly body: JsonObject;
}

function named(section: Json | undefined, prefix: '' | 'data.'): Declared[] {
  const found = Object.entries(isObject(section) ? section : {}).flatMap(([type, byName]) =>
    Object.entries(isObject(byName) ? byName : {}).flatMap(([logicalId, written]) => {
      const [body] = asList(written);
      if (!isObject(body)) return [];
      const path = at(body, '//.metadata.path');
      return [{ type: prefix + type, logicalId, body, path: typeof path === 'string' ? path : undefined }];
    }),
  );
  const ids = neutralIds(found);
  return found.map(({ type, logicalId, body }, i) => ({ address: `${type}.${logicalId}`, type, id: ids[i]!, body }));
}

/** The policy document that an `aws_iam_policy_document` data source stands for. */
function documentOf(data: JsonObject): JsonObject {
  const known = new Set(['statement', 'version', 'policy_id', '//']);
  const more = Object.keys(data).filter((key) => !known.has(key));
  return {
    Statement: asList(data.statement).map((statement): Json => {
      const given = isObject(statement) ? statement : {};
      const principals = (key: string) =>
        asList(given[key]).map((item) => [String(at(item, 'type')), at(item, 'identifiers') ?? []] as const);
      const byType = (key: string): Json => Object.fromEntries(principals(key));
      return Object.fromEntries(
        Object.entries({
          Effect: given.effect ?? 'Allow',
          Action: given.actions,
          NotAction: given.not_actions,
          Resource: given.resources,
          NotResource: given.not_resources,
          Principal: given.principals === undefined ? undefined : byType('principals'),
          NotPrincipal: given.not_principals === undefined ? undefined : byType('not_principals'),
          Condition: given.condition === undefined ? undefined : conditionsOf(given.condition),
        }).filter((entry): entry is [string, Json] => entry[1] !== undefined),
      );
    }),
    // Sources that are merged by Terraform alone: shown, so that they are never taken for nothing.
    ...Object.fromEntries(more.map((key) => [key, data[key]!])),
  };
}

function conditionsOf(condition: Json): Json {
  const byTest: Record<string, Record<string, Json>> = {};
  for (const item of asList(condition)) {
    const test = String(at(item, 'test'));
    byTest[test] = { ...byTest[test], [String(at(item, 'variable'))]: at(item, 'values') ?? [] };
  }
  return byTest;
}
