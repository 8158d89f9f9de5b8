import { CannotError } from '../errors';

/** What names Spark's Python and Java, and what they are to be. */
const needed = {
  python: ['INGOT_SPARK_PYTHON', 'Python 3.10 or newer with PySpark 4.0 and sqlglot'],
  java: ['JAVA_HOME', 'Java 17 or newer'],
} as const;

type Needed = keyof typeof needed;

/** Spark did not start on this machine: no file, contract or model is to blame. */
export class SparkStartError extends CannotError {
  /** What to do about it. */
  readonly todo: string;

  /** @param wanting what is to blame; either may be, where nobody knows */
  constructor(why: string, wanting: readonly Needed[] = ['python', 'java']) {
    super(`Spark did not start: ${[why, ...wanting.map(demanded)].join('; ')}`);
    const variables = wanting.map((one) => needed[one][0]).join(' and ');
    this.todo = `Put right what ${variables} ${wanting.length > 1 ? 'name' : 'names'}, then run again.`;
  }
}

function demanded(one: Needed): string {
  const [variable, what] = needed[one];
  const value = process.env[variable];
  return value ? `${variable} must name ${what}, given ${JSON.stringify(value)}` : `${variable} may name ${what}`;
}

/** Why Spark's Python ended before it had a session, by what it printed. */
export function startFailure(printed: string): SparkStartError {
  const why = printed.trim().split('\n').at(-1) ?? '';
  if (/JAVA_GATEWAY_EXITED|Java gateway process exited|UnsupportedClassVersionError/.test(printed))
    return new SparkStartError(why, ['java']);
  if (/^(ModuleNotFoundError|ImportError|SyntaxError)\b|No module named/.test(why))
    return new SparkStartError(why, ['python']);
  return new SparkStartError(why);
}
