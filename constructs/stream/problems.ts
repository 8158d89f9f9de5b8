import { givenAllowed, type Problem } from '../../lib/errors';
import { windowsIntoPostgres } from '../../lib/sizing/consumers';
import { isToken } from '../../lib/token';
import { icebergCatalogProblems } from '../core/iceberg-catalog';
import { logRetentionProblems } from '../core/log-retention';
import { numberProblems } from '../core/names';
import type { SparkApplicationFacts } from '../emr/model';
import { type ConsumingJob, consumingJobProblems, lengthProblems } from '../emr/streaming-problems';
import { manifestProblems } from '../lake/manifest';
import type { LakeFacts } from '../lake/model';
import { emailProblems } from '../pipeline/notices';
import { consumerProblems, kinesisProblems } from './function-consumer';
import type { EventStreamDeclaration } from './props';
import type { Setting } from './setting';

/** What must hold before anything is decided: there is such a stream, and the lake has its zones. */
export function streamProblems(
  where: string,
  { manifest, stream }: EventStreamDeclaration,
  lake: LakeFacts,
): Problem[] {
  const names = manifest.streams?.map(({ name }) => name) ?? [];
  return [
    ...(names.includes(stream)
      ? []
      : [{ where, path: 'stream', message: `must be a stream of the manifest; ${givenAllowed(stream, names)}` }]),
    ...manifestProblems(where, manifest, lake),
  ];
}

export function settingProblems(
  where: string,
  declared: EventStreamDeclaration,
  { source, bronze, consumer, job, alarms, stream }: Setting,
  hasDatabase: boolean,
): Problem[] {
  const problems: Problem[] = [];
  const number = (path: string, given: number, min: number, max: number) =>
    problems.push(...numberProblems(where, path, given, { min, max, whole: true }));
  const problem = (path: string, message: string) => problems.push({ where, path, message });
  if (source.kind === 'kinesis') problems.push(...kinesisProblems(where, 'source', source));
  else if (!/^[a-zA-Z0-9._-]{1,249}$/.test(source.topic))
    problem('source.topic', `must be the name of a topic; given ${JSON.stringify(source.topic)}`);
  if (bronze === false && consumer === false)
    problem('consumer', 'must not be false where bronze is false too: nothing would read the stream');
  if (bronze !== false) {
    number('bronze.bufferMb', bronze.bufferMb, 64, 128);
    number('bronze.bufferSeconds', bronze.bufferSeconds, 60, 900);
    if (bronze.sourceField !== undefined && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(bronze.sourceField))
      problem('bronze.sourceField', `must be a field of an event; given ${JSON.stringify(bronze.sourceField)}`);
  }
  if (consumer !== false) {
    const retentionHours = source.kind === 'kinesis' && job === undefined ? source.retentionHours : undefined;
    problems.push(...consumerProblems(where, consumer, retentionHours));
    const windows = windowsIntoPostgres(stream);
    if (windows.length > 0 && !hasDatabase && job === undefined)
      problem('database', `must be given, since results go to PostgreSQL (${windows.join(', ')}); given nothing`);
  }
  if (alarms.behindMinutes !== false) number('alarms.behindMinutes', alarms.behindMinutes, 1, 10_080);
  if (alarms.latePercent !== false)
    problems.push(
      ...numberProblems(where, 'alarms.latePercent', alarms.latePercent, { min: 0, max: 100, whole: false }),
    );
  if (
    declared.compliance === 'regulated' &&
    consumer !== false &&
    job === undefined &&
    declared.deadLetterReplica === undefined
  )
    problem('deadLetterReplica', 'must be given, since compliance is "regulated"; given nothing');
  problems.push(...emailProblems(where, declared.emails));
  return [
    ...problems,
    ...icebergCatalogProblems(where, declared.icebergCatalog),
    ...logRetentionProblems(where, declared.logRetentionDays ?? 90),
  ];
}

/** What a job needs that consumes a stream, and what is said of it. */
export function jobProblems(
  where: string,
  { consumer }: EventStreamDeclaration,
  { job, source, stream }: Setting,
  spark: SparkApplicationFacts | undefined,
): Problem[] {
  const problem = (path: string, message: string): Problem => ({ where, path, message });
  if (consumer === false)
    return spark === undefined
      ? []
      : [problem('consumer', 'must not be false where spark is given: a job of it would consume')];
  const windows = windowsIntoPostgres(stream);
  return [
    ...consumingJobProblems(where, consumer, job, source.kind === 'kinesis' ? 'Kinesis' : 'brokers of Kafka'),
    ...(job !== undefined && windows.length > 0
      ? [
          problem(
            'spark',
            `must not be given where results go to PostgreSQL (${windows.join(', ')}), which jobs do not reach: let a function consume, or write them to tables`,
          ),
        ]
      : []),
    ...(job === undefined ? [] : sourceProblems(where, source, job)),
  ];
}

function sourceProblems(where: string, source: Setting['source'], job: ConsumingJob): Problem[] {
  const problem = (path: string, message: string): Problem => ({ where, path, message });
  if (source.kind === 'kinesis')
    return source.fanOut
      ? [
          problem(
            'source.fanOut',
            'must be false where spark is given: its jobs read with shared throughput; given true',
          ),
        ]
      : [];
  const { brokers } = source;
  const jars =
    job.jars.length === 0
      ? [
          problem(
            'consumer.spark.jars',
            "must name Spark's connector to Kafka and what it needs, since EMR brings none; given nothing",
          ),
        ]
      : [];
  if (brokers === undefined)
    return [
      problem('source.brokers', 'must be given, since jobs of Spark are not told by the cluster; given nothing'),
      ...jars,
    ];
  return [...lengthProblems(where, 'source.brokers', brokers), ...brokerProblems(where, brokers, job), ...jars];
}

/** Of brokers, and of the ports at which they answer; of a token no port is known, so that any will do that is let out. */
function brokerProblems(where: string, brokers: string, { spark: { letsOut } }: ConsumingJob): Problem[] {
  const given = `given ${letsOut.length === 0 ? 'one that lets them connect to 443 alone' : `letsOut: [${letsOut.join(', ')}]`}`;
  const mustLetOut = (ports: string): Problem => ({
    where,
    path: 'spark',
    message: `must be an application that lets workers connect to the brokers: letsOut: [${ports}] of SparkApplication; ${given}`,
  });
  if (isToken(brokers)) return letsOut.length === 0 ? [mustLetOut('9098')] : [];
  if (!/^[^\s,:]+:\d+(,[^\s,:]+:\d+)*$/.test(brokers))
    return [
      {
        where,
        path: 'source.brokers',
        message: `must be host:port, separated by commas; given ${JSON.stringify(brokers)}`,
      },
    ];
  const ports = [...new Set(brokers.split(',').map((broker) => Number(broker.split(':')[1])))];
  return ports.every((port) => port === 443 || letsOut.includes(port))
    ? []
    : [mustLetOut(ports.filter((port) => port !== 443).join(', '))];
}
