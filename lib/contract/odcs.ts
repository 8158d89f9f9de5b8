/**
 * A data contract as the Open Data Contract Standard v3.1 words it, for contracts that are written in TypeScript.
 * Meaning, defaults and examples of every field: https://bitol-io.github.io/open-data-contract-standard/v3.1.0/
 *
 * Ingot says what the standard has no field for in `customProperties`: `zone`, `history` and the others that `custom.ts` lists.
 */
export interface DataContract {
  readonly apiVersion: 'v3.1.0' | 'v3.0.2' | 'v3.0.1' | 'v3.0.0';
  readonly kind: 'DataContract';
  /** Identifies the contract through all its versions. */
  readonly id: string;
  /** Semantic version of this contract, for example `1.2.0`. */
  readonly version: string;
  /** For example `proposed`, `draft`, `active`, `deprecated`, `retired`. */
  readonly status: string;
  readonly name?: string;
  readonly tenant?: string;
  readonly domain?: string;
  /** @deprecated since v3.1 of the standard */
  readonly dataProduct?: string;
  readonly description?: ContractDescription;
  readonly tags?: readonly string[];
  /** Where the data is. Ingot reads rows from a server of type `s3` whose location is `s3://<zone>/<prefix>/`. */
  readonly servers?: readonly Server[];
  /** The tables. */
  readonly schema?: readonly SchemaObject[];
  readonly support?: readonly SupportChannel[];
  readonly price?: Price;
  /** The list of members, without a team around it, is the form of v3.0. */
  readonly team?: Team | readonly TeamMember[];
  readonly roles?: readonly Role[];
  /** @deprecated since v3.1 of the standard; `element` of each SLA property says it */
  readonly slaDefaultElement?: string;
  readonly slaProperties?: readonly SlaProperty[];
  readonly authoritativeDefinitions?: readonly AuthoritativeDefinition[];
  readonly customProperties?: readonly CustomProperty[];
  /** ISO 8601, UTC. */
  readonly contractCreatedTs?: string;
}

export interface ContractDescription {
  readonly purpose?: string;
  readonly usage?: string;
  readonly limitations?: string;
  readonly authoritativeDefinitions?: readonly AuthoritativeDefinition[];
  readonly customProperties?: readonly CustomProperty[];
}

export interface CustomProperty {
  readonly id?: string;
  readonly property: string;
  readonly value: unknown;
  readonly description?: string;
}

export interface AuthoritativeDefinition {
  readonly id?: string;
  readonly url: string;
  /** For example `businessDefinition`, `tutorial`, `implementation`. */
  readonly type: string;
  readonly description?: string;
}

/** Which of the fields a server needs and may have depends on its `type`: `serverFields` in `servers.ts`. */
export interface Server {
  readonly id?: string;
  readonly server: string;
  readonly type: string;
  readonly description?: string;
  /** For example `prod`, `dev`. */
  readonly environment?: string;
  readonly roles?: readonly Role[];
  readonly customProperties?: readonly CustomProperty[];
  readonly account?: string;
  readonly catalog?: string;
  readonly database?: string;
  readonly dataset?: string;
  readonly delimiter?: string;
  readonly endpointUrl?: string;
  readonly format?: string;
  readonly host?: string;
  readonly location?: string;
  readonly path?: string;
  readonly port?: number;
  readonly project?: string;
  readonly region?: string;
  readonly regionName?: string;
  readonly schema?: string;
  readonly serviceName?: string;
  readonly stagingDir?: string;
  readonly stream?: string;
  readonly warehouse?: string;
}

/** What objects (tables) and properties (columns) share. */
interface SchemaElement {
  /** Stable through renames. */
  readonly id?: string;
  readonly physicalName?: string;
  readonly physicalType?: string;
  readonly description?: string | null;
  readonly businessName?: string;
  readonly authoritativeDefinitions?: readonly AuthoritativeDefinition[];
  readonly tags?: readonly string[];
  readonly quality?: readonly DataQuality[];
  readonly customProperties?: readonly CustomProperty[];
}

