import { type Inventory, type InventoryResource, inventory, type Source } from './inventory';
import { canonical, isList, isObject, type Json, type JsonObject } from './json';
import { describeStatement, type Statement } from './policy';

/** One thing in which two templates differ. */
export interface Finding {
  readonly what: 'resource' | 'property' | 'statement' | 'edge' | 'output' | 'unmapped' | 'unknown';
  /** The resource's kind, or the engine's own type where it is unknown. */
  readonly kind: string;
  readonly id: string;
  /** Path of the property, text of the statement, of the edge or of what is not mapped. Empty for a whole resource. */
  readonly path: string;
  /** What each side says; undefined where it says nothing. */
  readonly cloudformation?: Json;
  readonly terraform?: Json;
}

/**
 * A difference that is meant, with the reason for it. It excuses every finding that it fits; one that fits nothing is
 * an error itself, so that the list never holds what is no longer true.
 */
export interface Difference {
  /** Why the engines cannot say the same here. */
  readonly reason: string;
  readonly what: Finding['what'];
  /** `*` stands for any text, here and in `id` and `path`. By default any. */
  readonly kind?: string;
  readonly id?: string;
  readonly path?: string;
  /** What each side must say for it to be this difference; `absent` where it must say nothing. By default anything. */
  readonly cloudformation?: Json;
  readonly terraform?: Json;
}

/** The word for a side that says nothing. */
export const absent = '(absent)';

export interface ParityOptions {
  /** The differences that are meant. */
  readonly differences?: readonly Difference[];
}

/** Two templates do not create the same. Thrown by `expectParity`, with one line for each finding. */
export class ParityError extends Error {
  override readonly name = 'ParityError';
  constructor(
    readonly findings: readonly Finding[],
    /** Listed differences that fit nothing. */
    readonly unused: readonly Difference[],
  ) {
    super(describe(findings, unused));
  }
}

/**
 * Holds the CloudFormation template and the Terraform configuration of one declaration against each other.
 *
 * @throws ParityError where a resource, a property, a statement or an edge differs and no listed difference speaks of
 * it, where something is unknown, or where a listed difference is not one.
 */
export function expectParity(cloudformation: Source, terraform: Source, options: ParityOptions = {}): void {
  const differences = options.differences ?? [];
  const found = compare(inventory(cloudformation), inventory(terraform));
  const unexplained = found.filter((finding) => !differences.some((difference) => fits(difference, finding)));
  const unused = differences.filter((difference) => !found.some((finding) => fits(difference, finding)));
  if (unexplained.length > 0 || unused.length > 0) throw new ParityError(unexplained, unused);
}

/** Every difference of two inventories; what either does not understand is one, too. */
export function compare(cloudformation: Inventory, terraform: Inventory): readonly Finding[] {
  const left = byIdentity(cloudformation.resources);
  const right = byIdentity(terraform.resources);
  const findings: Finding[] = [];
  for (const identity of [...new Set([...left.keys(), ...right.keys()])].sort()) {
    const [a, b] = [left.get(identity), right.get(identity)];
    if (a !== undefined && b !== undefined) findings.push(...compareResources(a, b));
    else {
      const { kind, id } = (a ?? b)!;
      const side = a === undefined ? 'terraform' : 'cloudformation';
      findings.push({ what: 'resource', kind, id, path: '', [side]: 'present' });
    }
    for (const [side, resource] of [['cloudformation', a] as const, ['terraform', b] as const]) {
      for (const path of resource?.unmapped ?? [])
        findings.push({ what: 'unmapped', kind: resource!.kind, id: resource!.id, path, [side]: 'present' });
    }
  }
  for (const { path, ...sides } of compareValues(cloudformation.outputs, terraform.outputs, '')) {
    findings.push({ what: 'output', kind: 'output', id: path, path: '', ...sides });
  }
  for (const [side, { unknown }] of [['cloudformation', cloudformation] as const, ['terraform', terraform] as const]) {
    for (const { type, id } of unknown) findings.push({ what: 'unknown', kind: type, id, path: '', [side]: 'present' });
  }
  return findings;
}

