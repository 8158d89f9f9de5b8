import { errorsThatPass } from '../core/machine';
import { aws, type Text, text } from '../core/text';

/** How many files' tables, and Iceberg tables, are worked on side by side: each rewrites what it finds. */
export const placesAtOnce = 2;

/** How long all of it may take: bronze of years is gone through. */
const twoDays = 2 * 86_400;

/**
 * The state machine (Amazon States Language, JSONPath) that erases everybody who was asked for:
 *
 *     begin -> files of bronze -> tables, their quarantines and all that stands beside them -> look again, report
 *
 * Files first: what a run of the pipeline loads meanwhile is loaded without them. Its input is `{}`, or `{"replay": true}`
 * for everybody who was ever asked for. No event names a person.
 */
export function eraseMachine(name: string, functionArn: Text): object {
  return {
    Comment: `${name}: erasures`,
    StartAt: 'IsReplay',
    TimeoutSeconds: twoDays,
    States: {
      IsReplay: {
        Type: 'Choice',
        Choices: [
          {
            And: [
              { Variable: '$.replay', IsPresent: true },
              { Variable: '$.replay', BooleanEquals: true },
            ],
            Next: 'BeginReplay',
          },
        ],
        Default: 'Begin',
      },
      Begin: { ...call(functionArn, { action: 'begin' }), ResultSelector: begun, Next: 'IsAnybody' },
      BeginReplay: {
        ...call(functionArn, { action: 'begin', replay: true }),
        ResultSelector: begun,
        Next: 'IsAnybody',
      },
      IsAnybody: {
        Type: 'Choice',
        Choices: [{ Variable: '$.empty', BooleanEquals: true, Next: 'Nobody' }],
        Default: 'Files',
      },
      Nobody: { Type: 'Succeed' },
      Files: {
        Type: 'Map',
        ItemsPath: '$.files',
        ItemSelector: { 'run.$': '$.run', 'table.$': '$$.Map.Item.Value', after: '' },
        MaxConcurrency: placesAtOnce,
        ItemProcessor: {
          ProcessorConfig: { Mode: 'INLINE' },
          StartAt: 'EraseFiles',
          States: {
            EraseFiles: {
              ...call(functionArn, {
                action: 'files',
                'run.$': '$.run',
                'table.$': '$.table',
                'after.$': '$.after',
              }),
              ResultSelector: { 'next.$': '$.Payload.next' },
              ResultPath: '$.done',
              Next: 'IsAll',
            },
            IsAll: {
              Type: 'Choice',
              Choices: [{ Variable: '$.done.next', StringEquals: '', Next: 'AllFiles' }],
              Default: 'GoOn',
            },
            GoOn: {
              Type: 'Pass',
              Parameters: { 'run.$': '$.run', 'table.$': '$.table', 'after.$': '$.done.next' },
              Next: 'EraseFiles',
            },
            AllFiles: { Type: 'Pass', Result: 'ok', End: true },
          },
        },
        ResultPath: null,
        Next: 'Tables',
      },
      Tables: {
        Type: 'Map',
        ItemsPath: '$.tables',
        ItemSelector: { 'run.$': '$.run', 'place.$': '$$.Map.Item.Value' },
        MaxConcurrency: placesAtOnce,
        ItemProcessor: {
          ProcessorConfig: { Mode: 'INLINE' },
          StartAt: 'EraseTable',
          States: {
            EraseTable: {
              ...call(functionArn, { action: 'table', 'run.$': '$.run', 'place.$': '$.place' }),
              ResultSelector: { 'rows.$': '$.Payload.rows' },
              End: true,
            },
          },
        },
        ResultPath: null,
        Next: 'Finish',
      },
      Finish: {
        ...call(functionArn, { action: 'finish', 'run.$': '$.run' }),
        ResultSelector: { 'report.$': '$.Payload' },
        End: true,
      },
    },
  };
}

const begun = {
  'run.$': '$.Payload.run',
  'empty.$': '$.Payload.empty',
  'files.$': '$.Payload.files',
  'tables.$': '$.Payload.tables',
};

const call = (functionArn: Text, payload: object) => ({
  Type: 'Task',
  Resource: text`arn:${aws.partition}:states:::lambda:invoke`,
  Parameters: { FunctionName: functionArn, Payload: payload },
  Retry: [transient],
  TimeoutSeconds: 900,
});

/** What may pass when tried again; each step does no more than what is left. */
const transient = {
  ErrorEquals: errorsThatPass(),
  IntervalSeconds: 5,
  BackoffRate: 2,
  MaxAttempts: 6,
  MaxDelaySeconds: 120,
  JitterStrategy: 'FULL',
};
