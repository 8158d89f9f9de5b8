import { z } from 'zod';
import { strict } from './strict';

/** What many parts of a contract may say. */
export const text = z.string();
export const texts = z.array(text);
export const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
export const stableId = z.string().regex(/^[A-Za-z0-9_-]+$/, {
  error: (issue) => `must hold only letters, digits, - and _; given ${JSON.stringify(issue.input)}`,
});

export const customProperties = z.array(
  strict({
    id: stableId.optional(),
    property: text,
    value: z.unknown().refine((value) => value !== undefined, { error: 'is missing; any value is allowed' }),
    description: text.optional(),
  }),
);
export const authoritativeDefinitions = z.array(
  strict({ id: stableId.optional(), url: text, type: text, description: text.optional() }),
);
