import { literal } from '../sql/quote';
import { duckdbPath, type Format, pathList, probeEach, type SourceColumn, sameName } from './read';

/** Parquet, whatever codec its pages are packed with. Files of one batch may have different columns. */
export const parquet: Format = {
  probe(uris, _source, query) {
    const describe = (uri: string) => `
      SELECT column_name AS name, column_type AS type
      FROM (DESCRIBE FROM read_parquet(${literal(duckdbPath(uri))}, hive_partitioning = false))`;
    return probeEach(uris, describe, query);
  },

  readings(files) {
    const columns: SourceColumn[] = [];
    for (const column of files.flatMap((file) => file.columns)) {
      const known = columns.find(({ name }) => sameName(name, column.name));
      if (known === undefined) columns.push(column);
      // DuckDB finds a common type of its own; here it only matters that it is none that the contract has.
      else if (known.type !== column.type) columns[columns.indexOf(known)] = { name: known.name, type: 'ANY' };
    }
    const uris = files.map((file) => file.uri);
    const from = `read_parquet(${pathList(uris)}, union_by_name = true, hive_partitioning = false)`;
    return [{ files: files.map((file) => file.index), columns, from }];
  },
};
