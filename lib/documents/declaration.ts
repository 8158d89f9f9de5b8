import { z } from 'zod';
import { strict } from '../contract/strict';
import { givenAllowed } from '../errors';
import type { Zone } from '../platform/manifest';
import type { Store } from '../vector/store';
import type { Chunker } from './chunk';
import { embeddingModels } from './models';

/** Documents of a lake that are put into a vector store, as a user declares them. */
export interface DocumentsDeclaration {
  /** The store, by its name. It must have an embedder. */
  readonly store: string;
  /**
   * Zone whose files they are.
   * @default the first that holds files
   */
  readonly zone?: string;
  /**
   * Where their objects lie in the zone: every object below this prefix is a document, or with `.jsonl` many.
   * @default documents/<name>
   */
  readonly prefix?: string;
  /**
   * SQL over the platform's tables whose rows are documents too: columns `id`, `title` and `text`, and metadata. They are
   * written below the prefix as one object, `<name>.jsonl`, whenever they have changed.
   * @default none
   */
  readonly query?: string;
  readonly chunker?: ChunkerDeclaration;
  /**
   * Size of an object in MB, at most 50; a larger one is refused.
   * @default 25
   */
  readonly maxMb?: number;
}

/** How documents are cut into what is embedded and found. */
export interface ChunkerDeclaration {
  /**
   * `headings`: a chunk holds text below one heading only. `tokens`: the text as one, whatever its headings.
   * @default headings
   */
  readonly by?: 'headings' | 'tokens';
  /** The most tokens of a chunk, from 16. @default 256 */
  readonly tokens?: number;
  /** Tokens that a chunk shares with the one before it, where text was cut between them. @default 32 */
  readonly overlap?: number;
}

/** Documents that are put into a vector store, resolved: part of the manifest. */
export interface DocumentIngestion {
  readonly name: string;
  readonly store: string;
  readonly zone: string;
  /** Without a slash at its end. */
  readonly prefix: string;
  /** SQL whose rows are documents too. */
  readonly query?: string;
  readonly chunker: Chunker;
  readonly maxBytes: number;
}

const name = z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, {
  error: (issue) => `must be lower-case letters, digits and single hyphens; given ${JSON.stringify(issue.input)}`,
});

/** What `platform.yaml` may say under `documents`. */
export const documentsWords = z
  .record(
    name.max(40),
    strict({
      store: z.string().describe('The vector store that they are put into, by its name.'),
      zone: z.string().optional().describe('Zone whose files they are. By default the first that holds files.'),
      prefix: z
        .string()
        .regex(/^[A-Za-z0-9_.=-]+(\/[A-Za-z0-9_.=-]+)*$/, {
          error: (issue) =>
            `must be folder names parted by slashes, without one at either end; given ${JSON.stringify(issue.input)}`,
        })
        .optional()
        .describe('Where their objects lie in the zone. By default documents/<name>.'),
      query: z
        .string()
        .min(1)
        .optional()
        .describe("SQL over the platform's tables whose rows are documents: columns id, title, text, and metadata."),
      chunker: strict({
        by: z
          .enum(['headings', 'tokens'])
          .optional()
          .describe('headings: a chunk holds text below one heading only. By default headings.'),
        tokens: z.int().min(16).max(8192).optional().describe('The most tokens of a chunk. By default 256.'),
        overlap: z.int().min(0).optional().describe('Tokens that neighbouring chunks share. By default 32.'),
      })
        .optional()
        .describe('How documents are cut into what is embedded and found.'),
      maxMb: z
        .number()
        .gt(0)
        .max(50)
        .optional()
        .describe('Size of an object in MB, at most 50; a larger one is refused. By default 25.'),
    }),
  )
  .describe('Documents of the lake that are put into vector stores, by name.');

type Declared = Readonly<Record<string, DocumentsDeclaration>>;

/** One sentence for each thing that is wrong with documents and that their words alone do not show. */
export function documentsProblems(
  declared: Declared,
  stores: readonly Store[],
  zones: readonly Zone[],
  /** Prefixes that files of tables arrive under. */
  taken: readonly { readonly zone: string; readonly prefix: string }[],
): { readonly path: readonly (string | number)[]; readonly message: string }[] {
  const files = zones.filter(({ holds }) => holds === 'files').map((zone) => zone.name);
  const below = (one: string, other: string) => `${one}/`.startsWith(`${other}/`);
  return resolveDocuments(declared, stores, zones).flatMap((documents, i, all) => {
    const problems: { path: readonly string[]; message: string }[] = [];
    const add = (field: string, message: string) => problems.push({ path: [documents.name, field], message });
    const store = stores.find((one) => one.name === documents.store);
    if (store === undefined)
      add(
        'store',
        `must be a vector store of the platform; ${givenAllowed(
          documents.store,
          stores.map((one) => one.name),
        )}`,
      );
    else if (store.embedder === undefined) add('store', `must be a store with an embedder; ${store.name} has none`);
    if (!files.includes(documents.zone))
      add('zone', `must be a zone that holds files; ${givenAllowed(documents.zone, files)}`);
    const { tokens, overlap } = documents.chunker;
    if (overlap * 2 > tokens)
      add('chunker', `must have an overlap of at most half its tokens, ${Math.floor(tokens / 2)}; given ${overlap}`);
    const model = embeddingModels[store?.embedder ?? ''];
    if (model !== undefined && tokens > model.maxTokens)
      add('chunker', `must have at most ${model.maxTokens} tokens, which ${store!.embedder} takes; given ${tokens}`);
    const others = [...taken, ...all.slice(0, i)];
    for (const other of others)
      if (
        other.zone === documents.zone &&
        (below(other.prefix, documents.prefix) || below(documents.prefix, other.prefix))
      )
        add('prefix', `must be its own: ${other.prefix} in ${other.zone} is used already; given ${documents.prefix}`);
    return problems;
  });
}

/** Applies the defaults, in the order of names. Says nothing of validity: see `documentsProblems`. */
export function resolveDocuments(
  declared: Declared,
  stores: readonly Store[],
  zones: readonly Zone[],
): DocumentIngestion[] {
  return Object.entries(declared)
    .map(([documents, { store, zone, prefix, query, chunker, maxMb }]): DocumentIngestion => {
      const model = embeddingModels[stores.find((one) => one.name === store)?.embedder ?? ''];
      return {
        name: documents,
        store,
        zone: zone ?? zones.find(({ holds }) => holds === 'files')?.name ?? '',
        prefix: prefix ?? `documents/${documents}`,
        ...(query === undefined ? {} : { query: query.trim().replace(/;$/, '') }),
        chunker: {
          by: chunker?.by ?? 'headings',
          tokens: chunker?.tokens ?? 256,
          overlap: chunker?.overlap ?? 32,
          maxCharacters: model?.maxCharacters ?? 50_000,
        },
        maxBytes: Math.floor((maxMb ?? 25) * 1_000_000),
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
