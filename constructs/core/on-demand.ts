import type { Attributes } from './render';

/**
 * Attributes that are made when they are first asked for: of what comes by the thousand nobody asks for most, and each
 * token costs.
 */
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
