import { backupRoles } from '../../backup/roles';
import { changeSource } from '../../cdc/migrations';
import { search, vectorStore } from '../../vector/migrations';
import { eventStore } from './event-store';
import { fullTextSearch } from './full-text-search';
import { historyTable } from './history-table';
import { keysetPagination } from './keyset-pagination';
import { readModel } from './read-model';
import { referenceTable } from './reference-table';
import { role } from './roles';
import { timeSeries } from './time-series';

/** Every ready-made migration, by the name by which a platform asks for it. */
export const recipes = {
  referenceTable,
  eventStore,
  historyTable,
  readModel,
  fullTextSearch,
  timeSeries,
  keysetPagination,
  role,
  backupRoles,
  changeSource,
  search,
  vectorStore,
} as const;
