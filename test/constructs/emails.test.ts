import { backupModel } from '../../constructs/backup/model';
import { documentsModel } from '../../constructs/documents/model';
import { erasureModel } from '../../constructs/erasure/model';
import { lakeModel } from '../../constructs/lake/model';
import { migrationsModel } from '../../constructs/migrations/model';
import { pipelineModel } from '../../constructs/pipeline/model';
import { postgresModel } from '../../constructs/postgres/model';
import { manifest } from './manifest';
import { problemsOf } from './problems';

const given = { nodes: new Set<string>(), folder: '/work' };
const vpc = { vpcId: 'vpc-1', subnetIds: ['subnet-1', 'subnet-2'] };
const { facts: lake } = lakeModel('Lake', { name: 'aviation' });
const { facts: database } = postgresModel('Database', { name: 'aviation' }, { nodes: new Set(), vpc });

test.each([
  ['backups', (emails: string[]) => backupModel('It', { emails }, lake, undefined, given)],
  ['documents', (emails: string[]) => documentsModel('It', { manifest, emails }, lake, database, given)],
  ['erasure', (emails: string[]) => erasureModel('It', { manifest, emails }, lake, given)],
  [
    'migrations',
    (emails: string[]) => migrationsModel('It', { migrations: { files: [], uses: [] }, emails }, database, given),
  ],
  ['a pipeline', (emails: string[]) => pipelineModel('It', { manifest, emails }, lake, given)],
  ['a database', (emails: string[]) => postgresModel('It', { name: 'aviation', emails }, { nodes: new Set(), vpc })],
])('%s: alarms are sent to e-mail addresses, and to nothing else', (_, make) => {
  const problem = 'emails: must be e-mail addresses; given "nobody"';
  expect(problemsOf(() => make(['data@example.com', 'nobody']))).toContain(problem);
});
