import aslValidator from 'asl-validator';
import fc from 'fast-check';
import { localMachine } from '../../lib/local/machine';
import type { Asl, State } from '../../lib/local/states/asl';
import { type ExecutionEnd, execute, type StateEvent, type Task } from '../../lib/local/states/execute';
import { intrinsicNames, parseCall } from '../../lib/local/states/intrinsics';
import { validateStates } from '../../lib/local/states/validate';
import type { Manifest } from '../../lib/platform/manifest';

const invoke = 'arn:aws:states:::lambda:invoke';
const only = (state: State): Asl => ({ StartAt: 'It', States: { It: state } });

/** Runs without waiting: sleeps are written down, time stands still. */
async function run(asl: Asl, input: unknown, task: (task: Task) => unknown = (task) => task.input) {
  const slept: number[] = [];
  const events: StateEvent[] = [];
  const end = await execute(
    asl,
    { machine: 'm', name: 'run-1', input },
    {
      task: async (asked) => task(asked),
      on: (event) => events.push(event),
      sleep: async (milliseconds) => void slept.push(milliseconds / 1000),
      now: () => Date.parse('2026-01-02T03:04:05Z'),
      random: () => 0.5,
    },
  );
  return { end, slept, events };
}

const output = (end: ExecutionEnd) => ('output' in end ? end.output : { error: end.error, cause: end.cause });

/** Every machine that a test runs is judged by an independent validator too. */
function expectValid(asl: Asl) {
  expect(validateStates(asl)).toEqual([]);
  const { isValid, errorsText } = aslValidator(asl);
  expect(isValid ? '' : errorsText()).toBe('');
}

describe('data flows through a state as AWS documents it', () => {
  const order = { title: 'Numbers', numbers: { a: 3, b: 4 }, list: [{ n: 1 }, { n: 2 }] };
  const cases: [string, State, unknown, unknown][] = [
    ['InputPath selects', { Type: 'Pass', InputPath: '$.numbers', End: true }, order, order.numbers],
    ['InputPath null is an empty object', { Type: 'Pass', InputPath: null, End: true }, order, {}],
    ['OutputPath selects', { Type: 'Pass', OutputPath: '$.title', End: true }, order, 'Numbers'],
    ['OutputPath null is an empty object', { Type: 'Pass', OutputPath: null, End: true }, order, {}],
    ['ResultPath null drops the result', { Type: 'Pass', Result: 1, ResultPath: null, End: true }, order, order],
    ['a result replaces the input', { Type: 'Pass', Result: 0, End: true }, order, 0],
    ['a null result is a result', { Type: 'Pass', Result: null, End: true }, order, null],
    [
      'ResultPath adds to the raw input, whatever InputPath selected',
      { Type: 'Pass', InputPath: '$.numbers', ResultPath: '$.deep.copy', End: true },
      order,
      { ...order, deep: { copy: order.numbers } },
    ],
    [
      'ResultPath replaces an item of a list',
      { Type: 'Pass', Result: 9, ResultPath: '$.list[1].n', End: true },
      order,
      { ...order, list: [{ n: 1 }, { n: 9 }] },
    ],
    [
      'Parameters fill paths at any depth, lists included',
      {
        Type: 'Pass',
        Parameters: { fixed: '$.title', 'all.$': '$.list[*].n', in: [{ 'a.$': '$.numbers.a' }] },
        End: true,
      },
      order,
      { fixed: '$.title', all: [1, 2], in: [{ a: 3 }] },
    ],
    [
      'a wildcard that finds nothing is an empty list',
      { Type: 'Pass', Parameters: { 'x.$': '$.none[*].n' }, End: true },
      order,
      { x: [] },
    ],
    [
      'quoted keys are read',
      { Type: 'Pass', Parameters: { 'x.$': "$['odd key'].y" }, End: true },
      { 'odd key': { y: false } },
      { x: false },
    ],
    [
      'the context object names the execution',
      { Type: 'Pass', Parameters: { 'run.$': '$$.Execution.Name', 'at.$': '$$.Execution.StartTime' }, End: true },
      {},
      { run: 'run-1', at: '2026-01-02T03:04:05.000Z' },
    ],
    [
      'ResultSelector sees the result, ResultPath places what it gives',
      {
        Type: 'Task',
        Resource: invoke,
        Parameters: { 'FunctionName.$': '$.title' },
        ResultSelector: { 'name.$': '$.FunctionName' },
        ResultPath: '$.answer',
        End: true,
      },
      order,
      { ...order, answer: { name: 'Numbers' } },
    ],
    [
      'a key named __proto__ is data',
      { Type: 'Pass', Parameters: { 'x.$': '$' }, End: true },
      JSON.parse('{"__proto__": 1}'),
      { x: JSON.parse('{"__proto__": 1}') },
    ],
  ];
  test.each(cases)('%s', async (_, state, input, expected) => {
    expectValid(only(state));
    expect(output((await run(only(state), input)).end)).toEqual(expected);
  });

  const failures: [string, State, unknown, string][] = [
    ['a path that leads nowhere in InputPath', { Type: 'Pass', InputPath: '$.no', End: true }, {}, 'States.Runtime'],
    [
      'a path that leads nowhere in Parameters',
      { Type: 'Pass', Parameters: { 'x.$': '$.no' }, End: true },
      {},
      'States.ParameterPathFailure',
    ],
    [
      'ResultPath into what is no object',
      { Type: 'Pass', ResultPath: '$.a.b', End: true },
      { a: 1 },
      'States.ResultPathMatchFailure',
    ],
    [
      'an intrinsic that is given a wrong type',
      { Type: 'Pass', Parameters: { 'x.$': 'States.MathAdd($.a, 1)' }, End: true },
      { a: 'x' },
      'States.IntrinsicFailure',
    ],
    ['data of more than 256 KiB', { Type: 'Pass', End: true }, 'x'.repeat(262_143), 'States.DataLimitExceeded'],
  ];
  test.each(failures)('%s is an error with its name', async (_, state, input, error) => {
    expectValid(only(state));
    expect((await run(only(state), input)).end).toMatchObject({ status: 'FAILED', error });
  });
});

