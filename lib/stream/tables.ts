import type { Manifest } from '../platform/manifest';
import type { TableSpec } from '../tables/spec';
import { partial, stateColumns, stateTable } from './partials';

/** Tables that windows keep their state in, beside the platform's own, of which `own` is one. */
export function windowSpecs(
  { streams = [], datasets }: Pick<Manifest, 'streams' | 'datasets'>,
  own: TableSpec,
): TableSpec[] {
  return streams.flatMap((stream) => {
    const dataset = datasets.find(({ zone, name }) => `${zone}.${name}` === stream.table)!;
    const { id, version } = dataset.contract;
    return stream.windows.map((window): TableSpec => {
      const table = stateTable(stream, window);
      return {
        ...own,
        table,
        location: own.location.slice(0, -own.table.length) + table,
        contract: { id, version },
        comment: `Partial aggregates of window ${window.name} of stream ${stream.name}`,
        columns: stateColumns(window, dataset),
        partitionBy: [{ column: partial.pane, transform: 'day' }],
      };
    });
  });
}
