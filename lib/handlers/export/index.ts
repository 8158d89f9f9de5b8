import { type Exported, exportDocuments } from '../../documents/export';
import { commandLine } from '../command-line';
import { lambda } from '../entry';

/** Writes the rows of every documents' query to where they are ingested from. */
export const handler = lambda<unknown, Record<string, Exported>>(async (_, services) => {
  const results: Record<string, Exported> = {};
  for (const documents of services.manifest.documents ?? [])
    if (documents.query !== undefined) results[documents.name] = await exportDocuments(documents, services);
  return results;
});

void commandLine(module, handler);
