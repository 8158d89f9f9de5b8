/** Freezes a plain value and all that it holds: a decision, once made, is never changed by who reads it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  // Without a list of what it holds: a platform of a thousand datasets has some hundred thousand values.
  if (Array.isArray(value)) for (const held of value) deepFreeze(held);
  else for (const name in value) deepFreeze(value[name]);
  return value;
}
