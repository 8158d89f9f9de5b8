import type { Kind, Satellite, Service } from '../kind';
import { athena } from './athena';
import { backup } from './backup';
import { cloudwatch } from './cloudwatch';
import { dms } from './dms';
import { dynamodb } from './dynamodb';
import { ec2 } from './ec2';
import { ecs } from './ecs';
import { emr } from './emr';
import { events } from './events';
import { glue } from './glue';
import { iam } from './iam';
import { kinesis } from './kinesis';
import { kms } from './kms';
import { lambda } from './lambda';
import { logs } from './logs';
import { mwaa } from './mwaa';
import { rds } from './rds';
import { s3 } from './s3';
import { scheduler } from './scheduler';
import { secretsmanager } from './secretsmanager';
import { sns } from './sns';
import { sqs } from './sqs';
import { stepfunctions } from './stepfunctions';

const services: readonly Service[] = [
  athena,
  backup,
  cloudwatch,
  dms,
  dynamodb,
  ec2,
  ecs,
  emr,
  events,
  glue,
  iam,
  kinesis,
  kms,
  lambda,
  logs,
  mwaa,
  rds,
  s3,
  scheduler,
  secretsmanager,
  sns,
  sqs,
  stepfunctions,
];

/** Every kind of resource that an inventory can read. */
export const kinds: readonly Kind[] = services.flatMap((service) => service.kinds);

/** Every type of resource that is folded into another one. */
export const satellites: readonly Satellite[] = services.flatMap((service) => service.satellites ?? []);
