import { type Inventory, inventory, type Source } from './inventory';
import { canonical, isObject, type Json, type JsonObject } from './json';
import { maskHashes } from './kind';
import { describeStatement } from './policy';

/**
 * An inventory as a readable text that is the same for the same decisions: what to keep as a snapshot, since neither
 * logical ids nor hashes of assets stand in it.
 */
export function inventorySnapshot(source: Source | Inventory): string {
  const { resources, outputs, unknown } = isInventory(source) ? source : inventory(source);
  const lines: string[] = [];
  for (const { kind, id, properties, statements, edges, unmapped } of resources) {
    lines.push(`${kind} ${id}`, ...lineEach(properties, '  '));
    for (const statement of statements) lines.push(`  ${describeStatement(statement)}`);
    for (const { role, to } of edges) lines.push(`  ${role} -> ${to}`);
    for (const path of unmapped) lines.push(`  not mapped: ${path}`);
    lines.push('');
  }
  for (const [name, value] of Object.entries(outputs)) lines.push(`output ${name}: ${show(value)}`);
  for (const { type, id } of unknown) lines.push(`unknown ${type} ${id}`);
  return `${lines.join('\n').trimEnd()}\n`;
}

const isInventory = (given: Source | Inventory): given is Inventory =>
  typeof given === 'object' && 'resources' in given && 'side' in given;

/** Objects are written key by key, so that a change is one line of a snapshot. */
function lineEach(value: JsonObject, indent: string): string[] {
  return Object.entries(value).flatMap(([key, held]) => {
    if (isObject(held)) return [`${indent}${key}:`, ...lineEach(held, `${indent}  `)];
    if (Array.isArray(held) && held.some(isObject))
      return [
        `${indent}${key}:`,
        ...held.flatMap((item: Json) =>
          isObject(item) ? [`${indent}  -`, ...lineEach(item, `${indent}    `)] : [`${indent}  - ${show(item)}`],
        ),
      ];
    return [`${indent}${key}: ${show(held)}`];
  });
}

const show = (value: Json): string => (typeof value === 'string' ? value : canonical(value));

/** The part of Jest's serializer interface that is used here, so that Jest is no dependency. */
export interface SnapshotSerializer {
  test(value: unknown): boolean;
  serialize<Config>(
    value: unknown,
    config: Config,
    indentation: string,
    depth: number,
    refs: unknown[],
    printer: (value: unknown, config: Config, indentation: string, depth: number, refs: unknown[]) => string,
  ): string;
}

const masked = new WeakSet<object>();

/**
 * For `expect.addSnapshotSerializer`: whole templates (a CloudFormation template, Terraform JSON as an object or as
 * `Testing.synth`'s text) without what changes although no decision did: hashes of assets, the absolute path of cdktf's
 * state, versions in metadata.
 */
export const snapshotSerializer: SnapshotSerializer = {
  test: (value) => {
    const template = parsed(value);
    return template !== undefined && !masked.has(template);
  },
  serialize: (value, config, indentation, depth, refs, printer) => {
    const template = maskTemplate(parsed(value)!);
    masked.add(template);
    return printer(template, config, indentation, depth, refs);
  },
};

function parsed(value: unknown): JsonObject | undefined {
  if (typeof value === 'string') {
    if (!value.startsWith('{')) return undefined;
    try {
      return parsed(JSON.parse(value));
    } catch {
      return undefined;
    }
  }
  if (!isObject(value)) return undefined;
  const isTemplate = isObject(value.Resources) || isObject(value.terraform) || isObject(value.resource);
  return isTemplate ? value : undefined;
}

/** A template with everything masked that says nothing of what it creates. */
export function maskTemplate(template: JsonObject): JsonObject {
  const walk = (value: Json, path: string): Json => {
    if (typeof value === 'string') {
      if (path === './/.metadata.version' || path.startsWith('.terraform.required_providers.'))
        return maskVersion(value, path);
      if (path === '.terraform.backend.local.path') return `{state}/${value.split('/').at(-1) ?? ''}`;
      return maskHashes(value);
    }
    if (Array.isArray(value)) return value.map((item: Json) => walk(item, `${path}[]`));
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, held]) => [maskHashes(key), walk(held, `${path}.${key}`)]),
    );
  };
  return walk(template, '') as JsonObject;
}

const maskVersion = (value: string, path: string): string => (path.endsWith('.version') ? '{version}' : value);
