import { Construct } from 'constructs';
import { operationsKeyId } from '../core/operations-key';
import type { KmsKey, SnsTopic } from '../core/terraform/aws';
import { givenKey, givenTopic, surroundings } from '../core/terraform/given';
import { type Grantee, grant } from '../core/terraform/grant';
import { type Lookup, render } from '../core/terraform/render';
import { type Resolved, resolve } from '../core/text';
import type { SparkApplication } from '../emr/terraform';
import type { Lake } from '../lake/terraform';
import { noticesId } from '../pipeline/ids';
import type { IPostgresDatabase } from '../postgres/terraform';
import {
  type EventStreamFacts,
  type EventStreamModel,
  eventStreamModel,
  putStatements,
  readEventStatements,
} from './model';
import type { EventStreamDeclaration } from './props';

export interface EventStreamProps extends EventStreamDeclaration {
  /** The lake whose zones hold its events, its table and its results. */
  readonly lake: Lake;
  /**
   * The database that results of windows go to, where some do. The role `ingot_stream` must be there.
   * @default none
   */
  readonly database?: IPostgresDatabase;
  /**
   * Consumes it with a job of Spark that never ends, in the place of a function: from some 50 shards on. In a network of
   * yours, from which Kinesis, or the brokers, are reached.
   * @default none: a function consumes it
   */
  readonly spark?: SparkApplication;
  /**
   * An existing topic that is told of alarms.
   * @default a new one
   */
  readonly topic?: Pick<SnsTopic, 'arn'>;
  /**
   * An existing key for logs, topic and environments. Its policy must let the services in `servicesUseOperationsKey` use
   * it.
   * @default a new one
   */
  readonly operationsKey?: Pick<KmsKey, 'arn' | 'keyId'>;
}

/** A stream of events: kept in bronze as they come, validated by their contract into a table and windows. */
export class EventStream extends Construct {
  /** What was decided, before any engine. */
  readonly model: EventStreamModel;
  /** ARNs of the stream, the consumer and what else others need. */
  readonly facts: Resolved<EventStreamFacts>;
  readonly #lookup: Lookup;

  constructor(scope: Construct, id: string, props: EventStreamProps) {
    super(scope, id);
    const { operationsKey: key, topic, database, spark } = props;
    const given = {
      ...givenKey(operationsKeyId, key),
      ...givenTopic(noticesId, topic),
    };
    this.model = eventStreamModel(this.node.path, props, props.lake.facts, {
      ...surroundings(this, given),
      folder: process.cwd(),
      database: database?.facts,
      spark: spark?.facts,
    });
    this.#lookup = render(this, this.model.nodes, given);
    this.facts = resolve(this.model.facts, this.#lookup);
  }

  /** Lets a role put events. */
  grantPut(role: Grantee): void {
    grant(this, 'Put', role, putStatements(this.model.facts), this.#lookup);
  }

  /** Lets a role read events from the stream. */
  grantRead(role: Grantee): void {
    grant(this, 'Read', role, readEventStatements(this.model.facts), this.#lookup);
  }
}
