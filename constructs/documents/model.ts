import type { DocumentIngestion } from '../../lib/documents/declaration';
import { refusedMessage } from '../../lib/documents/refused';
import { assertValid } from '../../lib/errors';
import { deepFreeze } from '../../lib/freeze';
import { documentsRole } from '../../lib/vector/store';
import { atFirst } from '../core/alarm';
import { type FunctionNetwork, networkProblems, regulate } from '../core/compliance';
import { type HandlerDecision, handlerNodes } from '../core/handler';
import type { IcebergCatalog } from '../core/iceberg-catalog';
import { manifestLayer, runtimeFile, runtimeLayer } from '../core/layers';
import { pascal } from '../core/names';
import type { Node, Statement } from '../core/nodes';
import { operationsKey, useOperationsKey } from '../core/operations-key';
import { scheduleNodes } from '../core/schedules';
import { ref, type Text, text } from '../core/text';
import { idProblems } from '../core/unique';
import { readStatements } from '../lake/grants';
import type { LakeFacts, ZoneFacts } from '../lake/model';
import { arrivalsQueue } from '../pipeline/arrivals';
import { lakeEnvironment, zoneRoots } from '../pipeline/functions';
import { deadLettersId, noticesId } from '../pipeline/ids';
import { deadLetterAlarm, deadLetterQueue, notices, withoutGiven } from '../pipeline/notices';
import { connectStatements, type DatabaseFacts, inDatabaseNetwork, roleEnvironment } from '../postgres/facts';
import type { SearchDeclaration } from '../vector/props';
import { modelStatements, type SearchGiven, searchSetting } from '../vector/setting';

/** What may be said of the ingestion of documents, whichever engine makes it. */
export interface DocumentsDeclaration extends SearchDeclaration {
  /**
   * Whether stores are compared with all documents, and documents of queries written, regularly. With false both start
   * only by hand.
   * @default true
   */
  readonly scheduled?: boolean;
  /**
   * Zip of the native runtime (DuckDB and its extensions) for `architecture`, as `ingot runtime` writes it. Only where
   * documents have a query.
   * @default `.ingot/runtime/<architecture>.zip` in the folder where synth runs
   */
  readonly runtime?: string;
  /**
   * Another Iceberg REST catalog that holds the tables of queries than Glue's own.
   * @default Glue's, in the account and region of the stack
   */
  readonly icebergCatalog?: IcebergCatalog;
  /**
   * Where the function that runs queries is, which reaches Glue and S3 from there. The other is in the database's.
   * @default in none
   */
  readonly network?: FunctionNetwork;
}

export interface DocumentsModel {
  readonly nodes: readonly Node[];
  readonly facts: DocumentsFacts;
}

/** What others need to know of the ingestion of documents. Once rendered, every text is the engine's token. */
export interface DocumentsFacts {
  readonly functionArn: Text;
  /** What waits to be ingested. */
  readonly queueArn: Text;
  /** What could not be, after five attempts. */
  readonly deadLetters: Text;
}

export interface DocumentsGiven extends SearchGiven {
  /** Where synth runs, for the runtime's default place. */
  readonly folder: string;
}

const queueId = 'DocumentsQueue';
/** Longest that a call may take; a message comes again once it has surely ended. */
const timeoutSeconds = 900;

/**
 * Decides how documents of a lake get into vector stores: S3 tells of objects, a queue keeps what it tells, a function
 * ingests them; what fails five times is a dead letter, with an alarm. Every hour the stores are compared with what there
 * is, so that what nobody told of is found too.
 *
 * @param path the construct's path, for messages
 * @throws InvalidInputError with every problem of the declaration
 */