describe('Choice compares as AWS does', () => {
  const data = {
    n: 5,
    s: 'b',
    t: '2026-01-01T00:00:00Z',
    u: '2026-01-01T01:00:00+01:00',
    yes: false,
    nil: null,
    star: 'a*b',
    list: [1],
  };
  const cases: [boolean, Record<string, unknown>][] = [
    [true, { Variable: '$.n', NumericEquals: 5 }],
    [false, { Variable: '$.n', NumericLessThan: 5 }],
    [true, { Variable: '$.n', NumericLessThanEquals: 5 }],
    [false, { Variable: '$.n', NumericGreaterThan: 5 }],
    [true, { Variable: '$.n', NumericGreaterThanEqualsPath: '$.list[0]' }],
    [false, { Variable: '$.s', NumericEquals: 5 }],
    [true, { Variable: '$.s', StringGreaterThan: 'a' }],
    [false, { Variable: '$.n', StringEquals: '5' }],
    [true, { Variable: '$.s', StringEqualsPath: '$.s' }],
    [true, { Variable: '$.star', StringMatches: 'a\\*b' }],
    [false, { Variable: '$.s', StringMatches: 'a\\*b' }],
    [true, { Variable: '$.t', StringMatches: '2026-*Z' }],
    [false, { Variable: '$.s', StringMatches: '.' }],
    [true, { Variable: '$.t', TimestampEqualsPath: '$.u' }],
    [false, { Variable: '$.t', TimestampLessThan: '2026-01-01T00:00:00Z' }],
    [false, { Variable: '$.s', TimestampLessThan: '2026-01-01T00:00:00Z' }],
    [true, { Variable: '$.yes', BooleanEquals: false }],
    [false, { Variable: '$.nil', BooleanEquals: false }],
    [true, { Variable: '$.nil', IsNull: true }],
    [true, { Variable: '$.yes', IsNull: false }],
    [true, { Variable: '$.nil', IsPresent: true }],
    [true, { Variable: '$.gone.deep', IsPresent: false }],
    [true, { Variable: '$.s', IsString: true }],
    [true, { Variable: '$.n', IsNumeric: true }],
    [true, { Variable: '$.yes', IsBoolean: true }],
    [true, { Variable: '$.t', IsTimestamp: true }],
    [false, { Variable: '$.s', IsTimestamp: true }],
    [true, { Variable: '$$.Execution.Name', StringEquals: 'run-1' }],
    [true, { And: [{ Variable: '$.n', NumericEquals: 5 }, { Not: { Variable: '$.s', IsNull: true } }] }],
    [
      true,
      {
        Or: [
          { Variable: '$.n', NumericEquals: 0 },
          { Variable: '$.yes', BooleanEquals: false },
        ],
      },
    ],
    // What stands after a part that decides is not looked at, so that IsPresent guards it.
    [
      false,
      {
        And: [
          { Variable: '$.gone', IsPresent: true },
          { Variable: '$.gone', NumericEquals: 1 },
        ],
      },
    ],
  ];
  test.each(cases)('%s: %j', async (expected, condition) => {
    const asl: Asl = {
      StartAt: 'C',
      States: {
        C: { Type: 'Choice', Choices: [{ ...condition, Next: 'Yes' }], Default: 'No' },
        Yes: { Type: 'Pass', Result: true, End: true },
        No: { Type: 'Pass', Result: false, End: true },
      },
    };
    expectValid(asl);
    expect(output((await run(asl, data)).end)).toBe(expected);
  });

  test('no match without a Default is States.NoChoiceMatched, a missing variable States.Runtime', async () => {
    const asl: Asl = {
      StartAt: 'C',
      States: {
        C: { Type: 'Choice', Choices: [{ Variable: '$.n', NumericEquals: 1, Next: 'Yes' }] },
        Yes: { Type: 'Succeed' },
      },
    };
    expect((await run(asl, { n: 2 })).end).toMatchObject({ error: 'States.NoChoiceMatched' });
    expect((await run(asl, {})).end).toMatchObject({ error: 'States.Runtime' });
  });
});

