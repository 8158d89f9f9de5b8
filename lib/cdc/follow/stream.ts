import type { Pgoutput } from 'pg-logical-replication';
import { CannotError, TransientError } from '../../errors';
import { connectionOf } from '../../runtime/node-postgres';
import { lsnText, parseLsn } from '../change';
import type { CdcSource } from '../declaration';
import type { OwnChange } from '../envelope/own';
import { sessionOptions } from './slot';
import { typeOfOid } from './types';

/** What a replication stream tells. Each is waited for before the next message is read. */
export interface StreamListener {
  change(change: OwnChange): Promise<void>;
  /** A transaction has ended: everything up to here, not included, has been told. */
  committed(lsn: bigint): Promise<void>;
  /** The source has nothing more to tell up to here. */
  idle(lsn: bigint): void;
}

/** A stream that is open. */
export interface OpenStream {
  /** Ends when the connection does: with the error that ended it, or without one after `close`. */
  readonly ended: Promise<void>;
  /** Tells the source that it need not keep its log up to here. Said again from time to time, lest it hang up. */
  acknowledge(lsn: bigint): void;
  close(): Promise<void>;
}

function loadReplication(): typeof import('pg-logical-replication') {
  try {
    return require('pg-logical-replication');
  } catch (error) {
    throw new CannotError(
      'To follow a database takes the packages pg and pg-logical-replication, which are not installed here; npm install pg pg-logical-replication',
      { cause: error },
    );
  }
}

/** How often the source hears from us, and says how far its log is, in milliseconds; it hangs up after a minute of silence. */
const heartbeat = 5_000;

/** Reads a source's changes from where its slot stands, by PostgreSQL's own protocol (pgoutput). */
export async function openStream(url: string, source: CdcSource, listener: StreamListener): Promise<OpenStream> {
  const { LogicalReplicationService, PgoutputPlugin } = loadReplication();
  const config = { ...connectionOf({ url }), options: sessionOptions };
  // It would acknowledge whatever has come in, applied or not, after some seconds: only we know what is applied.
  const service = new LogicalReplicationService(config as never, {
    acknowledge: { auto: false, timeoutSeconds: 0 },
    flowControl: { enabled: true },
  });
  let unread = 0;
  class RawPlugin extends PgoutputPlugin {
    override parse(buffer: Buffer): Pgoutput.Message {
      const message = super.parse(buffer);
      // Values as PostgreSQL writes them: a Date of JavaScript has no microseconds.
      if (message.tag === 'relation') for (const column of message.columns) column.parser = (text: string) => text;
      unread += 1;
      return message;
    }
  }
  const reader = new MessageReader(listener);
  let acknowledged: bigint | undefined;
  // The service says one byte more than it is told, which could skip a transaction that begins right there.
  const say = (ask = false) => {
    if (acknowledged !== undefined) void service.acknowledge(lsnText(acknowledged - 1n), ask).catch(() => false);
  };
  const timer = setInterval(() => say(true), heartbeat);
  let closing = false;
  const ended = new Promise<void>((resolve, reject) => {
    service.on('error', (error: Error) => (closing ? resolve() : reject(streamError(error))));
    service.on('data', async (_: string, message: Pgoutput.Message) => {
      try {
        await reader.read(message);
        unread -= 1;
      } catch (error) {
        reject(error as Error);
        // What follows it must not be applied before it.
        await service.stop().catch(() => undefined);
      }
    });
    service.on('heartbeat', (lsn: string) => {
      if (unread === 0 && !reader.isInTransaction) listener.idle(parseLsn(lsn));
      say();
    });
    service
      .subscribe(new RawPlugin({ protoVersion: 1, publicationNames: [source.publication] }), source.slot, '0/00000000')
      .then(
        () => (closing ? resolve() : reject(new TransientError('The source has ended the stream of its changes'))),
        (error: Error) => (closing ? resolve() : reject(streamError(error))),
      );
  });
  return {
    ended,
    acknowledge(lsn) {
      if (acknowledged !== undefined && lsn <= acknowledged) return;
      acknowledged = lsn;
      say();
    },
    async close() {
      closing = true;
      clearInterval(timer);
      say();
      // What was said is sent before the connection ends.
      await new Promise((resolve) => setTimeout(resolve, 50));
      await service.destroy().catch(() => undefined);
    },
  };
}

const streamError = (error: Error): Error =>
  error instanceof TransientError
    ? error
    : new TransientError(`The source's stream of changes: ${error.message}`, { cause: error });

/** Turns messages of pgoutput into changes. */
class MessageReader {
  private transaction: { readonly lsn: string; readonly at: string; sequence: number } | undefined;
  private readonly columns = new Map<number, OwnChange['columns']>();

  constructor(private readonly listener: StreamListener) {}

  get isInTransaction(): boolean {
    return this.transaction !== undefined;
  }

  async read(message: Pgoutput.Message): Promise<void> {
    switch (message.tag) {
      case 'begin':
        this.transaction = {
          lsn: lsnText(parseLsn(message.commitLsn ?? '0/0')),
          at: new Date(Number(BigInt(message.commitTime as bigint) / 1000n)).toISOString(),
          sequence: 0,
        };
        return;
      case 'relation':
        this.columns.set(
          message.relationOid,
          Object.fromEntries(message.columns.map((column) => [column.name, typeOfOid(column.typeOid, column.typeMod)])),
        );
        return;
      case 'insert':
        return this.row(message.relation, 'insert', message.new, null);
      case 'update':
        return this.row(message.relation, 'update', message.new, message.old ?? message.key);
      case 'delete':
        return this.row(message.relation, 'delete', {}, message.old ?? message.key);
      case 'truncate':
        for (const relation of message.relations) await this.listener.change(this.changeOf(relation, 'truncate'));
        return;
      case 'commit':
        this.transaction = undefined;
        await this.listener.committed(parseLsn(message.commitEndLsn ?? '0/0'));
        return;
      default:
    }
  }

  private async row(
    relation: Pgoutput.MessageRelation,
    operation: OwnChange['operation'],
    row: Readonly<Record<string, string | null | undefined>>,
    before: Readonly<Record<string, string | null | undefined>> | null,
  ): Promise<void> {
    const unchanged = Object.keys(row).filter((name) => row[name] === undefined);
    await this.listener.change({
      ...this.changeOf(relation, operation),
      row,
      ...(before === null ? {} : { before }),
      ...(unchanged.length === 0 ? {} : { unchanged }),
      ...(operation === 'delete' ? {} : { columns: this.columns.get(relation.relationOid) }),
    });
  }

  private changeOf({ schema, name }: Pgoutput.MessageRelation, operation: OwnChange['operation']): OwnChange {
    const transaction = this.transaction!;
    transaction.sequence += 1;
    return { operation, schema, table: name, lsn: transaction.lsn, at: transaction.at, sequence: transaction.sequence };
  }
}