/** An object of the schema: a table. */
export interface SchemaObject extends SchemaElement {
  readonly name: string;
  readonly logicalType?: 'object';
  readonly dataGranularityDescription?: string;
  readonly properties?: readonly SchemaProperty[];
  readonly relationships?: readonly Relationship[];
}

export type LogicalType =
  | 'string'
  | 'date'
  | 'timestamp'
  | 'time'
  | 'number'
  | 'integer'
  | 'object'
  | 'array'
  | 'boolean';

/** What a column, a field of an object and the items of an array may say. */
interface PropertyBase extends SchemaElement {
  readonly logicalType?: LogicalType;
  readonly logicalTypeOptions?: LogicalTypeOptions;
  readonly primaryKey?: boolean;
  /** From 1; -1 where it is not said. */
  readonly primaryKeyPosition?: number;
  readonly required?: boolean;
  readonly unique?: boolean;
  readonly partitioned?: boolean;
  /** From 1; -1 where it is not said. */
  readonly partitionKeyPosition?: number;
  /** For example `public`, `restricted`, `confidential`. */
  readonly classification?: string;
  readonly encryptedName?: string;
  /** Names of the source's columns that the column is made from. By default its own name. */
  readonly transformSourceObjects?: readonly string[];
  /** SQL expression (DuckDB) over the source's columns. */
  readonly transformLogic?: string;
  readonly transformDescription?: string;
  readonly examples?: readonly unknown[];
  readonly criticalDataElement?: boolean;
  readonly relationships?: readonly Relationship[];
  /** Fields of an `object`. */
  readonly properties?: readonly SchemaProperty[];
  /** What an `array` holds. */
  readonly items?: ItemProperty;
}

/** A property of an object: a column, or a field of a nested object. */
export interface SchemaProperty extends PropertyBase {
  readonly name: string;
}

/** What an array holds; it has no name of its own. */
export interface ItemProperty extends PropertyBase {
  readonly name?: string;
}

/** Options of a logical type; which of them go with which type: `optionsOf` in `schema.ts`. */
export interface LogicalTypeOptions {
  readonly minLength?: number;
  readonly maxLength?: number;
  /** ECMA-262 regular expression. */
  readonly pattern?: string;
  /** Of integers `i8`…`i128`, `u8`…`u128`; of numbers `f32`, `f64`; of dates JDK's DateTimeFormatter; of strings free. */
  readonly format?: string;
  readonly minimum?: number | string;
  readonly maximum?: number | string;
  readonly exclusiveMinimum?: number | string;
  readonly exclusiveMaximum?: number | string;
  readonly multipleOf?: number;
  /** Whether a timestamp is a moment (true) or local time (false). By default a moment, in UTC. */
  readonly timezone?: boolean;
  readonly defaultTimezone?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly required?: readonly string[];
}

export interface Relationship {
  readonly type?: 'foreignKey';
  /** Only at schema level. */
  readonly from?: string | readonly string[];
  readonly to: string | readonly string[];
  readonly customProperties?: readonly CustomProperty[];
}

/** What a measured number, or the answer of a query, must be. */
export interface QualityOperators {
  readonly mustBe?: unknown;
  readonly mustNotBe?: unknown;
  readonly mustBeGreaterThan?: number;
  readonly mustBeGreaterOrEqualTo?: number;
  readonly mustBeLessThan?: number;
  readonly mustBeLessOrEqualTo?: number;
  /** Both ends excluded: `[0, 100]` is more than 0 and less than 100. */
  readonly mustBeBetween?: readonly number[];
  readonly mustNotBeBetween?: readonly number[];
}

