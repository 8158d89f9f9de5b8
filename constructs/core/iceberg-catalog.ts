import { givenAllowed, type Problem } from '../../lib/errors';
import { isToken } from '../../lib/token';
import { aws, type Text, text } from './text';

/** Where the Iceberg REST catalog of a lake's tables answers. */
export interface IcebergCatalog {
  /** Its address, to which clients add `/v1/…`: `https://catalog.example.com/iceberg`. */
  readonly uri: string;
  /** The name of the warehouse that clients ask for: of Glue the account's id. */
  readonly warehouse: string;
  /**
   * Whether requests are signed with SigV4 as Glue wants it, or not signed at all.
   * @default sigv4
   */
  readonly auth?: 'sigv4' | 'none';
}

/** What a handler's environment says of the catalog; by default Glue's, in the account and region of the stack. */
export function catalogEnvironment(catalog: IcebergCatalog | undefined): Record<string, Text> {
  return {
    INGOT_CATALOG_URI: catalog?.uri ?? text`https://glue.${aws.region}.${aws.urlSuffix}/iceberg`,
    INGOT_CATALOG_AUTH: catalog?.auth ?? 'sigv4',
    INGOT_WAREHOUSE: catalog?.warehouse ?? aws.account,
  };
}

export function icebergCatalogProblems(where: string, catalog: IcebergCatalog | undefined): Problem[] {
  if (catalog === undefined) return [];
  const { uri, warehouse, auth = 'sigv4' } = catalog;
  const problems: Problem[] = [];
  const problem = (path: string, message: string) => problems.push({ where, path: `icebergCatalog.${path}`, message });
  if (!isToken(uri) && !(URL.canParse(uri) && /^https?:$/.test(new URL(uri).protocol)))
    problem('uri', `must be an http or https address; given ${JSON.stringify(uri)}`);
  if (warehouse === '') problem('warehouse', 'must name the warehouse of the catalog; given ""');
  if (auth !== 'sigv4' && auth !== 'none')
    problem('auth', `must say how requests are signed; ${givenAllowed(auth, ['sigv4', 'none'])}`);
  return problems;
}
