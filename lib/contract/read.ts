import { assertValid, type Problem } from '../errors';
import type { Dataset } from './dataset';
import { codeDocument, type Document, yamlDocument } from './document';
import type { DataContract } from './odcs';
import { resolveContract } from './resolve';
import { dataContract } from './schema';
import type { ZoneKind } from './source';
import { parse } from './strict';

/** A contract that was read: its words are right, its content is not resolved yet. */
export interface ReadContract {
  readonly document: Document;
  /** Absent where a problem was found. */
  readonly contract?: DataContract;
  readonly problems: readonly Problem[];
}

/**
 * Reads the YAML of one contract.
 *
 * @param file what problems name, by custom relative to the platform's folder
 */
export function readContract(file: string, text: string): ReadContract {
  const { document, problems } = yamlDocument(file, text);
  return problems.length > 0 ? { document, problems } : fromDocument(document);
}

/** Takes a contract that was written in code. `where` is what problems name. */
export function fromCode(where: string, contract: unknown): ReadContract {
  return fromDocument(codeDocument(where, contract));
}

function fromDocument(document: Document): ReadContract {
  const { value, problems } = parse(dataContract, document);
  return { document, problems, ...(value === undefined ? {} : { contract: value }) };
}

/** Everything that is to say of one contract by itself: `ingot check` of a single file, an editor, a test. */
export interface ContractCheck {
  /** Empty where a problem was found. */
  readonly datasets: readonly Dataset[];
  readonly problems: readonly Problem[];
  /** What the contract says and Ingot does not act on. */
  readonly notices: readonly Problem[];
}

/** Checks one contract, without a platform around it. Without `zones`, it may name any zone for its tables. */
export function checkContract(read: ReadContract, zones?: readonly ZoneKind[]): ContractCheck {
  if (read.contract === undefined) return { datasets: [], problems: read.problems, notices: [] };
  const { datasets, problems, notices } = resolveContract(read.contract, read.document, zones);
  return { datasets: problems.length > 0 ? [] : datasets.map(({ dataset }) => dataset), problems, notices };
}

/**
 * The tables of one contract.
 *
 * @throws InvalidInputError with every problem of it
 */
export function datasetsOf(contract: DataContract, zones?: readonly ZoneKind[]): readonly Dataset[] {
  const { datasets, problems } = checkContract(fromCode(`contract ${contract.id}`, contract), zones);
  assertValid(problems);
  return datasets;
}
