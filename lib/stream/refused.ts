import { quarantineSuffix } from '../contract/names';
import type { TablePlace } from '../platform/lookup';
import type { Lake } from '../runtime/services';
import { identifier } from '../sql/quote';
import { columnList } from '../sql/rows';
import { type Judged, judged } from './judge';
import { keptText, recordId, type StreamRecord } from './record';
import type { Stream } from './stream';

export interface Reason {
  readonly rule: string;
  readonly column: string | null;
  readonly message: string;
}

/** A record that goes to quarantine. */
export interface Refused {
  readonly ordinal: number;
  readonly record: StreamRecord;
  readonly reasons: readonly Reason[];
}

/** Every record that the contract refuses, and why, in their order. */
export async function refusedOf(records: readonly StreamRecord[], given: Judged, lake: Lake): Promise<Refused[]> {
  const rows = await lake.query<{ ordinal: number; reasons: Reason[] }>(
    `SELECT ${judged.ordinal} AS ordinal, ${judged.reasons} AS reasons FROM ${identifier(given.table)}
     WHERE ${judged.reasons} IS NOT NULL`,
  );
  const unreadable = [...given.unreadable].map(([ordinal, fault]) => ({
    ordinal,
    reasons: [{ rule: fault.rule, column: null, message: fault.message }],
  }));
  return [...rows, ...unreadable]
    .sort((a, b) => a.ordinal - b.ordinal)
    .map(({ ordinal, reasons }) => ({ ordinal, record: records[ordinal]!, reasons }));
}

/** Columns of a table of quarantine, in the order in which `enquarantine` takes them. */
const quarantineColumns = ['quarantined_at', 'run', 'batch', 'file', 'row_number', 'reasons', 'raw'] as const;

/**
 * Puts records into the quarantine beside their stream's table, each once: by its shard and sequence, which stand in the
 * column `file`. It is as if it were quarantined when it arrived, so that a repeat finds it again.
 */
export async function quarantine(
  refused: readonly Refused[],
  stream: Stream,
  place: TablePlace,
  lake: Lake,
): Promise<void> {
  if (refused.length === 0) return;
  const rows = refused.map(({ record, reasons }) => ({
    quarantined_at: new Date(record.arrived).toISOString(),
    run: stream.name,
    batch: 0,
    file: `${stream.name}/${recordId(record)}`,
    row_number: 1,
    reasons,
    raw: keptText(record),
  }));
  const shape = `[{"quarantined_at": "TIMESTAMPTZ", "run": "VARCHAR", "batch": "BIGINT", "file": "VARCHAR", "row_number": "BIGINT",
    "reasons": [{"rule": "VARCHAR", "column": "VARCHAR", "message": "VARCHAR"}], "raw": "VARCHAR"}]`;
  await enquarantine(
    {
      from: `(SELECT unnest(json_transform($json::JSON, '${shape}'), max_depth := 2))`,
      parameters: { json: JSON.stringify(rows) },
      arrived: refused.map(({ record }) => record.arrived),
    },
    place,
    lake,
  );
}

/** Rows for a table of quarantine. */
interface Quarantined {
  /** What stands behind FROM and gives the columns of quarantine. */
  readonly from: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /** When they arrived, in milliseconds since 1970: the first and the last at least. */
  readonly arrived: readonly number[];
}

/** Adds to a table of quarantine what it does not hold yet. */
export async function enquarantine(
  { from, parameters, arrived }: Quarantined,
  { database, table }: Pick<TablePlace, 'database' | 'table'>,
  lake: Lake,
): Promise<void> {
  const name = lake.name(database, table + quarantineSuffix);
  const columns = columnList(quarantineColumns);
  const at = (milliseconds: number) => new Date(milliseconds).toISOString();
  await lake.commit(async (tx) => {
    await tx.run(
      `INSERT INTO ${name} (${columns}) SELECT ${columns} FROM ${from} AS given
       ANTI JOIN (SELECT file FROM ${name}
         WHERE quarantined_at >= $from::TIMESTAMPTZ AND quarantined_at <= $to::TIMESTAMPTZ) AS known USING (file)`,
      {
        ...parameters,
        from: at(arrived.reduce((a, b) => Math.min(a, b), Infinity)),
        to: at(arrived.reduce((a, b) => Math.max(a, b), -Infinity)),
      },
    );
  });
}
