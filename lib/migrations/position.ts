/** Where the character of this number, from 0, begins in a text: PostgreSQL counts characters, JavaScript halves of them. */
export const offsetOf = (text: string, characters: number): number =>
  Array.from(text).slice(0, characters).join('').length;

/** The line on which an offset lies, from 1. */
export const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;
