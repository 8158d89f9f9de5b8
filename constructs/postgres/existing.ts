import { assertValid } from '../../lib/errors';
import { deepFreeze } from '../../lib/freeze';
import { nameProblems } from '../core/names';
import { aws, ref, type Text, text } from '../core/text';
import type { VpcFacts } from '../network/model';
import { clientSecurityGroupId } from './ids';
import type { PostgresModel } from './model';
import type { ExistingDatabase } from './props';
import { securityNodes } from './security';

/**
 * Decides what is made for a database that is there: a security group for its clients, and the rules that let them in.
 * The database itself stays as it is.
 *
 * @param databaseGroup its security group, which gets a rule
 * @throws InvalidInputError with every problem of what was given
 */
export function existingModel(
  path: string,
  existing: ExistingDatabase,
  vpc: VpcFacts,
  databaseGroup: Text,
): PostgresModel {
  const { name, identifier, resourceId, host, databaseName, engine = 'instance', port = 5432 } = existing;
  assertValid(nameProblems(path, 'name', name));
  const { readHost, masterSecretArn, keyArn, proxy } = existing;
  const of = engine === 'aurora' ? 'cluster' : 'db';
  return deepFreeze({
    nodes: securityNodes({
      name,
      vpcId: vpc.vpcId,
      port,
      databaseGroup,
      proxyGroup: proxy?.securityGroupId,
      proxy: proxy !== undefined,
      allowFrom: {},
    }),
    facts: {
      name,
      engine,
      identifier,
      arn: text`arn:${aws.partition}:rds:${aws.region}:${aws.account}:${of}:${identifier}`,
      resourceId,
      host,
      ...(readHost === undefined ? {} : { readHost }),
      port,
      database: databaseName,
      masterUser: existing.masterUser ?? 'postgres',
      ...(masterSecretArn === undefined ? {} : { masterSecretArn }),
      ...(keyArn === undefined ? {} : { keyArn }),
      ...(proxy === undefined ? {} : { proxy: { host: proxy.host, resourceId: proxy.resourceId } }),
      securityGroupId: databaseGroup,
      clientSecurityGroupId: ref(clientSecurityGroupId, 'id'),
      vpcId: vpc.vpcId,
      subnetIds: vpc.subnetIds,
    },
  });
}
