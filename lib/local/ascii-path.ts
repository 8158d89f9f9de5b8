/** DuckDB 1.5 takes the path of a file for bytes where rows of a table are changed, and no other character is one. */
const isAscii = /^[\x20-\x7e]*$/;

/** Why a platform cannot run in a folder of this whole path, and what to do; undefined where it can. */
export function pathProblem(folder: string, todo: string): string | undefined {
  if (isAscii.test(folder)) return undefined;
  const others = [...new Set([...folder].filter((character) => !isAscii.test(character)))].join(' ');
  return `must lie in a folder whose path is of ASCII characters, since DuckDB cannot change rows of Iceberg tables below another; given ${others}; ${todo}`;
}