const byIdentity = (resources: readonly InventoryResource[]) =>
  new Map(resources.map((resource) => [`${resource.kind} ${resource.id}`, resource]));

function compareResources(a: InventoryResource, b: InventoryResource): Finding[] {
  const { kind, id } = a;
  const properties = compareValues(a.properties, b.properties, '').map(
    (difference): Finding => ({ what: 'property', kind, id, ...difference }),
  );
  const statements = onlyOnOne(a.statements, b.statements, describeStatement);
  const edges = onlyOnOne(a.edges, b.edges, ({ role, to }) => `${role} -> ${to}`);
  return [
    ...properties,
    ...statements.map((difference): Finding => ({ what: 'statement', kind, id, ...difference })),
    ...edges.map((difference): Finding => ({ what: 'edge', kind, id, ...difference })),
  ];
}

type Sided = Pick<Finding, 'path' | 'cloudformation' | 'terraform'>;

function onlyOnOne<T extends Statement | InventoryResource['edges'][number]>(
  left: readonly T[],
  right: readonly T[],
  text: (item: T) => string,
): Sided[] {
  const [a, b] = [new Set(left.map(text)), new Set(right.map(text))];
  return [
    ...[...a].filter((path) => !b.has(path)).map((path): Sided => ({ path, cloudformation: 'present' })),
    ...[...b].filter((path) => !a.has(path)).map((path): Sided => ({ path, terraform: 'present' })),
  ];
}

/** The innermost places at which two values differ. */
function compareValues(a: Json | undefined, b: Json | undefined, path: string): Sided[] {
  if (canonical(a) === canonical(b)) return [];
  if (isObject(a) && isObject(b)) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
    return keys.flatMap((key) => compareValues(own(a, key), own(b, key), path === '' ? key : `${path}.${key}`));
  }
  if (isList(a) && isList(b) && a.length === b.length)
    return a.flatMap((item, i) => compareValues(item, b[i], `${path}[${i}]`));
  return [{ path, ...(a === undefined ? {} : { cloudformation: a }), ...(b === undefined ? {} : { terraform: b }) }];
}

const own = (object: JsonObject, key: string): Json | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined;

function fits(difference: Difference, finding: Finding): boolean {
  const side = (expected: Json | undefined, given: Json | undefined) =>
    expected === undefined || (expected === absent ? given === undefined : canonical(expected) === canonical(given));
  return (
    difference.what === finding.what &&
    matches(difference.kind, finding.kind) &&
    matches(difference.id, finding.id) &&
    matches(difference.path, finding.path) &&
    side(difference.cloudformation, finding.cloudformation) &&
    side(difference.terraform, finding.terraform)
  );
}

function matches(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined) return true;
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(text);
}

function describe(findings: readonly Finding[], unused: readonly Difference[]): string {
  const lines: string[] = [`CloudFormation and Terraform differ in ${findings.length} points:`];
  let heading = '';
  for (const finding of findings) {
    const here = `${finding.kind} ${finding.id}`;
    if (here !== heading) lines.push('', here);
    heading = here;
    lines.push(...describeFinding(finding).map((line) => `  ${line}`));
  }
  if (unused.length > 0) {
    lines.push('', `${unused.length} listed differences fit nothing; take them off the list:`);
    for (const { reason, ...rest } of unused) lines.push(`  ${JSON.stringify(rest)} (${reason})`);
  }
  return lines.join('\n');
}

function describeFinding({ what, path, cloudformation, terraform }: Finding): string[] {
  const only = cloudformation === undefined ? 'only in Terraform' : 'only in CloudFormation';
  switch (what) {
    case 'resource':
      return [`is ${only}`];
    case 'unknown':
      return [`is of no known kind, ${only}`];
    case 'unmapped':
      return [`property that no kind speaks of, ${only}: ${path}`];
    case 'statement':
    case 'edge':
      return [`${what} ${only}: ${path}`];
    default:
      return [`${what} ${path}`, `  CloudFormation: ${show(cloudformation)}`, `  Terraform:      ${show(terraform)}`];
  }
}

const show = (value: Json | undefined): string => (value === undefined ? absent : JSON.stringify(value));
