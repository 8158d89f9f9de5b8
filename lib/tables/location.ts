/** Where a location of Iceberg, in which nothing is encoded, is on this machine: `file:/a`, `file:///a` and `/a` are `/a`. */
export const locationPath = (location: string): string => location.replace(/^file:(\/\/)?(?=\/)/, '');
