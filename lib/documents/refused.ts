/** What the function logs of documents that are in quarantine: their alarm counts these lines. */
export const refusedMessage = 'Documents were refused, and are in quarantine';
