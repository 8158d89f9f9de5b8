/** `npm run test:faults`: every step and many more tries; in `npm test` some of each. */
export const everything = (globalThis as { readonly everything?: boolean }).everything === true;
