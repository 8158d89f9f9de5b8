import { starterFiles } from '../../lib/cli/starter';

type Files = Readonly<Record<string, string>>;

const contract = 'contracts/orders.odcs.yaml';

/** An order that is known by now with another quantity, and a new one; then one that the contract refuses. */
const arriving: Files = {
  'data/more-orders.csv': `order_id,ordered_at,customer,country,quantity,unit_price
1012,2026-01-05T12:12:00Z,Ingrid Berg,NO,3,64.00
1013,2026-01-06T08:30:00Z,Tom O'Hara,IE,2,119.00
`,
  'data/bad-orders.csv': `order_id,ordered_at,customer,country,quantity,unit_price
1014,2026-01-06T09:00:00Z,Lena Fischer,Germany,1,39.95
1015,2026-01-06T09:30:00Z,Kenji Sato,JP,2,12.50
`,
  // The column of the second version; one order that is known without it.
  'data/coupons.csv': `order_id,ordered_at,customer,country,quantity,unit_price,coupon
1013,2026-01-06T08:30:00Z,Tom O'Hara,IE,2,119.00,SPRING
1016,2026-01-08T09:00:00Z,Amara Okafor,NG,1,19.90,
1017,2026-01-08T09:30:00Z,Jonas Weber,DE,2,3.10,SPRING
`,
  'data/after-rollback.csv': `order_id,ordered_at,customer,country,quantity,unit_price,coupon
1018,2026-01-09T09:00:00Z,Maria Silva,BR,3,7.25,AUTUMN
`,
  'data/as-before.csv': `order_id,ordered_at,customer,country,quantity,unit_price
1019,2026-01-10T09:00:00Z,Maria Silva,BR,1,7.25
`,
};

/** The contract with a column more at its end. */
function withColumn(text: string, version: string, column: string, logicalType: string): string {
  return text
    .replace(/^version: .*$/m, `version: ${version}`)
    .replace(/^ {4}quality:$/m, `      - name: ${column}\n        logicalType: ${logicalType}\n    quality:`);
}

/**
 * A platform as `ingot init` writes it, its contract of orders in three versions, and files that arrive one by one. `more`
 * is what its platform.yaml says beside, and `files` what it has.
 */
export function versionsOf(name: string, more = '', files: Files = {}): readonly [Files, Files, Files] {
  const starter = starterFiles(name);
  const first: Files = { ...starter, 'platform.yaml': `${starter['platform.yaml']}${more}`, ...arriving, ...files };
  const second = { ...first, [contract]: withColumn(first[contract]!, '1.1.0', 'coupon', 'string') };
  const third = { ...second, [contract]: withColumn(second[contract], '1.2.0', 'gift', 'boolean') };
  return [first, second, third];
}

/** Of the files of a version, those that make it another than the version before. */
export const changed = (files: Files): Files => ({ [contract]: files[contract]! });
