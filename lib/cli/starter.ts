import { platformJsonSchema } from '../platform/schema';

/** How large a platform is to be: what its files say of volume, engine and deployment. */
export const presets = ['small', 'medium', 'large'] as const;
export type Preset = (typeof presets)[number];

/**
 * The platform that `ingot init` writes: one dataset from a CSV file, one SQL model over it. Text by path.
 *
 * @param preset absent: nothing is said of its size
 */
export function starterFiles(name: string, preset?: Preset): Readonly<Record<string, string>> {
  const size = preset === undefined ? undefined : sizes[preset];
  return {
    'platform.yaml': platform(name, size?.platform ?? ''),
    // Beside it, as where the package lies differs from machine to machine.
    'platform.schema.json': `${JSON.stringify(platformJsonSchema(), null, 2)}\n`,
    'contracts/orders.odcs.yaml': orders(name, size?.volumePerDay),
    'contracts/fct_daily_sales.odcs.yaml': dailySales(name),
    'models/fct_daily_sales.sql': model,
    ...size?.files,
    'data/orders.csv': data,
    '.gitignore': '.ingot/\n',
    'README.md': readme(name, preset === 'large'),
  };
}

/** A platform's name from that of its folder, which is ASCII: lower-case letters, digits and hyphens, a letter first. */
export function platformName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 20)
    .replace(/-+$/, '');
  return name.length < 2 ? 'platform' : name;
}

interface Size {
  /** What the starter's orders get. */
  readonly volumePerDay: string;
  /** Lines of platform.yaml. */
  readonly platform: string;
  /** Beside those of every starter. */
  readonly files?: Readonly<Record<string, string>>;
}

const customers = `-- What the shop's own programs write. Applied once, by ingot run on this machine and at each deploy in AWS.
create table customers (
  id bigint generated always as identity primary key,
  name text not null,
  country text not null check (country ~ '^[A-Z]{2}$'),
  since timestamptz not null default now()
);

create index customers_country on customers (country);
`;

const sizes: Readonly<Record<Preset, Size>> = {
  small: {
    volumePerDay: '0.5 GB',
    platform: `# Less than 1 GB a day: PostgreSQL first. Applications work with one small database, which migrations/ makes;
# the lake keeps what arrives in files, and its history.
engine: duckdb
network:
  cidr: 10.42.0.0/16
database:
  instanceClass: db.t4g.micro
  multiAz: false
deploy:
  memoryMb: 1024
`,
    files: { 'migrations/0001_customers.sql': customers },
  },
  medium: {
    volumePerDay: '5 GB',
    platform: `# Up to some 20 GB a run: functions of Lambda. ingot plan says which engine fits each table.
engine: auto
deploy:
  memoryMb: 4096
`,
  },
  large: {
    volumePerDay: '200 GB',
    platform: `# More than 20 GB a run: tables of such a volume are Spark's, on EMR Serverless. ingot plan says which, and what it costs.
engine:
  default: auto
  spark:
    maxWorkers: 41
deploy:
  memoryMb: 10240
  # Choose it once: tables stay in the stack that they are in.
  tableStacks: 4
`,
  },
};

const platform = (name: string, size: string) => `# yaml-language-server: $schema=platform.schema.json
# A data platform: its contracts are in contracts/, its SQL models in models/.
name: ${name}
${size}groups:
  sales:
    schedule: rate(1 day)
# Only for runs on this machine: files that arrive in bronze before a run.
local:
  land:
    - file: data/orders.csv
      as: orders
      date: 2026-01-05
`;

