/** Where things are in the bucket of backups, below its root. */

/** The authorities of RDS, as the runtime of functions has them: no image of a container does. */
export const authoritiesKey = 'authorities.pem';

/** A fingerprint, by its moment (ISO 8601): days are folders, so that those around a backup are found without a list of all. */
export const fingerprintKey = (takenAt: string): string =>
  `fingerprints/date=${takenAt.slice(0, 10)}/${takenAt.replaceAll(':', '')}.jsonl`;

export const fingerprintDay = (day: string): string => `fingerprints/date=${day}/`;

/** The catalog's word on tables, by its moment. */
export const catalogKey = (takenAt: string): string =>
  `catalog/date=${takenAt.slice(0, 10)}/${takenAt.replaceAll(':', '')}.json`;

export const catalogDay = (day: string): string => `catalog/date=${day}/`;

/** How a restore test ended, by what was restored (`database`, or a zone). */
export const validationKey = (resource: string, at: string): string =>
  `${validations(resource)}${at.replaceAll(':', '')}.json`;

/** As much of the fingerprint of what a job has restored as has been taken. */
export const comparingKey = (restoreJobId: string): string => `comparing/${restoreJobId}.jsonl`;

export const validations = (resource: string): string => `validations/resource=${resource}/`;

/** The moment that a key names: `2026-11-21T120000.000Z` is `2026-11-21T12:00:00.000Z`. */
export function momentOf(uri: string): string {
  const name = uri.slice(uri.lastIndexOf('/') + 1).replace(/\.jsonl?$/, '');
  return name.replace(/T(\d\d)(\d\d)(\d\d)/, 'T$1:$2:$3');
}
