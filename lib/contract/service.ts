import { daysIn } from './custom';
import type { AccessRole, Column, Sla } from './dataset';
import type { Path } from './document';
import type { Notes } from './notes';
import type { DataContract, SlaProperty } from './odcs';
import { show } from './strict';

/** What a contract promises of one table: how fresh it is, and how long its rows are kept. */
export interface Promises {
  readonly sla: Sla;
  readonly retentionDays?: number;
  readonly retentionColumn?: string;
  /** Where the contract says how long rows are kept. */
  readonly retentionPath?: Path;
}

const hoursIn: ReadonlyMap<string, number> = new Map(
  Object.entries({
    h: 1,
    hr: 1,
    hour: 1,
    hours: 1,
    min: 1 / 60,
    minute: 1 / 60,
    minutes: 1 / 60,
    s: 1 / 3600,
    second: 1 / 3600,
    seconds: 1 / 3600,
    ...Object.fromEntries([...daysIn].map(([unit, days]) => [unit, days * 24])),
  }),
);

/** The standard's words and their synonyms, in lower case. Latency is its word for freshness. */
const freshnessWords = new Set(['latency', 'ly', 'freshness', 'fr']);
const retentionWords = new Set(['retention', 're']);

/** Types of columns that can say how old a row is. */
const dates = new Set(['date', 'timestamp', 'timestamptz']);

/** Reads the SLA properties that speak of a table: those that name it, or name no table. Others are kept as they are. */
export function promisesOf(
  contract: DataContract,
  table: { readonly names: readonly string[]; readonly columns: ReadonlyMap<string, Pick<Column, 'name' | 'type'>> },
  notes: Notes,
): Promises {
  let sla: Sla = {};
  let retention: Omit<Promises, 'sla'> = {};
  for (const [i, property] of (contract.slaProperties ?? []).entries()) {
    const path = ['slaProperties', i];
    const word = property.property.toLowerCase();
    if (!freshnessWords.has(word) && !retentionWords.has(word)) continue;
    const elements = (property.element ?? contract.slaDefaultElement)?.split(',').map((element) => element.trim());
    const mine = elements?.flatMap((element) => columnOf(element, table) ?? []);
    if (mine !== undefined && mine.length === 0) continue;
    const column = mine?.find((name) => name !== '');
    if (column !== undefined && !table.columns.has(column)) {
      const allowed = [...table.columns.keys()].join(', ');
      notes.problem(
        [...path, 'element'],
        `must name a column of the table; given ${show(column)}; allowed: ${allowed}`,
      );
      continue;
    }
    const dated = column === undefined ? undefined : table.columns.get(column);
    if (dated !== undefined && !dates.has(String(dated.type))) {
      notes.problem([...path, 'element'], `must name a column of dates or timestamps; given ${show(column)}`);
      continue;
    }
    const amount = amountOf(property, retentionWords.has(word) ? daysIn : hoursIn);
    if (amount === undefined) {
      const units = word === 'retention' ? 'd, w, m, y' : 'min, h, d';
      notes.problem(
        [...path, 'value'],
        `must be a number with a unit (${units}); given ${show(property.value)} ${property.unit ?? ''}`,
      );
    } else if (retentionWords.has(word))
      retention = { retentionDays: amount, retentionPath: path, ...(dated && { retentionColumn: dated.name }) };
    else sla = { freshnessHours: amount, ...(dated && { freshnessColumn: dated.name }) };
  }
  return { sla, ...retention };
}

/** The column that `table.column` or `column` names; '' for the whole table; undefined where it is another table's. */
function columnOf(
  element: string,
  table: { readonly names: readonly string[]; readonly columns: ReadonlyMap<string, unknown> },
) {
  const [first, ...rest] = element.split('.');
  if (table.names.includes(first!)) return rest.join('.');
  return rest.length === 0 && table.columns.has(first!) ? first : undefined;
}

function amountOf({ value, unit }: SlaProperty, units: ReadonlyMap<string, number>): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(String(value));
  const factor = match === null ? undefined : units.get((match[2] || unit || 'd').toLowerCase());
  return factor === undefined ? undefined : Number(match![1]) * factor;
}

/** Names of the team, first its owners. Who has left it is left out. */
export function ownersOf({ team }: DataContract): string[] {
  const members = [...(Array.isArray(team) ? team : ((team as { members?: [] } | undefined)?.members ?? []))].filter(
    (member) => member.dateOut === undefined,
  );
  const isOwner = (member: { role?: string }) => /owner/i.test(member.role ?? '');
  return [...members.filter(isOwner), ...members.filter((member) => !isOwner(member))].map((member) => member.username);
}

/** Roles with the access that the contract says they have. One whose access is in words that Ingot does not know is left out. */
export function rolesOf(contract: DataContract, notes: Notes): AccessRole[] {
  return (contract.roles ?? []).flatMap(({ role, access = 'read' }, i) => {
    const word = access.toLowerCase().replace(/[^a-z]/g, '');
    if (['read', 'readonly', 'select'].includes(word)) return { role, access: 'read' as const };
    if (['write', 'readwrite'].includes(word)) return { role, access: 'write' as const };
    notes.notice(['roles', i, 'access'], `is kept, but not understood; given ${show(access)}; allowed: read, write`);
    return [];
  });
}
