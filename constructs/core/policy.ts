import type { Principal, Statement } from './nodes';
import { aws, type Resolved, type Text, text } from './text';

/** An IAM policy document as both engines want it: plain JSON. */
export function policyDocument(statements: readonly Resolved<Statement>[]): object {
  return {
    Version: '2012-10-17',
    Statement: statements.map((statement) => ({
      ...(statement.sid === undefined ? {} : { Sid: statement.sid }),
      Effect: statement.effect,
      ...(statement.principal === undefined ? {} : { Principal: principalJson(statement.principal) }),
      Action: oneOrMany(statement.actions),
      ...(statement.resources.length === 0 ? {} : { Resource: oneOrMany(statement.resources) }),
      ...(statement.conditions === undefined ? {} : { Condition: statement.conditions }),
    })),
  };
}

/** The document that says who may assume a role. */
export function trustDocument(assumedBy: Resolved<Principal>, conditions: Resolved<Statement>['conditions']): object {
  return policyDocument([
    { effect: 'Allow', principal: assumedBy, actions: ['sts:AssumeRole'], resources: [], conditions },
  ]);
}

const oneOrMany = <T>(values: readonly T[]): T | readonly T[] => (values.length === 1 ? values[0]! : values);

function principalJson(principal: Resolved<Principal>): object | string {
  if (principal === 'anyone') return '*';
  return 'service' in principal ? { Service: principal.service } : { AWS: principal.aws };
}

/** What every key's policy begins with: the account administers it through IAM. Without it nobody could. */
export const accountAdministersKey: Statement = {
  sid: 'AccountAdministers',
  effect: 'Allow',
  principal: { aws: text`arn:${aws.partition}:iam::${aws.account}:root` },
  actions: ['kms:*'],
  resources: ['*'],
};

/** On whose behalf a service may act: this account's. Without it others could make it act on theirs. */
export const inThisAccount: NonNullable<Statement['conditions']> = {
  StringEquals: { 'aws:SourceAccount': aws.account },
};

/** Lets a service of this account use a key, for what it stores or delivers on the account's behalf. */
export function serviceUsesKey(sid: string, service: Text, conditions?: Statement['conditions']): Statement {
  return {
    sid,
    effect: 'Allow',
    principal: { service },
    actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
    resources: ['*'],
    conditions: conditions ?? inThisAccount,
  };
}

/** Denies whatever of a bucket does not come over TLS. */
export const bucketOverTls: Statement = {
  sid: 'TlsOnly',
  effect: 'Deny',
  principal: 'anyone',
  actions: ['s3:*'],
  resources: [],
  conditions: { Bool: { 'aws:SecureTransport': 'false' } },
};

/** Denies whatever does not reach a queue or topic over TLS. */
export const tlsOnlyTo = (action: string): Statement => ({
  sid: 'TlsOnly',
  effect: 'Deny',
  principal: 'anyone',
  actions: [action],
  resources: [],
  conditions: { Bool: { 'aws:SecureTransport': 'false' } },
});

/** Statements of a resource policy that name no resource speak of the resource that has the policy. */
export function ofItself(statements: readonly Resolved<Statement>[], ...arns: string[]): Resolved<Statement>[] {
  return statements.map((statement) =>
    statement.resources.length > 0 ? statement : { ...statement, resources: arns },
  );
}
