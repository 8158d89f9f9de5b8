import { readCloudFormation } from './cloudformation';
import {
  asList,
  at,
  canonical,
  isList,
  isObject,
  type Json,
  type JsonObject,
  leftOver,
  parseJson,
  sorted,
  unordered,
} from './json';
import { type Fields, maskHashes, type Reading, readFields, type Side } from './kind';
import { normalForm, type Statement } from './policy';
import { kindOf, owners, type RawResource, satellitesOf, symbolPattern, type Template } from './template';
import { readTerraform } from './terraform';

/**
 * A CloudFormation template, or a Terraform configuration in JSON (`cdk.tf.json`, `Testing.synth(stack)`): an object, or
 * its text.
 */
export type Source = string | object;

/** What a template creates, in words of neither engine. */
export interface Inventory {
  readonly side: Side;
  /** In the order of kind and id. */
  readonly resources: readonly InventoryResource[];
  /** Outputs by their neutral names. */
  readonly outputs: Readonly<Record<string, Json>>;
  /** What no kind speaks of, by the engine's own type. Never left out: what is not understood is not equal. */
  readonly unknown: readonly UnknownItem[];
}

export interface InventoryResource {
  /** For example `s3.bucket`. */
  readonly kind: string;
  /** Construct path below the stack without separators, for example `LakeBronzeBucket`; see `neutralId`. */
  readonly id: string;
  /** Properties in one vocabulary. References to resources are texts such as `{kms.key:LakeKey}.arn`. */
  readonly properties: Readonly<Record<string, Json>>;
  /** IAM statements: what a role may do and who may take it, or who may use this resource. In normal form. */
  readonly statements: readonly Statement[];
  /** Other resources of the template that this one refers to. */
  readonly edges: readonly Edge[];
  /** Properties, in the engine's own words, that no mapping speaks of. */
  readonly unmapped: readonly string[];
}

export interface Edge {
  /** Where the reference stands: a property's path, `statements.identity`, or `dependsOn`. */
  readonly role: string;
  /** `kms.key:LakeKey`. */
  readonly to: string;
}

export interface UnknownItem {
  readonly type: string;
  readonly id: string;
}

/**
 * Lists what a template creates, in words of neither engine. Resources that only say more of another one are folded
 * into it, policies become statements, references become symbolic.
 *
 * @throws Error where the source is no template of either engine.
 */
export function inventory(source: Source): Inventory {
  const template = read(source);
  const drafts = new Map<string, Draft>();
  const unknown: UnknownItem[] = [...template.unknown];

  for (const raw of template.resources) {
    const kind = kindOf(template.side, raw.type);
    const more = satellitesOf(template.side, raw.type);
    if (kind === undefined && more.length === 0) {
      unknown.push({ type: raw.type, id: raw.id });
      continue;
    }
    const taken = new Set<string>();
    const own = kind === undefined ? undefined : draftOf(drafts, kind.kind, uniqueId(drafts, kind.kind, raw.id));
    if (own !== undefined && kind !== undefined) {
      fold(own, kind.properties, raw, template.side, taken);
      if (raw.removal !== undefined) own.properties.removal = raw.removal;
      own.dependsOn.push(...raw.dependsOn);
    }
    for (const satellite of more) {
      for (const path of satellite.owner[template.side]) taken.add(path);
      const found = owners(satellite, template.side, (path) => at(raw.body, path));
      for (const { kind: ownerKind, id } of found) {
        const owner = draftOf(drafts, ownerKind, id);
        fold(owner, satellite.properties, raw, template.side, taken, satellite.element);
        owner.dependsOn.push(...raw.dependsOn);
      }
      // A satellite of nothing is a resource that nobody can see: it is listed.
      if (found.length === 0 && kind === undefined) unknown.push({ type: raw.type, id: raw.id });
    }
    const named = own ?? draftOfFirstOwner(drafts, template.side, raw);
    for (const path of leftOver(raw.body, taken))
      named?.unmapped.push(own === undefined ? `${raw.type}.${path}` : path);
  }

  const all = [...drafts.values()];
  const present = new Set(all.map(({ kind, id }) => `${kind}:${id}`));
  for (const { type, id } of unknown) present.add(`${type}:${id}`);
  return {
    side: template.side,
    resources: all
      .map((draft) => finish(draft, present))
      .sort((a, b) => (`${a.kind} ${a.id}` < `${b.kind} ${b.id}` ? -1 : 1)),
    outputs: Object.fromEntries(
      template.outputs.map(({ id, value }): [string, Json] => [id, value]).sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    unknown: unordered(unknown.map(({ type, id }) => ({ type, id }))) as unknown as UnknownItem[],
  };
}

function read(source: Source): Template {
  const parsed: unknown = typeof source === 'string' ? parseJson(source) : source;
  if (isObject(parsed)) {
    if ('Resources' in parsed) return readCloudFormation(parsed);
    if (['resource', 'terraform', 'data', 'provider'].some((section) => section in parsed))
      return readTerraform(parsed);
  }
  const given = isObject(parsed)
    ? `an object with ${Object.keys(parsed).join(', ') || 'nothing'}`
    : `${typeof parsed} ${String(parsed).slice(0, 40)}`;
  throw new Error(
    `inventory: given ${given}; allowed: a CloudFormation template (with Resources) or Terraform JSON (with resource or terraform)`,
  );
}

/** A resource while its parts are being collected. */
interface Draft {
  readonly kind: string;
  readonly id: string;
  readonly properties: Record<string, Json>;
  readonly statements: Statement[];
  readonly dependsOn: string[];
  readonly unmapped: string[];
  /** Whether its own resource has been read, and not only satellites of it. */
  own: boolean;
}

function draftOf(drafts: Map<string, Draft>, kind: string, id: string): Draft {
  const key = `${kind}:${id}`;
  const known = drafts.get(key);
  if (known !== undefined) return known;
  const draft: Draft = { kind, id, properties: {}, statements: [], dependsOn: [], unmapped: [], own: false };
  drafts.set(key, draft);
  return draft;
}

/** Paths such as `A/BC` and `AB/C` give one id: the second is told apart, never merged into the first. */
function uniqueId(drafts: Map<string, Draft>, kind: string, id: string): string {
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? id : `${id}#${n}`;
    const draft = draftOf(drafts, kind, candidate);
    if (draft.own) continue;
    draft.own = true;
    return candidate;
  }
}

