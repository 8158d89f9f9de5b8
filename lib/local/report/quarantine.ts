import type { Dataset } from '../../contract/dataset';
import { findTable, tableId } from '../../platform/lookup';
import type { Row, Services } from '../../runtime/services';
import type { QuarantineReport } from './report';

/** How many rows of a table are shown as they came. */
const sampled = 5;

interface Reason extends Row {
  readonly rule: string;
  readonly column: string | null;
  readonly message: string;
  readonly rows: bigint;
}

interface Sample extends Row {
  readonly file: string;
  readonly row_number: bigint;
  readonly rules: readonly string[];
  readonly raw: string | null;
}

/** What is in a table's quarantine: reasons with counts, and the newest rows as they came, of different reasons first. */
export async function quarantineReport(
  dataset: Dataset,
  services: Services,
  fromThisRun: number,
): Promise<QuarantineReport> {
  const { lake, manifest } = services;
  const { database, table } = findTable(tableId(dataset), manifest);
  const name = lake.name(database, `${table}_quarantine`);
  const [{ n } = { n: 0n }] = await lake.query<{ n: bigint }>(`SELECT count(*) AS n FROM ${name}`);
  if (n === 0n) return { table: tableId(dataset), rows: 0, fromThisRun, reasons: [], samples: [] };
  const reasons = await lake.query<Reason>(
    `SELECT reason."rule" AS "rule", min(reason."column") AS "column", min(reason."message") AS "message", count(*) AS "rows"
     FROM (SELECT unnest("reasons") AS reason FROM ${name}) GROUP BY reason."rule" ORDER BY "rows" DESC, "rule"`,
  );
  const samples = await lake.query<Sample>(
    `SELECT "file", "row_number", list_transform("reasons", reason -> reason."rule") AS "rules", "raw" FROM ${name}
     ORDER BY row_number() OVER (PARTITION BY "reasons"[1]."rule" ORDER BY "quarantined_at" DESC, "file", "row_number"), "file", "row_number"
     LIMIT ${sampled}`,
  );
  return {
    table: tableId(dataset),
    rows: Number(n),
    fromThisRun,
    reasons: reasons.map(({ rule, column, message, rows }) => ({
      rule,
      ...(column === null ? {} : { column }),
      message,
      rows: Number(rows),
    })),
    samples: samples.map((sample) => ({
      file: shortened(sample.file),
      row: Number(sample.row_number),
      reasons: sample.rules,
      ...(sample.raw === null ? {} : { raw: sample.raw }),
    })),
  };
}

/** From the prefix on: the folder above it is the same for all files of this machine. */
function shortened(uri: string): string {
  const at = uri.indexOf('/.ingot/lake/');
  return at === -1 ? uri : uri.slice(at + '/.ingot/lake/'.length);
}
