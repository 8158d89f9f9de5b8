/** A text of so many characters can be held by this process, as JSON inside JSON too. */
const longest = 64 * 1024 * 1024;

/**
 * Cuts what is handed to an engine as texts into pieces, in their order.
 *
 * @param most how many are in a piece at most
 * @param charactersOf about how long the text of one is
 */
export function pieces<T>(all: readonly T[], most: number, charactersOf: (one: T) => number): (readonly T[])[] {
  const cut: (readonly T[])[] = [];
  let [from, characters] = [0, 0];
  for (let i = 0; i < all.length; i++) {
    const more = charactersOf(all[i]!);
    if (i > from && (i - from === most || characters + more > longest)) {
      cut.push(all.slice(from, i));
      [from, characters] = [i, 0];
    }
    characters += more;
  }
  if (all.length > from) cut.push(from === 0 ? all : all.slice(from));
  return cut;
}
