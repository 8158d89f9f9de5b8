/** Longest name of a table or column that Glue takes. */
const longest = 255;

/**
 * What is wrong with the name of a table, a column or a field of a struct; undefined where nothing is. Glue keeps names
 * in lower case only, and Athena wants those that begin with a digit or an underscore quoted, each tool in its own way.
 */
export function nameProblem(name: string, most = longest): string | undefined {
  if (name.length > most) return `must have at most ${most} characters, as AWS Glue allows; given ${name.length}`;
  if (/^[a-z][a-z0-9_]*$/.test(name)) return undefined;
  const better = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '');
  const hint = better === '' ? '' : `; ${better} would do`;
  return `must be lower-case letters, digits and underscores, a letter first, as AWS Glue and Athena want it; given ${JSON.stringify(name)}${hint}`;
}

/** Ends the name of the table that holds another table's quarantine. */
export const quarantineSuffix = '_quarantine';

/** Longest name of a table, so that its quarantine has a name too. */
export const longestTableName = longest - quarantineSuffix.length;

/** Columns that history of type 2 adds to a table. */
export const historyColumns = ['valid_from', 'valid_to', 'is_current'] as const;