export function documentsModel(
  path: string,
  declared: DocumentsDeclaration,
  lake: LakeFacts,
  database: DatabaseFacts,
  given: DocumentsGiven,
): DocumentsModel {
  const setting = searchSetting(path, declared, given);
  const { manifest, compliance } = declared;
  const documents = manifest.documents ?? [];
  const hasQueries = documents.some(({ query }) => query !== undefined);
  assertValid([
    ...(documents.length > 0
      ? []
      : [{ where: path, path: 'manifest.documents', message: 'must name documents; given none' }]),
    ...(hasQueries ? networkProblems(path, declared) : []),
  ]);
  const own = `${manifest.name}-documents`;
  const { keyArn, architecture } = setting;
  const runtime = declared.runtime ?? runtimeFile(given.folder, architecture);
  const zones = lake.zones.filter(({ name }) => documents.some(({ zone }) => zone === name));
  const regulation = { compliance, deadLetterArn: ref(deadLettersId, 'arn'), keyArn };
  const ingesting = regulate(
    [
      ...handlerNodes(ingestHandler(declared, zones, database), setting),
      {
        kind: 'eventSource',
        id: 'DocumentsSource',
        functionName: ref('DocumentsFunction', 'name'),
        sourceArn: ref(queueId, 'arn'),
        batchSize: 10,
        batchSeconds: 5,
        // As many as a model of Bedrock lets an account call at once without much throttling.
        concurrency: 4,
      },
    ],
    { ...regulation, network: undefined, concurrency: () => 6 },
  );
  const exporting = hasQueries
    ? regulate([runtimeLayer(own, runtime, architecture), ...handlerNodes(exportHandler(declared, lake), setting)], {
        ...regulation,
        network: declared.network,
        concurrency: () => 2,
      })
    : [];
  const scheduled = (declared.scheduled ?? true) ? schedules(own, hasQueries) : [];
  const all: Node[] = [
    operationsKey(own, 'operations', setting.removal),
    ...notices(own, declared.emails ?? [], keyArn),
    deadLetterQueue(own, keyArn),
    ...arrivals(own, documents, zones, keyArn),
    manifestLayer(own, `Vector stores and documents of ${manifest.name}`, manifest, setting.architecture),
    ...inDatabaseNetwork(ingesting, database),
    ...exporting,
    ...regulate(scheduled, { ...regulation, network: undefined, concurrency: () => 1 }),
    deadLetterAlarm(own),
    ...refused(own),
  ];
  const nodes = withoutGiven(all, given.nodes);
  assertValid(idProblems(path, nodes));
  return deepFreeze({
    nodes,
    facts: {
      functionArn: ref('DocumentsFunction', 'arn'),
      queueArn: ref(queueId, 'arn'),
      deadLetters: ref(deadLettersId, 'arn'),
    },
  });
}

/** Documents in quarantine hold up nothing, and so would be seen by nobody: the function's log is counted. */
function refused(own: string): Node[] {
  const metric = `${own}-refused`;
  const namespace = 'Ingot/Documents';
  return [
    {
      kind: 'metricFilter',
      id: 'RefusedDocuments',
      name: metric,
      logGroupName: ref('DocumentsLogGroup', 'name'),
      pattern: `"${refusedMessage}"`,
      namespace,
      metric,
    },
    {
      kind: 'alarm',
      id: 'RefusedAlarm',
      name: metric,
      description: `Documents could not be taken up and are in quarantine: search.objects in the database says which, and why. ${own}.`,
      metrics: [
        { id: 'value', returns: true, namespace, name: metric, dimensions: {}, statistic: 'Sum', periodSeconds: 300 },
      ],
      ...atFirst,
      actions: [ref(noticesId, 'arn')],
    },
  ];
}

/** The queue, and the rules that bring S3's events into it: what was written, and what was deleted. */
function arrivals(
  own: string,
  documents: readonly DocumentIngestion[],
  zones: readonly ZoneFacts[],
  keyArn: Text,
): Node[] {
  return [
    arrivalsQueue({ id: queueId, name: own, keyArn, visibilitySeconds: 6 * timeoutSeconds }),
    ...zones.flatMap((zone): Node[] => {
      const prefixes = documents
        .filter((one) => one.zone === zone.name)
        .map(({ prefix }) => ({ prefix: `${prefix}/` }));
      return [
        {
          kind: 'eventRule',
          id: `${pascal(zone.name)}Documents`,
          name: `${own}-${zone.name.replaceAll('_', '-')}`,
          description: `Documents that are written to ${zone.name}, or deleted`,
          pattern: {
            source: ['aws.s3'],
            'detail-type': ['Object Created', 'Object Deleted'],
            detail: { bucket: { name: [zone.bucketName] }, object: { key: prefixes } },
          },
          targetArn: ref(queueId, 'arn'),
          deadLetterArn: ref(deadLettersId, 'arn'),
        },
      ];
    }),
  ];
}

