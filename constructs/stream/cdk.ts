import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { type IStream, Stream } from 'aws-cdk-lib/aws-kinesis';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Function as Fn, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { type IStateMachine, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { givenKey, givenTopic, surroundings } from '../core/cdk/given';
import { grant } from '../core/cdk/grant';
import { type Lookup, render } from '../core/cdk/render';
import { operationsKeyId } from '../core/operations-key';
import { type Resolved, resolve } from '../core/text';
import type { SparkApplication } from '../emr/cdk';
import type { Lake } from '../lake/cdk';
import { noticesId } from '../pipeline/ids';
import type { IPostgresDatabase } from '../postgres/cdk';
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
   * An existing topic that is told of alarms, for example `pipeline.notices`.
   * @default a new one
   */
  readonly topic?: ITopic;
  /**
   * An existing key for logs, topic and environments. Its policy must let the services in `servicesUseOperationsKey` use
   * it.
   * @default a new one
   */
  readonly operationsKey?: IKey;
}

/** A stream of events: kept in bronze as they come, validated by their contract into a table and windows. */
export class EventStream extends Construct {
  /** Absent where events come from Kafka. */
  readonly stream?: IStream;
  /** Absent where nothing consumes it, or a job does. */
  readonly consumer?: IFunction;
  /** Keeps the job of Spark at work that consumes it; absent where none does. */
  readonly jobMachine?: IStateMachine;
  /** What was decided, before any engine. */
  readonly model: EventStreamModel;
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
    const { stream, consumer } = this.facts;
    if (stream !== undefined)
      this.stream = Stream.fromStreamAttributes(this, 'Imported', {
        streamArn: stream.arn,
        encryptionKey: Key.fromKeyArn(this, 'ImportedKey', stream.keyArn),
      });
    if (consumer?.functionArn !== undefined) this.consumer = Fn.fromFunctionArn(this, 'Consumer', consumer.functionArn);
    if (consumer?.jobMachineArn !== undefined)
      this.jobMachine = StateMachine.fromStateMachineArn(this, 'JobMachine', consumer.jobMachineArn);
  }

  /** Lets a principal put events. */
  grantPut(grantee: IGrantable): void {
    grant(this, grantee, putStatements(this.model.facts), this.#lookup);
  }

  /** Lets a principal read events from the stream. */
  grantRead(grantee: IGrantable): void {
    grant(this, grantee, readEventStatements(this.model.facts), this.#lookup);
  }
}
