import type { Validation } from './compare';

/** What came out, as one paragraph: for AWS Backup, a log or a terminal. */
export function describeFindings({ passed, findings, rows, rowsCompared, tables }: Validation): string {
  const compared = `${rowsCompared} of ${rows} rows of ${tables} tables were compared`;
  const rest = rowsCompared === rows ? '' : '; the others were being written while the backup was taken';
  if (passed) return `${compared} and are the same${rest}`;
  return `${findings.map(({ message }) => message).join('; ')} (${compared})`;
}
