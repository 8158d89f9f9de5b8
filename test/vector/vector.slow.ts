import { openPglite } from '../../lib/runtime/pglite';
import type { Postgres } from '../../lib/runtime/postgres';
import { type RealPostgres, realPostgres } from '../postgres/server';
import { storeSuite } from './suite';

let server: RealPostgres | undefined;
let postgres: Postgres | undefined;
beforeAll(async () => {
  server = await realPostgres();
  // Where there is none, which was said loudly, nothing new is tried.
  postgres = (await server?.database('stores')) ?? (await openPglite());
});
afterAll(async () => {
  await postgres?.close();
  await server?.stop();
});

describe('a real PostgreSQL', () => storeSuite(() => postgres!));
