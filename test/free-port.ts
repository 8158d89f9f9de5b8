import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port of this machine at which nobody listens. */
export const freePort = async (): Promise<number> => (await freePorts(1))[0]!;

/** Ports of this machine at which nobody listens: all are held until all are known. */
export async function freePorts(count: number): Promise<number[]> {
  const held = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = held.map((server) => (server.address() as { port: number }).port);
  await Promise.all(held.map((server) => once(server.close(), 'close')));
  return ports;
}