const orders = (name: string, volumePerDay?: string) => `apiVersion: v3.1.0
kind: DataContract
id: ${name}-orders
name: Orders
version: 1.0.0
status: active
description:
  purpose: What customers ordered, as the shop exports it every day.
team:
  name: sales
  members:
    - username: sales@example.com
      role: Data Steward
# Rows arrive as CSV files under this prefix of the bronze zone.
servers:
  - server: bronze
    type: s3
    location: s3://bronze/orders/
    format: csv
customProperties:
  - property: zone
    value: silver
${volumePerDay === undefined ? '' : `  - property: volumePerDay\n    value: ${volumePerDay}\n`}schema:
  - name: orders
    physicalType: table
    description: One row an order.
    properties:
      - name: order_id
        logicalType: integer
        required: true
        primaryKey: true
        primaryKeyPosition: 1
      - name: ordered_at
        logicalType: timestamp
        required: true
        partitioned: true
        partitionKeyPosition: 1
        customProperties:
          - property: partitionTransform
            value: month
      - name: customer
        logicalType: string
        classification: confidential
        required: true
      - name: country
        logicalType: string
        description: ISO 3166 code of two letters.
        logicalTypeOptions:
          pattern: ^[A-Z]{2}$
        required: true
      - name: quantity
        logicalType: integer
        logicalTypeOptions:
          minimum: 1
        required: true
      - name: unit_price
        logicalType: number
        physicalType: decimal(12, 2)
        required: true
    quality:
      - name: orders_present
        type: library
        metric: rowCount
        mustBeGreaterThan: 0
        dimension: completeness
`;

const dailySales = (name: string) => `apiVersion: v3.1.0
kind: DataContract
id: ${name}-fct-daily-sales
name: Daily sales
version: 1.0.0
status: active
description:
  purpose: Orders and revenue by day and country.
team:
  name: analytics
  members:
    - username: analytics@example.com
      role: Data Steward
# No server: the SQL model of the same name fills it.
customProperties:
  - property: zone
    value: gold
schema:
  - name: fct_daily_sales
    physicalType: table
    description: One row a day and country.
    properties:
      - name: day
        logicalType: date
        required: true
        primaryKey: true
        primaryKeyPosition: 1
      - name: country
        logicalType: string
        required: true
        primaryKey: true
        primaryKeyPosition: 2
      - name: orders
        logicalType: integer
        required: true
      - name: revenue
        logicalType: number
        physicalType: decimal(18, 2)
        required: true
`;

const model = `select
  cast(ordered_at as date) as day,
  country,
  count(*) as orders,
  cast(sum(quantity * unit_price) as decimal(18, 2)) as revenue
from silver.orders
group by all
`;

/** Twelve orders; one has a quantity that the contract refuses, so that quarantine has something to show. */
const data = `order_id,ordered_at,customer,country,quantity,unit_price
1001,2026-01-03T09:12:00Z,Amara Okafor,NG,2,19.90
1002,2026-01-03T10:40:00Z,Lena Fischer,DE,1,249.00
1003,2026-01-03T14:05:00Z,Kenji Sato,JP,3,12.50
1004,2026-01-03T16:30:00Z,Lena Fischer,DE,1,39.95
1005,2026-01-04T08:01:00Z,Maria Silva,BR,5,7.25
1006,2026-01-04T08:45:00Z,Tom O'Hara,IE,1,119.00
1007,2026-01-04T11:20:00Z,Amara Okafor,NG,4,19.90
1008,2026-01-04T13:37:00Z,Kenji Sato,JP,-1,12.50
1009,2026-01-04T17:59:00Z,Ingrid Berg,NO,2,64.00
1010,2026-01-05T07:15:00Z,Jonas Weber,DE,10,3.10
1011,2026-01-05T09:00:00Z,Maria Silva,BR,1,89.90
1012,2026-01-05T12:12:00Z,Ingrid Berg,NO,1,64.00
`;

/** @param onSpark whether its tables are too large for DuckDB, which is quicker for these few rows */
function readme(name: string, onSpark: boolean): string {
  const run = onSpark ? 'ingot run --engine duckdb' : 'ingot run';
  const runtime = onSpark ? '    ingot runtime --spark           once: the package of jobs of Spark\n' : '';
  return `# ${name}

    ingot check                     is it valid?
    ${run.padEnd(31)} run it on this machine; .ingot/report.html says what came out
    ingot query "select * from gold.fct_daily_sales order by day"

Order 1008 has a quantity of -1. The contract refuses it, so the row is in quarantine, with its reason:

    ingot query "select raw, reasons from silver.orders_quarantine"

Add a file to the next run:

    ingot land more-orders.csv --as orders --date 2026-01-06
    ${run}

The same platform in an AWS account, as CloudFormation or as Terraform:

    ingot runtime                   once: DuckDB for the functions
${runtime}    ingot synth --engine cloudformation
    ingot synth --engine terraform
`;
}