/** A quality rule of a table or of a column. */
export interface DataQuality extends QualityOperators {
  readonly id?: string;
  readonly name?: string;
  readonly description?: string;
  /** By default `library`. */
  readonly type?: 'text' | 'library' | 'sql' | 'custom';
  readonly dimension?: QualityDimension;
  /** `error` (default) or `warning`; `info` counts as a warning. */
  readonly severity?: string;
  readonly businessImpact?: string;
  readonly method?: string;
  readonly schedule?: string;
  readonly scheduler?: string;
  /** `rows` (default) or `percent`. */
  readonly unit?: string;
  readonly tags?: readonly string[];
  readonly authoritativeDefinitions?: readonly AuthoritativeDefinition[];
  readonly customProperties?: readonly CustomProperty[];
  readonly metric?: 'nullValues' | 'missingValues' | 'invalidValues' | 'duplicateValues' | 'rowCount';
  /** @deprecated `metric` says it since v3.1 of the standard */
  readonly rule?: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  /** Type `sql`: gives one number or boolean; `{object}` and `{property}` stand for the table and the column. */
  readonly query?: string;
  /** Type `custom`: Ingot runs those of engine `ingot`. */
  readonly engine?: string;
  /** Of engine `ingot`: a SQL condition that each row must meet, or `{expression, where}`. */
  readonly implementation?: string | Readonly<Record<string, unknown>>;
}

/** The two letters are the standard's own synonyms. */
export type QualityDimension =
  | 'accuracy'
  | 'completeness'
  | 'conformity'
  | 'consistency'
  | 'coverage'
  | 'timeliness'
  | 'uniqueness'
  | 'ac'
  | 'cp'
  | 'cf'
  | 'cs'
  | 'cv'
  | 'tm'
  | 'uq';

export interface SupportChannel {
  readonly id?: string;
  readonly channel: string;
  readonly url?: string;
  readonly description?: string;
  readonly tool?: string;
  readonly scope?: string;
  readonly invitationUrl?: string;
  readonly customProperties?: readonly CustomProperty[];
}

export interface Price {
  readonly id?: string;
  readonly priceAmount?: number;
  readonly priceCurrency?: string;
  readonly priceUnit?: string;
}

export interface Team {
  readonly id?: string;
  readonly name?: string;
  readonly description?: string;
  readonly members?: readonly TeamMember[];
  readonly tags?: readonly string[];
  readonly customProperties?: readonly CustomProperty[];
  readonly authoritativeDefinitions?: readonly AuthoritativeDefinition[];
}

export interface TeamMember {
  readonly id?: string;
  /** User name or e-mail address. */
  readonly username: string;
  readonly name?: string;
  readonly description?: string;
  readonly role?: string;
  /** `YYYY-MM-DD`. */
  readonly dateIn?: string;
  readonly dateOut?: string;
  readonly replacedByUsername?: string;
  readonly tags?: readonly string[];
  readonly customProperties?: readonly CustomProperty[];
  readonly authoritativeDefinitions?: readonly AuthoritativeDefinition[];
}

export interface Role {
  readonly id?: string;
  readonly role: string;
  readonly description?: string;
  /** `read` (default) or `write`. */
  readonly access?: string;
  readonly firstLevelApprovers?: string;
  readonly secondLevelApprovers?: string;
  readonly customProperties?: readonly CustomProperty[];
}

export interface SlaProperty {
  readonly id?: string;
  /** For example `latency`, `freshness`, `retention`. Any case. */
  readonly property: string;
  readonly value: string | number | boolean | null;
  readonly valueExt?: string | number | boolean | null;
  /** For example `h`, `d`, `y`. */
  readonly unit?: string;
  /** `table.column`, several parted by commas. */
  readonly element?: string;
  readonly driver?: string;
  readonly description?: string;
  readonly scheduler?: string;
  readonly schedule?: string;
}

/**
 * A contract written in TypeScript: the compiler and the editor check its words. Its content is checked with the rest of
 * the platform, by `definePlatform`, `checkContract` or a construct.
 */
export function defineContract(contract: DataContract): DataContract {
  return contract;
}
