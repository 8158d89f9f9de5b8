import { readCloudFormation } from './cloudformation';
import { at, canonical, isList, isObject, type Json, leftOver, parseJson, sorted, unordered } from './json';
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
  const drafts = new Drafts(template.side);
  const unknown = [
    ...template.unknown,
    ...template.resources.filter((raw) => !drafts.take(raw)).map(({ type, id }) => ({ type, id })),
  ];
  const present = new Set([
    ...drafts.all.map(({ kind, id }) => `${kind}:${id}`),
    ...unknown.map(({ type, id }) => `${type}:${id}`),
  ]);
  return {
    side: template.side,
    resources: drafts.all
      .map((draft) => finish(draft, present))
      .sort((a, b) => (`${a.kind} ${a.id}` < `${b.kind} ${b.id}` ? -1 : 1)),
    outputs: sorted(Object.fromEntries(template.outputs.map(({ id, value }) => [id, value]))),
    unknown: unordered(unknown),
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
}

/** Resources while a template is being read: what says more of one may stand before it, or without it. */
class Drafts {
  readonly #byName = new Map<string, Draft>();

  constructor(private readonly side: Side) {}

  get all(): readonly Draft[] {
    return [...this.#byName.values()];
  }

  /** Takes what an engine's resource says; false where no mapping speaks of its type, or nothing owns it. */
  take(raw: RawResource): boolean {
    const taken = new Set<string>();
    const kind = kindOf(this.side, raw.type);
    const own = kind === undefined ? undefined : this.#of(kind.kind, raw.id);
    const owned = satellitesOf(this.side, raw.type).flatMap((satellite) => {
      for (const path of satellite.owner[this.side]) taken.add(path);
      return owners(satellite, this.side, (path) => at(raw.body, path)).map(({ kind, id }) => ({
        draft: this.#of(kind, id),
        satellite,
      }));
    });
    if (kind !== undefined && own !== undefined) {
      this.#fold(own, kind.properties, raw, taken);
      if (raw.removal !== undefined) own.properties.removal = raw.removal;
    }
    for (const { draft, satellite } of owned) this.#fold(draft, satellite.properties, raw, taken, satellite.element);
    const holder = own ?? owned[0]?.draft;
    // What becomes of a satellite at the end of the stack is no property of its owner's.
    if (own === undefined && raw.removal !== undefined && !owned[0]?.satellite.kept)
      holder?.unmapped.push(`${raw.type}: ${raw.removal}`);
    const prefix = own === undefined ? `${raw.type}.` : '';
    holder?.unmapped.push(...leftOver(raw.body, taken).map((path) => prefix + path));
    return holder !== undefined;
  }

  #of(kind: string, id: string): Draft {
    const name = `${kind}:${id}`;
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const draft: Draft = { kind, id, properties: {}, statements: [], dependsOn: [], unmapped: [] };
    this.#byName.set(name, draft);
    return draft;
  }

  #fold(draft: Draft, fields: Fields, raw: RawResource, taken: Set<string>, element?: string): void {
    const reading: Reading = {
      side: this.side,
      unmapped: (path) => void draft.unmapped.push(path),
      statements: (found) => void draft.statements.push(...found),
    };
    const found = readFields(fields, raw.body, reading, taken);
    draft.dependsOn.push(...raw.dependsOn);
    const said = element === undefined ? found : { [element]: [found] };
    for (const [name, value] of Object.entries(said)) {
      const before = draft.properties[name];
      if (before === undefined || canonical(before) === canonical(value)) draft.properties[name] = value;
      else if (isList(before) && isList(value)) draft.properties[name] = unordered([...before, ...value]);
      else draft.unmapped.push(`${name} said twice: ${canonical(before)} and ${canonical(value)}`);
    }
  }
}

function finish(draft: Draft, present: ReadonlySet<string>): InventoryResource {
  const { kind, id, properties } = draft;
  const statements = normalForm(draft.statements);
  const edges = [
    ...Object.entries(properties).flatMap(([name, value]) => references(value, name)),
    ...statements.flatMap((statement) =>
      targets(canonical(statement)).map((to) => ({ role: `statements.${statement.policy}`, to })),
    ),
  ];
  // Waiting for what one refers to anyway says nothing more.
  const referred = new Set(edges.map(({ to }) => to));
  const waits = draft.dependsOn.flatMap(targets).filter((to) => !referred.has(to));
  return {
    kind,
    id,
    properties: sorted(properties),
    statements,
    edges: unordered([...edges, ...waits.map((to) => ({ role: 'dependsOn', to }))]).filter(
      ({ to }) => to !== `${kind}:${id}` && present.has(to),
    ),
    unmapped: unordered(draft.unmapped.map(maskHashes)),
  };
}

/** Resources that a property's value refers to, each with the path at which it does. */
function references(value: Json, path: string): Edge[] {
  if (typeof value === 'string') return targets(value).map((to) => ({ role: path, to }));
  if (isList(value)) return value.flatMap((item) => references(item, path));
  if (isObject(value)) return Object.entries(value).flatMap(([key, held]) => references(held, `${path}.${key}`));
  return [];
}

const targets = (text: string): string[] => [...text.matchAll(symbolPattern)].map(([, kind, id]) => `${kind}:${id}`);
