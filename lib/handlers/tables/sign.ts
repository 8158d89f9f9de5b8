import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Fetch } from '../../tables/client';

type Credentials = ConstructorParameters<typeof SignatureV4>[0]['credentials'];

/** A `fetch` whose requests AWS takes: each is signed (SigV4) for a service in a region. */
export function signedFetch(region: string, service: string, credentials: Credentials, send: Fetch = fetch): Fetch {
  const signer = new SignatureV4({ region, service, credentials, sha256: Sha256 });
  return async (url, request) => {
    const { protocol, host, hostname, pathname, searchParams } = new URL(url);
    const signed = await signer.sign({
      method: request.method,
      protocol,
      hostname,
      path: pathname,
      query: Object.fromEntries(searchParams),
      headers: { ...request.headers, host },
      body: request.body,
    });
    // The host is signed as a header, and `fetch` sets it itself.
    const { host: _, ...headers } = signed.headers;
    return send(url, { ...request, headers });
  };
}

/** Node's SHA-256 in the shape that the signer wants. */
class Sha256 {
  private hash: Hash | Hmac;

  constructor(private readonly secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = this.start();
  }

  update(chunk: string | ArrayBuffer | ArrayBufferView): void {
    this.hash.update(bytes(chunk));
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }

  reset(): void {
    this.hash = this.start();
  }

  private start(): Hash | Hmac {
    return this.secret === undefined ? createHash('sha256') : createHmac('sha256', bytes(this.secret));
  }
}

function bytes(data: string | ArrayBuffer | ArrayBufferView): string | Uint8Array {
  if (typeof data === 'string') return data;
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
