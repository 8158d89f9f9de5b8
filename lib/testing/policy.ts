import { asList, canonical, isEmpty, isObject, type Json, type JsonObject, parseJson, unordered } from './json';
import type { Shape } from './kind';

/** Which document a statement stands in: what a role may do, who may take it, or who may use a resource. */
export type PolicyKind = 'identity' | 'trust' | 'resource';

/**
 * A statement of a policy, in one normal form: statements that together say the same become the same, however they
 * were split or merged. `Sid`s are names without effect and are left out.
 */
export interface Statement {
  readonly policy: PolicyKind;
  readonly effect: 'Allow' | 'Deny';
  readonly actions?: readonly string[];
  readonly notActions?: readonly string[];
  readonly resources?: readonly string[];
  readonly notResources?: readonly string[];
  /** `Service lambda.amazonaws.com`, `AWS arn:…`, or `*`. */
  readonly principals?: readonly string[];
  readonly notPrincipals?: readonly string[];
  /** Operator -> key -> values. */
  readonly conditions?: JsonObject;
}

/** A policy document of a property: its statements go to the resource's statements. */
export const policy =
  (kind: PolicyKind): Shape =>
  (value, reading, path) => {
    const document = parseJson(value);
    if (!isObject(document) || !('Statement' in document)) {
      reading.unmapped(`${path} (no policy document: ${String(value).slice(0, 60)})`);
      return undefined;
    }
    reading.statements(
      asList(document.Statement).flatMap((statement) => (isObject(statement) ? [read(kind, statement)] : [])),
    );
    return undefined;
  };

/** Named inline policies of a role, in either engine's words. */
export const inlinePolicies: Shape = (value, reading, path) => {
  for (const item of asList(value)) {
    const document = isObject(item) ? (item.PolicyDocument ?? item.policy) : undefined;
    if (document === undefined) reading.unmapped(path);
    else policy('identity')(document, reading, path);
  }
  return undefined;
};

const strings = (value: Json | undefined): string[] | undefined =>
  value === undefined ? undefined : unordered(asList(value).map(String));

function read(kind: PolicyKind, statement: JsonObject): Statement {
  return clean({
    policy: kind,
    effect: statement.Effect === 'Deny' ? 'Deny' : 'Allow',
    actions: strings(statement.Action),
    notActions: strings(statement.NotAction),
    resources: strings(statement.Resource),
    notResources: strings(statement.NotResource),
    principals: principals(statement.Principal),
    notPrincipals: principals(statement.NotPrincipal),
    conditions: conditions(statement.Condition),
  });
}

/** `"*"` and `{"AWS": "*"}` mean the same, and so do a text and a list of one. */
function principals(value: Json | undefined): string[] | undefined {
  if (value === undefined) return undefined;
  if (!isObject(value)) return strings(value);
  const all = Object.entries(value).flatMap(([type, who]) =>
    asList(who).map((one) => (one === '*' ? '*' : `${type} ${String(one)}`)),
  );
  return unordered(all);
}

function conditions(value: Json | undefined): JsonObject | undefined {
  if (!isObject(value) || isEmpty(value)) return undefined;
  return Object.fromEntries(
    Object.entries(value).map(([operator, keys]) => [
      operator,
      isObject(keys)
        ? Object.fromEntries(Object.entries(keys).map(([key, given]) => [key, strings(given) ?? []]))
        : keys,
    ]),
  );
}

const clean = (statement: Statement): Statement =>
  Object.fromEntries(Object.entries(statement).filter(([, value]) => value !== undefined)) as unknown as Statement;

const negated = (statement: Statement) =>
  statement.notActions !== undefined || statement.notResources !== undefined || statement.notPrincipals !== undefined;

/**
 * The one normal form of a set of statements. Each is split into one action on one resource by one principal, and what
 * shares everything else is put together again. Statements with `Not…` stay whole, for splitting would change them.
 */
export function normalForm(statements: readonly Statement[]): readonly Statement[] {
  const whole = statements.filter(negated);
  const atoms = statements
    .filter((statement) => !negated(statement))
    .flatMap((statement) =>
      (statement.actions ?? []).flatMap((action) =>
        (statement.resources ?? [undefined]).flatMap((resource) =>
          (statement.principals ?? [undefined]).map((principal) =>
            clean({
              ...statement,
              actions: [action],
              resources: resource === undefined ? undefined : [resource],
              principals: principal === undefined ? undefined : [principal],
            }),
          ),
        ),
      ),
    );
  let merged: Statement[] = atoms;
  for (const part of ['actions', 'resources', 'principals'] as const) merged = mergeBy(part, merged);
  return unordered([...merged, ...whole]);
}

/** Puts together the statements that differ in one part only. */
function mergeBy(part: 'actions' | 'resources' | 'principals', statements: readonly Statement[]): Statement[] {
  const groups = new Map<string, Statement>();
  for (const statement of statements) {
    const rest = canonical({ ...statement, [part]: null });
    const other = groups.get(rest);
    const values = [...(other?.[part] ?? []), ...(statement[part] ?? [])];
    groups.set(rest, clean({ ...statement, [part]: values.length === 0 ? undefined : unordered(values) }));
  }
  return [...groups.values()];
}

/** A statement as one line: `allow s3:GetObject on {s3.bucket:Bronze}.arn/* if …`. */
export function describeStatement(statement: Statement): string {
  const part = (word: string, values: readonly string[] | undefined, not: readonly string[] | undefined) =>
    values !== undefined
      ? ` ${word}${values.join(', ')}`
      : not !== undefined
        ? ` ${word}all but ${not.join(', ')}`
        : '';
  return [
    `${statement.policy}: ${statement.effect.toLowerCase()}`,
    part('', statement.actions, statement.notActions),
    part('on ', statement.resources, statement.notResources),
    part('by ', statement.principals, statement.notPrincipals),
    statement.conditions === undefined ? '' : ` if ${canonical(statement.conditions)}`,
  ].join('');
}
