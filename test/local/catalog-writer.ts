/**
 * A process of its own that commits to a table as fast as it can, through a catalog server of its own over a shared
 * folder. It prints the id of each snapshot that the catalog has confirmed, and is made to be killed at any moment.
 *
 *     node writer.js <folder> <root> <namespace> <table> <number of commits> <first id>
 */
import { startCatalog } from '../../lib/local/catalog';
import { parseJson, toJson } from '../../lib/tables/json';
import type { TableMetadata } from '../../lib/tables/metadata';

async function main([folder, root, namespace, table, commits, first]: string[]): Promise<void> {
  const catalog = await startCatalog({ folder: folder!, roots: [root!] });
  const url = `${catalog.uri}/v1/local/namespaces/${namespace}/tables/${table}`;
  for (let done = 0; done < Number(commits); ) {
    const { metadata } = parseJson(await (await fetch(url)).text()) as { metadata: TableMetadata };
    const current = metadata.refs.main?.['snapshot-id'];
    const id = BigInt(first!) + BigInt(done);
    const body = {
      requirements: [
        { type: 'assert-table-uuid', uuid: metadata['table-uuid'] },
        { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': current ?? null },
      ],
      updates: [
        {
          action: 'add-snapshot',
          snapshot: {
            'snapshot-id': id,
            ...(current === undefined ? {} : { 'parent-snapshot-id': current }),
            'sequence-number': BigInt(metadata['last-sequence-number']) + 1n,
            'timestamp-ms': Date.now(),
            'manifest-list': `${root}/${table}/metadata/none.avro`,
            summary: { operation: 'append' },
          },
        },
        { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': id },
      ],
    };
    const response = await fetch(url, { method: 'POST', body: toJson(body) });
    if (response.status === 200) {
      // A write to a pipe is complete when this returns: what was printed is what was confirmed.
      process.stdout.write(`${id}\n`);
      done++;
    } else if (response.status !== 409) throw new Error(`${response.status}: ${await response.text()}`);
  }
  await catalog.close();
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
