import type { Text } from '../text';
import type { NodeBase } from './common';

/** Lambda layer from a zip on this machine. Attributes: `arn`. */
export interface LayerNode extends NodeBase {
  readonly kind: 'layer';
  readonly name: string;
  readonly description: string;
  readonly zip: Zip;
  readonly architecture: Architecture;
}

export type Architecture = 'arm64' | 'x86_64';

/** A zip that is there before synth, or whose content the model decided. */
export type Zip =
  /** A handler of this package: `dist/handlers/<bundle>.zip`. */
  | { readonly bundle: string }
  /** A file, and what to do where it is not there. */
  | { readonly file: string; readonly remedy: string }
  | { readonly entries: Readonly<Record<string, string>> };

/** Lambda function on Node. Attributes: `arn`, `name`. Traced by X-Ray, logs as JSON. */
export interface FunctionNode extends NodeBase {
  readonly kind: 'function';
  readonly name: string;
  readonly description: string;
  readonly roleArn: Text;
  readonly zip: Zip;
  readonly handler: string;
  readonly runtime: string;
  readonly architecture: Architecture;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly diskMb: number;
  readonly layers: readonly Text[];
  readonly environment: Readonly<Record<string, Text>>;
  readonly keyArn: Text;
  readonly logGroupName: Text;
  readonly reservedConcurrency?: number;
  readonly network?: { readonly subnetIds: readonly Text[]; readonly securityGroupIds: readonly Text[] };
  /** Queue for calls that nobody waits for and that failed. */
  readonly deadLetterArn?: Text;
}

/** Calls a function with the messages of a queue; those that it names in its answer come again. Attributes: `id`. */
export interface EventSourceNode extends NodeBase {
  readonly kind: 'eventSource';
  readonly functionName: Text;
  readonly sourceArn: Text;
  /** The most messages of a call. */
  readonly batchSize: number;
  /** Seconds that messages are gathered for. */
  readonly batchSeconds: number;
  /** Calls at a time, at most. */
  readonly concurrency: number;
}

/** Lets a service call a function. */
export interface PermissionNode extends NodeBase {
  readonly kind: 'permission';
  readonly functionName: Text;
  readonly service: string;
  readonly sourceArn: Text;
}
