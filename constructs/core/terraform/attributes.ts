import type { Attributes } from './render';

/** Attributes that are made when they are first asked for: cdktf takes a stack trace for each token, asked for or not. */
export function onDemand(made: Readonly<Record<string, () => string>>): Attributes {
  const attributes: Record<string, string> = {};
  for (const [name, make] of Object.entries(made)) {
    let known: string | undefined;
    Object.defineProperty(attributes, name, {
      enumerable: true,
      get() {
        known ??= make();
        return known;
      },
    });
  }
  return attributes;
}
