/**
 * A SQL condition that a user wrote, in parentheses, so that it stays one operand. The line break keeps a comment at its
 * end from swallowing the parenthesis.
 */
export const condition = (sql: string): string => `(${sql.trim()}\n)`;

/** Conditions that must all be TRUE; those that are absent demand nothing. */
export function allOf(conditions: readonly (string | undefined)[]): string {
  const given = conditions.filter((c) => c !== undefined);
  return given.length === 0 ? 'TRUE' : given.map((c) => condition(c)).join(' AND ');
}

/** A SQL query that a user wrote, as a subquery; a semicolon at its end is left out. */
export const subquery = (sql: string): string => condition(sql.trim().replace(/[;\s]+$/, ''));
