/** Ids of nodes that several files of the model speak of. */
export const keyId = 'Key';
export const streamId = 'Stream';
export const fanOutId = 'StreamConsumer';
export const parkedKeysId = 'ParkedKeysTable';
export const deadLettersId = 'DeadLettersBucket';
export const sourceId = 'Source';
export const deliveryId = 'Delivery';
