import { z } from 'zod';
import { givenAllowed } from '../errors';
import type { DataContract, ItemProperty, LogicalType, SchemaProperty } from './odcs';
import { authoritativeDefinitions, customProperties, scalar, stableId, text, texts } from './schema-common';
import { quality } from './schema-quality';
import { numericServerField, serverFields } from './servers';
import { strict } from './strict';

/*
 * The words of ODCS v3.1.0. Where the standard's text and its JSON schema differ, the text leads, as its changelog says:
 * `description: null` and the two-letter dimensions stand in the text alone, several operators in one rule too.
 */

const role = strict({
  id: stableId.optional(),
  role: text,
  description: text.optional(),
  access: text.optional(),
  firstLevelApprovers: text.optional(),
  secondLevelApprovers: text.optional(),
  customProperties: customProperties.optional(),
});

const serverTypes = Object.keys(serverFields) as [string, ...string[]];
const commonServerFields = ['id', 'server', 'type', 'description', 'environment', 'roles', 'customProperties'];
const everyServerField = [...new Set(Object.values(serverFields).flat(2))];

const server = strict({
  id: stableId.optional(),
  server: text,
  type: z.enum(serverTypes),
  description: text.optional(),
  environment: text.optional(),
  roles: z.array(role).optional(),
  customProperties: customProperties.optional(),
  ...Object.fromEntries(
    everyServerField.map((field) => [field, (field === numericServerField ? z.int() : text).optional()]),
  ),
}).superRefine((value, context) => {
  const [needed, allowed] = serverFields[value.type] ?? [[], []];
  const given = value as Record<string, unknown>;
  for (const field of needed)
    if (given[field] === undefined)
      context.addIssue({
        code: 'custom',
        path: [field],
        message: `is missing; a server of type ${value.type} needs it`,
      });
  const fields = [...commonServerFields, ...needed, ...allowed];
  for (const field of Object.keys(given))
    if (!fields.includes(field))
      context.addIssue({
        code: 'custom',
        path: [field],
        message: `is not a field of a server of type ${value.type}; ${givenAllowed(field, fields)}`,
      });
});

const reference = z.union([z.string(), z.array(z.string()).min(1)]);
const relationship = (level: 'object' | 'property') =>
  strict({
    type: z.literal('foreignKey').optional(),
    from: reference.optional(),
    to: reference,
    customProperties: customProperties.optional(),
  }).superRefine((value, context) => {
    const issue = (message: string) => context.addIssue({ code: 'custom', path: ['from'], message });
    if (level === 'property') {
      if (value.from !== undefined) issue('must be left out: the property itself is where the relationship begins');
    } else if (value.from === undefined) issue('is missing; a relationship of a table needs from and to');
    else if (
      [value.from].flat().length !== [value.to].flat().length ||
      Array.isArray(value.from) !== Array.isArray(value.to)
    )
      issue('must name as many properties as to');
  });

const element = {
  id: stableId.optional(),
  physicalName: text.optional(),
  physicalType: text.optional(),
  description: text.nullable().optional(),
  businessName: text.optional(),
  authoritativeDefinitions: authoritativeDefinitions.optional(),
  tags: texts.optional(),
  quality: z.array(quality).optional(),
  customProperties: customProperties.optional(),
};

