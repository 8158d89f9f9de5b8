import { pascal } from '../core/names';

/** Id of the node of a zone's bucket, key or database. */
export const databaseId = (zone: string) => `${pascal(zone)}Database`;
export const bucketId = (zone: string) => `${pascal(zone)}Bucket`;
export const keyId = (zone: string) => `${pascal(zone)}Key`;