describe('intrinsics give what AWS documents', () => {
  // Most are the examples of "Intrinsic functions for JSONPath states" in the Step Functions Developer Guide.
  const data = {
    name: 'Foo',
    list: [1, 2, 3],
    dup: [1, 2, 3, 3, 3, 3, 3, 3, 4],
    a: { x: 1, y: 2 },
    b: { y: 3 },
    s: '{"n": 1}',
  };
  const cases: [string, unknown][] = [
    ["States.Format('Hello, my name is {}.', $.name)", 'Hello, my name is Foo.'],
    ["States.Format('{} \\{\\} \\'{}\\'', 1, $.a)", `1 {} '{"x":1,"y":2}'`],
    ['States.StringToJson($.s)', { n: 1 }],
    ['States.JsonToString($.a)', '{"x":1,"y":2}'],
    ["States.Array($.name, 'b', 3, true, null)", ['Foo', 'b', 3, true, null]],
    ['States.Array()', []],
    ['States.ArrayPartition($.list, 2)', [[1, 2], [3]]],
    ['States.ArrayContains($.list, 2)', true],
    ['States.ArrayContains($.list, 5)', false],
    ['States.ArrayContains(States.Array($.a), $.a)', true],
    ['States.ArrayRange(1, 9, 2)', [1, 3, 5, 7, 9]],
    ['States.ArrayRange(3, 1, -1)', [3, 2, 1]],
    ['States.ArrayGetItem($.list, 1)', 2],
    ['States.ArrayLength($.list)', 3],
    ['States.ArrayUnique($.dup)', [1, 2, 3, 4]],
    ["States.Base64Encode('Data to encode')", 'RGF0YSB0byBlbmNvZGU='],
    ["States.Base64Decode('RGVjb2RlZCBkYXRh')", 'Decoded data'],
    ["States.Hash('input data', 'SHA-1')", 'aaff4a450a104cd177d28d18d74485e8cae074b7'],
    ['States.JsonMerge($.a, $.b, false)', { x: 1, y: 3 }],
    ['States.MathAdd(111, -1)', 110],
    ["States.StringSplit('1,2,3,4,5', ',')", ['1', '2', '3', '4', '5']],
    ["States.StringSplit('This.is+a,test=string', '.+,=')", ['This', 'is', 'a', 'test', 'string']],
    ["States.Format('{}', States.MathAdd(States.ArrayLength($.list), 1))", '4'],
    ["States.Format('{}', $['name'])", 'Foo'],
  ];
  test.each(cases)('%s', async (call, expected) => {
    const asl = only({ Type: 'Pass', Parameters: { 'x.$': call }, End: true });
    expect(validateStates(asl)).toEqual([]);
    expect(output((await run(asl, data)).end)).toEqual({ x: expected });
  });

  test('every one of them has a case here', () => {
    expect(intrinsicNames.filter((name) => !cases.some(([call]) => call.includes(`${name}(`)))).toEqual([]);
  });

  test.each([
    ["States.Format('{}')", 'more {} than'],
    ["States.Format('x', 1)", 'fewer {} than'],
    ['States.ArrayGetItem($.list, 3)', 'asked for index 3'],
    ["States.StringToJson('{')", 'no JSON'],
    ['States.JsonMerge($.a, $.b, true)', 'shallow'],
    ["States.Hash('x', 'MD4')", 'algorithm'],
    ['States.ArrayRange(1, 2000, 1)', 'at most 1000'],
  ])('%s fails and says why', async (call, why) => {
    const asl = only({ Type: 'Pass', Parameters: { 'x.$': call }, End: true });
    const { end } = await run(asl, data);
    expect(end).toMatchObject({ error: 'States.IntrinsicFailure', cause: expect.stringContaining(why) });
  });

  test('reading a call never throws and never hangs, whatever the text', () => {
    const pieces = fc.constantFrom(
      'States.',
      'Format',
      'Array',
      '(',
      ')',
      ',',
      "'",
      '\\',
      '$',
      '.a',
      '[',
      ']',
      ' ',
      '1',
      '{}',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        const read = parseCall(`States.Array(${parts.join('')}`);
        expect(typeof read === 'string' ? read.length : read.name.length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('what fails is retried and caught as AWS documents it', () => {
  const named = (name: string) => Object.assign(new Error('no luck'), { name });
  const failing = (...errors: string[]) => {
    let call = 0;
    return () => {
      const name = errors[call++];
      if (name !== undefined) throw named(name);
      return 'done';
    };
  };
  const task = (more: Partial<State>): Asl => ({
    StartAt: 'It',
    States: { It: { Type: 'Task', Resource: invoke, End: true, ...more } as State, After: { Type: 'Pass', End: true } },
  });

  test('the default is three retries after 1, 2 and 4 seconds', async () => {
    const asl = task({ Retry: [{ ErrorEquals: ['States.ALL'] }] });
    const { end, slept } = await run(asl, {}, failing('A', 'B', 'C'));
    expect(slept).toEqual([1, 2, 4]);
    expect(output(end)).toBe('done');
    expect((await run(asl, {}, failing('A', 'B', 'C', 'D'))).end).toMatchObject({ status: 'FAILED', error: 'D' });
  });

  test('waits grow by BackoffRate, up to MaxDelaySeconds, and FULL jitter shortens them', async () => {
    const retrier = { ErrorEquals: ['A'], IntervalSeconds: 3, BackoffRate: 3, MaxAttempts: 4, MaxDelaySeconds: 20 };
    const errors = ['A', 'A', 'A', 'A'];
    expect((await run(task({ Retry: [retrier] }), {}, failing(...errors))).slept).toEqual([3, 9, 20, 20]);
    const jittered = task({ Retry: [{ ...retrier, JitterStrategy: 'FULL' }] });
    expect((await run(jittered, {}, failing(...errors))).slept).toEqual([1.5, 4.5, 10, 10]);
  });

  test('each retrier counts its own attempts, and MaxAttempts 0 is never', async () => {
    const asl = task({
      Retry: [
        { ErrorEquals: ['A'], MaxAttempts: 1, IntervalSeconds: 5 },
        { ErrorEquals: ['B'], MaxAttempts: 1, IntervalSeconds: 7 },
        { ErrorEquals: ['C'], MaxAttempts: 0 },
      ],
    });
    expect((await run(asl, {}, failing('A', 'B'))).slept).toEqual([5, 7]);
    expect((await run(asl, {}, failing('A', 'B', 'A'))).end).toMatchObject({ error: 'A' });
    expect((await run(asl, {}, failing('C'))).slept).toEqual([]);
  });

  test('RetryCount tells a state which attempt it is', async () => {
    const counts: unknown[] = [];
    const asl = task({ Parameters: { 'n.$': '$$.State.RetryCount' }, Retry: [{ ErrorEquals: ['States.ALL'] }] });
    await run(asl, {}, ({ input }) => {
      counts.push((input as { n: number }).n);
      if (counts.length < 3) throw named('A');
    });
    expect(counts).toEqual([0, 1, 2]);
  });

  test('a catcher gets the error as Lambda reports it, put where ResultPath says, and goes on at Next', async () => {
    const asl = task({
      Catch: [
        { ErrorEquals: ['Other'], Next: 'After' },
        { ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'After' },
      ],
    });
    expectValid(asl);
    expect(output((await run(asl, { kept: 0 }, failing('A'))).end)).toEqual({
      kept: 0,
      error: { Error: 'A', Cause: '{"errorType":"A","errorMessage":"no luck"}' },
    });
  });

  test('States.TaskFailed matches every error but a timeout', async () => {
    const asl = task({ TimeoutSeconds: 1, Catch: [{ ErrorEquals: ['States.TaskFailed'], Next: 'After' }] });
    expect((await run(asl, {}, failing('A'))).end.status).toBe('SUCCEEDED');
    const late = await run(asl, {}, () => new Promise(() => {}));
    expect(late.end).toMatchObject({ status: 'TIMED_OUT', error: 'States.Timeout' });
  });

  test('States.ALL does not catch States.Runtime', async () => {
    const asl = task({
      InputPath: '$.no',
      Retry: [{ ErrorEquals: ['States.ALL'] }],
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'After' }],
    });
    expect(await run(asl, {})).toMatchObject({ end: { error: 'States.Runtime' }, slept: [] });
  });

  test('Fail ends the execution with its error and cause, also from paths and intrinsics', async () => {
    expect((await run(only({ Type: 'Fail', Error: 'E', Cause: 'c' }), {})).end).toEqual({
      status: 'FAILED',
      error: 'E',
      cause: 'c',
    });
    const asl = only({ Type: 'Fail', ErrorPath: '$.e', CausePath: "States.Format('{} tables', $.n)" });
    expectValid(asl);
    expect((await run(asl, { e: 'Gate', n: 2 })).end).toEqual({ status: 'FAILED', error: 'Gate', cause: '2 tables' });
  });

  test('a machine that takes longer than TimeoutSeconds times out', async () => {
    const asl: Asl = { ...task({}), TimeoutSeconds: 1 };
    expect((await run(asl, {}, () => new Promise(() => {}))).end).toMatchObject({ status: 'TIMED_OUT' });
  });
});

describe('Map, Parallel and Wait', () => {
  const map = (more: object, item: Partial<State> = {}): Asl =>
    only({
      Type: 'Map',
      ItemsPath: '$.items',
      ItemProcessor: {
        ProcessorConfig: { Mode: 'INLINE' },
        StartAt: 'One',
        States: { One: { Type: 'Task', Resource: invoke, End: true, ...item } as State },
      },
      End: true,
      ...more,
    } as State);

  test('each item runs with what ItemSelector makes of it, and results keep the order of items', async () => {
    const asl = map({
      ItemSelector: { 'n.$': '$$.Map.Item.Value.n', 'i.$': '$$.Map.Item.Index', 'all.$': '$.shared' },
      ResultPath: '$.results',
    });
    expectValid(asl);
    const { end, events } = await run(asl, { items: [{ n: 'a' }, { n: 'b' }], shared: 7 }, async ({ input }) => {
      await new Promise((go) => setTimeout(go, (input as { i: number }).i === 0 ? 20 : 0));
      return input;
    });
    expect(output(end)).toMatchObject({
      results: [
        { n: 'a', i: 0, all: 7 },
        { n: 'b', i: 1, all: 7 },
      ],
    });
    expect(events.filter((event) => event.state === 'One').map((event) => event.path)).toContainEqual(['It[1]']);
  });

  test.each([
    [1, 10, 1],
    [3, 10, 3],
    [0, 50, 40],
    [45, 50, 40],
  ])('MaxConcurrency %d over %d items runs %d at once', async (MaxConcurrency, count, most) => {
    let [running, highest] = [0, 0];
    const items = Array.from({ length: count }, (_, i) => i);
    await run(map({ MaxConcurrency }), { items }, async () => {
      highest = Math.max(highest, ++running);
      await new Promise((go) => setTimeout(go, 5));
      running--;
    });
    expect(highest).toBe(most);
  });

  test('no items give an empty list', async () => {
    expect(output((await run(map({}), { items: [] })).end)).toEqual([]);
  });

  test('the first failure stops the other items and can be caught by the Map', async () => {
    const asl: Asl = {
      StartAt: 'It',
      States: {
        ...map({
          MaxConcurrency: 1,
          End: undefined,
          Next: 'After',
          Catch: [{ ErrorEquals: ['Bad'], ResultPath: '$.why', Next: 'After' }],
        }).States,
        After: { Type: 'Pass', OutputPath: '$.why.Error', End: true },
      },
    };
    const seen: unknown[] = [];
    const { end } = await run(asl, { items: [1, 2, 3] }, ({ input }) => {
      seen.push(input);
      if (input === 2) throw Object.assign(new Error('2'), { name: 'Bad' });
    });
    expect(output(end)).toBe('Bad');
    expect(seen).toEqual([1, 2]);
  });

  test('what runs beside a failure is told to stop, and begins no further state', async () => {
    const asl = map({}, { End: undefined, Next: 'Two' });
    const { ItemProcessor } = asl.States.It as { ItemProcessor: { States: Record<string, State> } };
    ItemProcessor.States.Two = { Type: 'Task', Resource: invoke, End: true };
    const seen: string[] = [];
    const { end } = await run(asl, { items: ['fails', 'goes on'] }, async ({ input, state, signal }) => {
      seen.push(`${state} ${input}`);
      if (input === 'fails') throw Object.assign(new Error('no'), { name: 'Bad' });
      await new Promise((go) => signal.addEventListener('abort', go));
      return input;
    });
    expect(end).toMatchObject({ error: 'Bad' });
    expect(seen).toEqual(['One fails', 'One goes on']);
  });

  test('an item that catches its own failure does not fail the others', async () => {
    const asl = only({
      Type: 'Map',
      ItemProcessor: {
        StartAt: 'One',
        States: {
          One: { Type: 'Task', Resource: invoke, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Note' }], End: true },
          Note: { Type: 'Pass', Result: 'failed', End: true },
        },
      },
      End: true,
    });
    expectValid(asl);
    const { end } = await run(asl, [1, 2, 3], ({ input }) => {
      if (input === 2) throw new Error('no');
      return input;
    });
    expect(output(end)).toEqual([1, 'failed', 3]);
  });

  test('Parallel gives every branch the same input and lists their outputs', async () => {
    const branch = (Result: string) => ({
      StartAt: Result,
      States: { [Result]: { Type: 'Pass', Result, ResultPath: '$.by', End: true } as State },
    });
    const asl = only({ Type: 'Parallel', Branches: [branch('a'), branch('b')], End: true });
    expectValid(asl);
    expect(output((await run(asl, { x: 1 })).end)).toEqual([
      { x: 1, by: 'a' },
      { x: 1, by: 'b' },
    ]);
  });

  test.each([
    [{ Seconds: 10 }, 10],
    [{ SecondsPath: '$.s' }, 3],
    [{ Timestamp: '2026-01-02T03:04:10Z' }, 5],
    [{ TimestampPath: '$.t' }, 0],
  ])('Wait %j waits %d seconds', async (way, seconds) => {
    const asl = only({ Type: 'Wait', ...way, End: true } as State);
    expectValid(asl);
    expect(await run(asl, { s: 3, t: '2020-01-01T00:00:00Z' })).toMatchObject({
      end: { status: 'SUCCEEDED' },
      slept: [seconds],
    });
  });
});

test('the state machine of a dataset group is in the subset, and an independent validator agrees', () => {
  const group = {
    name: 'g',
    ingests: ['silver.a', 'silver.b'],
    levels: [['m', 'n'], ['o']],
    schedule: 'rate(1 hour)',
    timeZone: 'UTC',
  };
  const models = ['m', 'n', 'o'].map((name) => ({
    name,
    file: '',
    sql: '',
    reads: [],
    uses: [],
    writes: `gold.${name}`,
  }));
  const manifest: Manifest = {
    name: 'p',
    zones: [],
    datasets: [],
    models,
    groups: [group],
    ops: { database: 'p_ops', zone: 'silver' },
  };
  expectValid(localMachine(group, manifest));
  expectValid(localMachine({ ...group, ingests: [] }, manifest));
  expectValid(localMachine({ ...group, levels: [] }, { ...manifest, models: [] }));
});

test('the same input gives the same output and the same events', async () => {
  const asl: Asl = {
    StartAt: 'Each',
    States: {
      Each: {
        Type: 'Map',
        ItemSelector: { 'v.$': '$$.Map.Item.Value', 'h.$': "States.Hash($$.Map.Item.Value, 'SHA-256')" },
        ItemProcessor: {
          StartAt: 'Do',
          States: {
            Do: {
              Type: 'Task',
              Resource: invoke,
              Retry: [{ ErrorEquals: ['Odd'], JitterStrategy: 'FULL' }],
              End: true,
            },
          },
        },
        Next: 'Enough',
      },
      Enough: { Type: 'Choice', Choices: [{ Variable: '$[0]', IsPresent: true, Next: 'Yes' }], Default: 'No' },
      Yes: { Type: 'Succeed' },
      No: { Type: 'Fail', Error: 'Empty' },
    },
  };
  expectValid(asl);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue(), { maxLength: 5 }), async (input) => {
      const once = () => {
        const seen = new Set<string>();
        return run(asl, input, (task) => {
          const key = JSON.stringify(task.input);
          if (key.length % 2 === 1 && !seen.has(key)) {
            seen.add(key);
            throw Object.assign(new Error('odd'), { name: 'Odd' });
          }
          return task.input;
        });
      };
      expect(await once()).toEqual(await once());
    }),
    { numRuns: 30 },
  );
});

describe('what is outside the subset or wrong is a problem that names its place', () => {
  const end: State = { Type: 'Pass', End: true };
  const cases: [string, unknown, string[]][] = [
    ['no object', 7, [': a state machine must be an object, given 7']],
    ['JSONata', { QueryLanguage: 'JSONata', ...only(end) }, [' QueryLanguage: outside the subset']],
    [
      'StartAt to nowhere',
      { StartAt: 'Its', States: { It: end } },
      [' StartAt: must name a state; given "Its"; allowed: It; did you mean It?'],
    ],
    ['an unknown type', only({ ...end, Type: 'Parralel' } as never), [' States.It.Type: given "Parralel"']],
    ['a field of another engine', only({ ...end, Assign: {} } as never), [' States.It.Assign: outside the subset']],
    [
      'Next to nowhere',
      only({ Type: 'Pass', Next: 'Gone' }),
      [' States.It.Next: must name a state beside it; given "Gone"', ' States: no state that can be reached ends it'],
    ],
    [
      'neither Next nor End',
      only({ Type: 'Pass' }),
      [' States.It: needs exactly one of Next and End', ' States: no state'],
    ],
    [
      'a state that nothing reaches',
      { StartAt: 'It', States: { It: end, Lost: end } },
      [' States.Lost: no state leads here'],
    ],
    ['an endless loop', only({ Type: 'Pass', Next: 'It' }), [' States: no state that can be reached ends it']],
    ['a path of full JSONPath', only({ ...end, InputPath: '$..a' }), [' States.It.InputPath: must be a path']],
    ['a wildcard in ResultPath', only({ ...end, ResultPath: '$.a[*]' }), [' States.It.ResultPath: must be a path']],
    [
      'an unknown intrinsic',
      only({ ...end, Parameters: { 'x.$': 'States.Sum(1)' } } as never),
      [' States.It.Parameters.x.$: unknown intrinsic function States.Sum'],
    ],
    [
      'what is not repeatable',
      only({ ...end, Parameters: { 'x.$': 'States.UUID()' } } as never),
      [' States.It.Parameters.x.$: unknown intrinsic function States.UUID'],
    ],
    [
      'a broken call',
      only({ ...end, Parameters: { a: [{ 'x.$': "States.Format('{}', $.a" }] } } as never),
      [' States.It.Parameters.a[0].x.$: expected , or )'],
    ],
    [
      'another service',
      only({ Type: 'Task', Resource: 'arn:aws:states:::dynamodb:getItem', End: true }),
      [' States.It.Resource: must be an ARN that ends in'],
    ],
    [
      'distributed Map',
      only({
        Type: 'Map',
        ItemProcessor: { ...only(end), ProcessorConfig: { Mode: 'DISTRIBUTED' } },
        End: true,
      } as never),
      [' States.It.ItemProcessor.ProcessorConfig: only inline', ' States.It.ItemProcessor.States.It: a state'],
    ],
    [
      'States.ALL among others',
      only({ Type: 'Task', Resource: invoke, Retry: [{ ErrorEquals: ['States.ALL', 'A'] }], End: true }),
      [' States.It.Retry[0].ErrorEquals: States.ALL must stand alone'],
    ],
    [
      'an unknown reserved error',
      only({ Type: 'Task', Resource: invoke, Retry: [{ ErrorEquals: ['States.Timeouts'] }], End: true }),
      [' States.It.Retry[0].ErrorEquals: names that begin'],
    ],
    [
      'a retry interval of 0',
      only({ Type: 'Task', Resource: invoke, Retry: [{ ErrorEquals: ['A'], IntervalSeconds: 0 }], End: true }),
      [' States.It.Retry[0].IntervalSeconds: must be a whole number from 1, given 0'],
    ],
    [
      'two comparisons',
      {
        StartAt: 'C',
        States: {
          C: { Type: 'Choice', Choices: [{ Variable: '$.a', IsNull: true, IsString: true, Next: 'It' }] },
          It: end,
        },
      },
      [' States.C.Choices[0]: needs exactly one of'],
    ],
    [
      'a comparison with a wrong type',
      {
        StartAt: 'C',
        States: { C: { Type: 'Choice', Choices: [{ Variable: '$.a', NumericEquals: '1', Next: 'It' }] }, It: end },
      },
      [' States.C.Choices[0].NumericEquals: must be a number'],
    ],
    [
      'two ways to wait',
      only({ Type: 'Wait', Seconds: 1, SecondsPath: '$.s', End: true }),
      [' States.It: Wait needs exactly one of'],
    ],
    [
      'Catch to nowhere',
      only({ Type: 'Task', Resource: invoke, Catch: [{ ErrorEquals: ['A'], Next: 'X' }], End: true }),
      [' States.It.Catch[0].Next: must name a state beside it'],
    ],
    [
      'problems deep inside',
      only({
        Type: 'Parallel',
        Branches: [{ StartAt: 'In', States: { In: { Type: 'Pass', Next: 'No' } } }],
        End: true,
      }),
      [' States.It.Branches[0].States.In.Next: must name', ' States.It.Branches[0].States: no state'],
    ],
  ];
  test.each(cases)('%s', (_, asl, expected) => {
    const found = validateStates(asl).map(({ path, message }) => `${path === '' ? '' : ` ${path}`}: ${message}`);
    expect(found.map((line, i) => line.slice(0, expected[i]?.length))).toEqual(expected);
  });

  test('a resource whose partition is known only later is judged by its end', () => {
    const resource = { join: ['arn:', { node: 'aws', attr: 'partition' }, ':states:::lambda:invoke'] };
    expect(validateStates(only({ Type: 'Task', Resource: resource, End: true }))).toEqual([]);
  });

  test('no input makes the validator throw', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom('Pass', 'Task', 'Map', 'Choice', 'Parallel', 'Wait', 'Fail'),
        (value, Type) => {
          const fields = [
            'Choices',
            'Branches',
            'ItemProcessor',
            'Retry',
            'Catch',
            'Parameters',
            'InputPath',
            'Next',
            'Resource',
          ];
          validateStates(value);
          validateStates({ StartAt: 'It', States: value });
          for (const field of fields) validateStates({ StartAt: 'It', States: { It: { Type, [field]: value } } });
        },
      ),
    );
  });
});
