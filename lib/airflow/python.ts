/** A text of Python, in the quotes that ruff would choose. */
export const text = (value: string): string => {
  const quoted = JSON.stringify(value);
  return value.includes('"') && !value.includes("'") ? `'${quoted.slice(1, -1).replaceAll('\\"', '"')}'` : quoted;
};

/** A call over several lines, with the comma at its end that keeps it so. */
export function call(name: string, values: Readonly<Record<string, string>>): string {
  const lines = Object.entries(values).map(([key, value]) => `    ${key}=${indented(value)},\n`);
  return `${name}(\n${lines.join('')})`;
}

/** A dictionary over several lines. */
export function dictionary(values: Readonly<Record<string, string>>): string {
  const lines = Object.entries(values).map(([key, value]) => `    ${text(key)}: ${indented(value)},\n`);
  return `{\n${lines.join('')}}`;
}

/** All lines but the first four columns further in. */
export const indented = (code: string): string => code.replaceAll('\n', '\n    ');
