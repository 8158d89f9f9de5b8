import { givenAllowed, type Problem } from '../../lib/errors';
import { networkProblems } from '../core/compliance';
import { icebergCatalogProblems } from '../core/iceberg-catalog';
import { logRetentionProblems } from '../core/log-retention';
import { numberProblems } from '../core/names';
import { consumingJobProblems } from '../emr/streaming-problems';
import { manifestProblems } from '../lake/manifest';
import type { LakeFacts } from '../lake/model';
import type { VpcFacts } from '../network/model';
import { emailProblems } from '../pipeline/notices';
import type { DatabaseFacts } from '../postgres/facts';
import { consumerProblems, kinesisProblems } from '../stream/function-consumer';
import type { ChangeDataCaptureDeclaration } from './props';
import { ownName, type Setting } from './setting';

/** What is around it: what must be given depends on the source. */
export interface Around {
  readonly database?: DatabaseFacts;
  readonly vpc?: VpcFacts;
}

/** The longest name that leaves room for what ends it in a bucket's 63 characters: a purpose, the account and the region. */
const longestName = 30;

/** What must hold before anything is decided: there is such a source, it can be reached, and the lake has its zones. */
export function sourceProblems(
  where: string,
  declared: ChangeDataCaptureDeclaration,
  lake: LakeFacts,
  { database, vpc }: Around,
): Problem[] {
  const { manifest, source: name } = declared;
  const problems: Problem[] = [];
  const problem = (path: string, message: string) => problems.push({ where, path, message });
  const names = manifest.cdc?.map((source) => source.name) ?? [];
  const source = manifest.cdc?.find((one) => one.name === name);
  if (source === undefined)
    problem('source', `must be a source of changes of the manifest; ${givenAllowed(name, names)}`);
  else if (source.deployed === undefined)
    problem(
      'source',
      `must follow a database that can be deployed to: the platform has none of its own, and ${name} names none by source`,
    );
  else if (source.deployed.from === 'own' && database === undefined)
    problem('database', `must be given, since ${name} follows the platform's own; given nothing`);
  else if (source.deployed.from !== 'own' && vpc === undefined)
    problem(
      'sourceNetwork',
      `must be given (to a Platform as network in platform.yaml): the VPC from which ${source.deployed.from.host} is reached; given nothing`,
    );
  const own = ownName(declared);
  if (own.length > longestName)
    problem(
      'source',
      `must have a name that makes, with the platform's, at most ${longestName} characters of ${own}; it has ${own.length}`,
    );
  return [...problems, ...manifestProblems(where, manifest, lake)];
}

export function settingProblems(
  where: string,
  declared: ChangeDataCaptureDeclaration,
  { stream, consumer, job, alarms }: Setting,
  logRetentionDays: number,
): Problem[] {
  const problems: Problem[] = [
    ...kinesisProblems(where, 'stream', stream),
    ...consumerProblems(where, consumer, job === undefined ? stream.retentionHours : undefined),
  ];
  const number = (path: string, given: number, min: number, max: number) =>
    problems.push(...numberProblems(where, path, given, { min, max, whole: true }));
  const problem = (path: string, message: string) => problems.push({ where, path, message });
  if (alarms.behindMinutes !== false) number('alarms.behindMinutes', alarms.behindMinutes, 1, 10_080);
  if (alarms.driftKeys !== false) number('alarms.driftKeys', alarms.driftKeys, 0, 1_000_000_000);
  if (alarms.refusedChanges !== false) number('alarms.refusedChanges', alarms.refusedChanges, 0, 1_000_000_000);
  problems.push(...emailProblems(where, declared.emails));
  if (declared.compliance === 'regulated' && job === undefined && declared.deadLetterReplica === undefined)
    problem('deadLetterReplica', 'must be given, since compliance is "regulated"; given nothing');
  return [
    ...problems,
    ...consumingJobProblems(where, declared.consumer, job, 'Kinesis'),
    ...networkProblems(where, declared),
    ...icebergCatalogProblems(where, declared.icebergCatalog),
    ...logRetentionProblems(where, logRetentionDays),
  ];
}
