/** Functions that mean the same in DuckDB and in Spark. */
const sharedWords = new Set(
  `and or not in is null between like case when then else end true false select from where group by having as distinct
  coalesce nullif lower upper length abs round trim count sum min max avg primary`.split(/\s+/),
);

/**
 * Whether SQL means the same in DuckDB and in Spark, as far as that can be told without asking either: plain names, texts
 * without escapes, numbers, comparisons, and functions that both have. A name in double quotes is a text to Spark.
 */
export function isPortable(sql: string): boolean {
  const tokens = sql.match(/'[^'\\]*'|[A-Za-z_][A-Za-z0-9_]*|\d+(\.\d+)?|<=|>=|<>|!=|[-+*=<>(),]|\s+|./gs) ?? [];
  const words = tokens.filter((token) => !/^\s+$/.test(token));
  return words.every((token, i) => {
    if (token === '-' && words[i + 1] === '-') return false;
    if (/^('[^'\\]*'|\d+(\.\d+)?|<=|>=|<>|!=|[-+*=<>(),])$/.test(token))
      return !(token.startsWith("'") && words[i + 1]?.startsWith("'"));
    if (!/^[A-Za-z_]/.test(token)) return false;
    return words[i + 1] !== '(' || sharedWords.has(token.toLowerCase());
  });
}