function draftOfFirstOwner(drafts: Map<string, Draft>, side: Side, raw: RawResource): Draft | undefined {
  for (const satellite of satellitesOf(side, raw.type)) {
    const [owner] = owners(satellite, side, (path) => at(raw.body, path));
    if (owner !== undefined) return draftOf(drafts, owner.kind, owner.id);
  }
  return undefined;
}

function fold(draft: Draft, fields: Fields, raw: RawResource, side: Side, taken: Set<string>, element?: string): void {
  const reading: Reading = {
    side,
    unmapped: (path) => void draft.unmapped.push(path),
    statements: (found) => void draft.statements.push(...found),
  };
  const found = readFields(fields, raw.body, reading, taken);
  if (element !== undefined) {
    draft.properties[element] = unordered([...asList(draft.properties[element]), found]);
    return;
  }
  for (const [name, value] of Object.entries(found)) {
    const before = draft.properties[name];
    if (before === undefined || canonical(before) === canonical(value)) draft.properties[name] = value;
    else if (isList(before) && isList(value)) draft.properties[name] = unordered([...before, ...value]);
    else if (isObject(before) && isObject(value)) draft.properties[name] = { ...before, ...value };
    else draft.unmapped.push(`${name} said twice: ${canonical(before)} and ${canonical(value)}`);
  }
}

function finish(draft: Draft, present: ReadonlySet<string>): InventoryResource {
  const statements = normalForm(draft.statements);
  const self = `${draft.kind}:${draft.id}`;
  const properties = sorted(draft.properties) as JsonObject;
  const edges: Edge[] = [];
  const collect = (value: Json, role: string): void => {
    if (typeof value === 'string') {
      for (const [, kind, id] of value.matchAll(symbolPattern)) {
        const to = `${kind}:${id}`;
        if (to !== self && present.has(to)) edges.push({ role, to });
      }
    } else if (isList(value)) for (const item of value) collect(item, role);
    else if (isObject(value))
      for (const [key, held] of Object.entries(value)) collect(held, role === '' ? key : `${role}.${key}`);
  };
  collect(properties, '');
  for (const statement of statements) collect(statement as unknown as Json, `statements.${statement.policy}`);
  const flat = edges.map(({ role, to }) => ({ role: role.replace(/^(statements\.\w+).*/, '$1'), to }));
  // Waiting for what one refers to anyway says nothing more.
  const waits = draft.dependsOn.flatMap((text) =>
    [...text.matchAll(symbolPattern)].map(([, kind, id]) => `${kind}:${id}`),
  );
  const referred = new Set([self, ...flat.map(({ to }) => to)]);
  for (const to of waits) if (!referred.has(to)) flat.push({ role: 'dependsOn', to });
  return {
    kind: draft.kind,
    id: draft.id,
    properties,
    statements,
    edges: unordered(flat as unknown as Json[]) as unknown as Edge[],
    unmapped: unordered(draft.unmapped.map(maskHashes)),
  };
}
