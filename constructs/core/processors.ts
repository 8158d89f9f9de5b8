import type { DeliveryStreamNode } from './nodes';
import type { Resolved } from './text';

/** What Firehose does with each record, in the words that both engines hand on to it. */
export function processors({ partitions, parquet }: Pick<Resolved<DeliveryStreamNode>, 'partitions' | 'parquet'>): {
  readonly type: string;
  readonly parameters: readonly (readonly [name: string, value: string])[];
}[] {
  return [
    ...(partitions === undefined
      ? []
      : [
          {
            type: 'MetadataExtraction',
            parameters: [
              [
                'MetadataExtractionQuery',
                `{${Object.entries(partitions)
                  .map(([name, query]) => `${name}:${query}`)
                  .join(',')}}`,
              ],
              ['JsonParsingEngine', 'JQ-1.6'],
            ] as const,
          },
        ]),
    ...(parquet === undefined
      ? [{ type: 'AppendDelimiterToRecord', parameters: [['Delimiter', '\\n']] as const }]
      : []),
  ];
}