/** Which options go with which logical type. */
const optionsOf: Readonly<Record<LogicalType, readonly string[]>> = {
  string: ['minLength', 'maxLength', 'pattern', 'format'],
  date: ['format', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  timestamp: ['format', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'timezone', 'defaultTimezone'],
  time: ['format', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'timezone', 'defaultTimezone'],
  number: ['format', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  integer: ['format', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  object: ['minProperties', 'maxProperties', 'required'],
  array: ['minItems', 'maxItems', 'uniqueItems'],
  boolean: [],
};

const formatsOf: Partial<Record<LogicalType, readonly string[]>> = {
  integer: ['i8', 'i16', 'i32', 'i64', 'i128', 'u8', 'u16', 'u32', 'u64', 'u128'],
  number: ['f32', 'f64'],
};

const count = z.int().min(0).optional();
const bound = z
  .union([z.number(), z.string()], {
    error: (issue) => `must be a number or a text; given ${JSON.stringify(issue.input)}`,
  })
  .optional();
const logicalTypeOptions = strict({
  minLength: count,
  maxLength: count,
  pattern: z
    .string()
    .refine(isPattern, { error: (issue) => `must be a regular expression; given ${JSON.stringify(issue.input)}` })
    .optional(),
  format: text.optional(),
  minimum: bound,
  maximum: bound,
  exclusiveMinimum: bound,
  exclusiveMaximum: bound,
  multipleOf: z.number().gt(0).optional(),
  timezone: z.boolean().optional(),
  defaultTimezone: text.optional(),
  minItems: count,
  maxItems: count,
  uniqueItems: z.boolean().optional(),
  minProperties: count,
  maxProperties: count,
  required: z.array(text).min(1).optional(),
});

function isPattern(pattern: string): boolean {
  try {
    new RegExp(pattern);
    return true;
  } catch {
    return false;
  }
}

const property = {
  ...element,
  logicalType: z.enum(Object.keys(optionsOf) as [LogicalType, ...LogicalType[]]).optional(),
  logicalTypeOptions: logicalTypeOptions.optional(),
  primaryKey: z.boolean().optional(),
  primaryKeyPosition: z.int().optional(),
  required: z.boolean().optional(),
  unique: z.boolean().optional(),
  partitioned: z.boolean().optional(),
  partitionKeyPosition: z.int().optional(),
  classification: text.optional(),
  encryptedName: text.optional(),
  transformSourceObjects: texts.optional(),
  transformLogic: text.optional(),
  transformDescription: text.optional(),
  examples: z.array(z.unknown()).optional(),
  criticalDataElement: z.boolean().optional(),
  relationships: z.array(relationship('property')).optional(),
  properties: z.array(z.lazy((): z.ZodType<SchemaProperty> => schemaProperty)).optional(),
  items: z.lazy((): z.ZodType<ItemProperty> => itemProperty).optional(),
};

type Checked = { [K in 'logicalType' | 'logicalTypeOptions' | 'properties' | 'items']?: SchemaProperty[K] };

function checkProperty(value: Checked, context: z.RefinementCtx): void {
  const { logicalType: type, logicalTypeOptions: options } = value;
  const issue = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
  if (type === undefined) {
    if (Object.keys(options ?? {}).length > 0)
      issue(['logicalTypeOptions'], 'is only for a property with a logicalType');
    return;
  }
  for (const [option, given] of Object.entries(options ?? {})) {
    const path = ['logicalTypeOptions', option];
    if (!optionsOf[type].includes(option))
      issue(path, `is not an option of logical type ${type}; ${givenAllowed(option, optionsOf[type])}`);
    else if (option === 'format' && formatsOf[type]?.includes(String(given)) === false)
      issue(path, `must be a format of logical type ${type}: ${givenAllowed(given, formatsOf[type]!)}`);
    else if (/(min|max)imum$/i.test(option)) {
      const isNumeric = type === 'integer' || type === 'number';
      if ((typeof given === 'number') !== isNumeric)
        issue(
          path,
          `must be a ${isNumeric ? 'number' : 'text'} for logical type ${type}; given ${JSON.stringify(given)}`,
        );
    }
  }
  if (value.properties !== undefined && type !== 'object')
    issue(['properties'], `is only for logical type object; logicalType is ${type}`);
  if (value.items !== undefined && type !== 'array')
    issue(['items'], `is only for logical type array; logicalType is ${type}`);
}

const schemaProperty: z.ZodType<SchemaProperty> = strict({ name: text, ...property }).superRefine(checkProperty);
const itemProperty: z.ZodType<ItemProperty> = strict({ name: text.optional(), ...property }).superRefine(checkProperty);

const schemaObject = strict({
  name: text,
  ...element,
  logicalType: z.literal('object').optional(),
  dataGranularityDescription: text.optional(),
  properties: z.array(schemaProperty).optional(),
  relationships: z.array(relationship('object')).optional(),
});

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, {
  error: (issue) => `must be a date, YYYY-MM-DD; given ${JSON.stringify(issue.input)}`,
});
const teamMember = strict({
  id: stableId.optional(),
  username: text,
  name: text.optional(),
  description: text.optional(),
  role: text.optional(),
  dateIn: day.optional(),
  dateOut: day.optional(),
  replacedByUsername: text.optional(),
  tags: texts.optional(),
  customProperties: customProperties.optional(),
  authoritativeDefinitions: authoritativeDefinitions.optional(),
});
const team = strict({
  id: stableId.optional(),
  name: text.optional(),
  description: text.optional(),
  members: z.array(teamMember).optional(),
  tags: texts.optional(),
  customProperties: customProperties.optional(),
  authoritativeDefinitions: authoritativeDefinitions.optional(),
});

const sla = strict({
  id: stableId.optional(),
  property: text,
  value: scalar,
  valueExt: scalar.optional(),
  unit: text.optional(),
  element: text.optional(),
  driver: text.optional(),
  description: text.optional(),
  scheduler: text.optional(),
  schedule: text.optional(),
});

const apiVersions = ['v3.1.0', 'v3.0.2', 'v3.0.1', 'v3.0.0'] as const;

/** A whole contract. */
export const dataContract: z.ZodType<DataContract> = strict({
  apiVersion: z.enum(apiVersions, {
    error: (issue) =>
      typeof issue.input === 'string'
        ? `must be a version of the standard that Ingot reads: ${givenAllowed(issue.input, apiVersions)}`
        : undefined,
  }),
  kind: z.literal('DataContract'),
  id: text.min(1),
  version: text.min(1),
  status: text,
  name: text.optional(),
  tenant: text.optional(),
  domain: text.optional(),
  dataProduct: text.optional(),
  description: strict({
    purpose: text.optional(),
    usage: text.optional(),
    limitations: text.optional(),
    authoritativeDefinitions: authoritativeDefinitions.optional(),
    customProperties: customProperties.optional(),
  }).optional(),
  tags: texts.optional(),
  servers: z.array(server as unknown as z.ZodType<NonNullable<DataContract['servers']>[number]>).optional(),
  schema: z.array(schemaObject).optional(),
  support: z
    .array(
      strict({
        id: stableId.optional(),
        channel: text,
        url: text.optional(),
        description: text.optional(),
        tool: text.optional(),
        scope: text.optional(),
        invitationUrl: text.optional(),
        customProperties: customProperties.optional(),
      }),
    )
    .optional(),
  price: strict({
    id: stableId.optional(),
    priceAmount: z.number().optional(),
    priceCurrency: text.optional(),
    priceUnit: text.optional(),
  }).optional(),
  team: z.union([team, z.array(teamMember)]).optional(),
  roles: z.array(role).optional(),
  slaDefaultElement: text.optional(),
  slaProperties: z.array(sla).optional(),
  authoritativeDefinitions: authoritativeDefinitions.optional(),
  customProperties: customProperties.optional(),
  contractCreatedTs: text.optional(),
});
