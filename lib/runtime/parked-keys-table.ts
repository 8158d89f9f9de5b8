/** Attributes of the key of DynamoDB's table that holds which keys of a stream have stopped. */
export const parkedKeysTable = { partition: 'stream', sort: 'key' } as const;