function ingestHandler(
  { manifest }: DocumentsDeclaration,
  zones: readonly ZoneFacts[],
  database: DatabaseFacts,
): HandlerDecision {
  const documents = manifest.documents ?? [];
  const filled = (manifest.stores ?? []).filter(({ name }) => documents.some(({ store }) => store === name));
  return {
    id: 'Documents',
    bundle: 'documents',
    functionName: `${manifest.name}-documents`,
    description: 'Puts documents into vector stores: text, chunks, vectors',
    // A PDF of 50 MB is read whole.
    memoryMb: 2048,
    timeoutSeconds,
    diskMb: 512,
    layers: [ref('ManifestLayer', 'arn')],
    environment: {
      ...roleEnvironment(database, documentsRole),
      INGOT_ZONES: zoneRoots(zones),
      INGOT_DOCUMENTS_QUEUE: ref(queueId, 'url'),
    },
    statements: [
      ...connectStatements(database, documentsRole),
      ...modelStatements(filled, { replaced: false }),
      ...prefixStatements(documents, zones, ['s3:GetObject']),
      {
        sid: 'UseQueue',
        effect: 'Allow',
        actions: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage', 'sqs:SendMessage'],
        resources: [ref(queueId, 'arn')],
      },
      useOperationsKey,
    ],
  };
}

function exportHandler({ manifest, icebergCatalog }: DocumentsDeclaration, lake: LakeFacts): HandlerDecision {
  const documents = (manifest.documents ?? []).filter(({ query }) => query !== undefined);
  const zones = lake.zones.filter(({ name }) => documents.some(({ zone }) => zone === name));
  return {
    id: 'Export',
    bundle: 'export',
    functionName: `${manifest.name}-documents-export`,
    description: 'Writes rows of tables as documents',
    memoryMb: 3008,
    timeoutSeconds,
    diskMb: 2048,
    layers: [ref('RuntimeLayer', 'arn'), ref('ManifestLayer', 'arn')],
    environment: lakeEnvironment(lake, icebergCatalog),
    statements: [
      ...readStatements(
        lake,
        lake.zones.filter(({ holds }) => holds === 'iceberg'),
      ),
      ...prefixStatements(documents, zones, ['s3:GetObject', 's3:PutObject']),
    ],
  };
}

/** Objects below the documents' prefixes, and their names; no other of the zone. */
function prefixStatements(
  documents: readonly DocumentIngestion[],
  zones: readonly ZoneFacts[],
  actions: readonly string[],
): Statement[] {
  const keys = zones.flatMap(({ keyArn }) => (keyArn === undefined ? [] : [keyArn]));
  const writes = actions.includes('s3:PutObject');
  return [
    {
      sid: 'DocumentObjects',
      because: 'Documents come and go; their prefixes are named one by one.',
      effect: 'Allow',
      actions,
      resources: zones.flatMap((zone) =>
        documents.filter((one) => one.zone === zone.name).map(({ prefix }) => text`${zone.bucketArn}/${prefix}/*`),
      ),
    },
    {
      // Not narrowed to prefixes: without it S3 says "forbidden" of an object that is gone.
      sid: 'ListDocuments',
      effect: 'Allow',
      actions: ['s3:ListBucket'],
      resources: zones.map(({ bucketArn }) => bucketArn),
    },
    ...(keys.length === 0
      ? []
      : [
          {
            sid: 'DocumentKeys',
            effect: 'Allow' as const,
            actions: ['kms:Decrypt', ...(writes ? ['kms:GenerateDataKey'] : [])],
            resources: keys,
          },
        ]),
  ];
}

function schedules(own: string, hasQueries: boolean): Node[] {
  const [documents, exporting] = [ref('DocumentsFunction', 'arn'), ref('ExportFunction', 'arn')];
  const expression = 'rate(1 hour)';
  return scheduleNodes(
    {
      id: 'DocumentsScheduleRole',
      description: `${own}: compares stores with documents on schedule`,
      statements: [
        {
          sid: 'CallFunctions',
          effect: 'Allow',
          actions: ['lambda:InvokeFunction'],
          resources: [documents, ...(hasQueries ? [exporting] : [])],
        },
      ],
      deadLetterArn: ref(deadLettersId, 'arn'),
    },
    [
      {
        id: 'CompareSchedule',
        name: `${own}-compare`,
        description: 'Compares vector stores with all documents',
        expression,
        targetArn: documents,
        input: { action: 'compare' },
      },
      ...(hasQueries
        ? [
            {
              id: 'ExportSchedule',
              name: `${own}-export`,
              description: 'Writes rows of tables as documents, where they have changed',
              expression,
              targetArn: exporting,
            },
          ]
        : []),
    ],
  );
}
