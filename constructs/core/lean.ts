// What comes with every table comes by the thousand, and nearly all that it says is literal. Both engines resolve what
// they write value by value, all of it two or three times over, and make a context and a path for each. Here a document
// is walked once: what is literal is taken as it is, and the engine is asked for what may hold a token, and for nothing else.

/** What an engine tells a token that it resolves. */
export interface Resolving {
  /** Whether references are being looked for, rather than the document written. */
  readonly preparing: boolean;
  resolve(value: unknown): unknown;
  registerPostProcessor(processor: PostProcessor): void;
}

export interface PostProcessor {
  postProcess(value: unknown, context: Resolving): unknown;
}

/** A document of literals and some tokens, as a token of either engine. */
export class Lean {
  readonly creationStack: string[] = [];
  readonly #document: (context: Resolving) => unknown;
  readonly #stack: object;
  readonly #finish: (settled: unknown) => unknown;

  /**
   * @param document what is asked for when it is resolved, so that it is as it stands then
   * @param stack what it is part of: in one stack a text with tokens is the same wherever it stands
   * @param finish what is made of it once it is settled
   */
  constructor(
    document: (context: Resolving) => unknown,
    stack: object,
    finish: (settled: unknown) => unknown = (settled) => settled,
  ) {
    this.#document = document;
    this.#stack = stack;
    this.#finish = finish;
  }

  resolve(context: Resolving): undefined {
    const settled = new Settling(context, textsOf(this.#stack, context.preparing)).value(this.#document(context));
    // What a token resolves to is resolved again; what a processor gives is not.
    context.registerPostProcessor({ postProcess: () => this.#finish(settled) });
    return undefined;
  }
}

/** A document without tokens, which an engine would resolve all the same where it resolves what it has resolved. */
export class Settled {
  readonly creationStack: string[] = [];
  readonly #document: unknown;

  constructor(document: unknown) {
    this.#document = document;
  }

  resolve(context: Resolving): undefined {
    context.registerPostProcessor({ postProcess: () => this.#document });
    return undefined;
  }
}

interface Texts {
  readonly preparing: boolean;
  readonly known: Map<string, unknown>;
}

const texts = new WeakMap<object, Texts>();

/** What texts with tokens are in a stack, for as long as it is being prepared, or being written. */
function textsOf(stack: object, preparing: boolean): Map<string, unknown> {
  const before = texts.get(stack);
  if (before?.preparing === preparing) return before.known;
  const known = new Map<string, unknown>();
  texts.set(stack, { preparing, known });
  return known;
}

class Settling {
  readonly #context: Resolving;
  readonly #texts: Map<string, unknown>;

  constructor(context: Resolving, texts: Map<string, unknown>) {
    this.#context = context;
    this.#texts = texts;
  }

  /** As the engines settle it: without what is undefined. */
  value(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        return mayHoldToken(value) ? this.#text(value) : value;
      case 'number':
        return mayBeToken(value) ? this.#context.resolve(value) : value;
      case 'object':
        return value === null ? null : this.#object(value);
      case 'function':
        return this.#context.resolve(value);
      default:
        return value;
    }
  }

  #text(text: string): unknown {
    let known = this.#texts.get(text);
    if (known === undefined) {
      known = this.#context.resolve(text);
      this.#texts.set(text, known);
    }
    // Each has one of its own, since what is written may still be overridden.
    return typeof known === 'object' && known !== null ? { ...known } : known;
  }

  #object(value: object): unknown {
    if (Array.isArray(value)) return this.#list(value);
    if (isProcessed(value)) return this.#processed(value);
    const prototype = Object.getPrototypeOf(value);
    if ((prototype !== Object.prototype && prototype !== null) || 'resolve' in value)
      return this.#context.resolve(value);
    const settled: Record<string, unknown> = {};
    for (const [key, held] of Object.entries(value)) {
      const name = mayHoldToken(key) ? this.#text(key) : key;
      // Some keys are intrinsics or tokens of whole maps, which the engine alone knows.
      if (typeof name !== 'string' || key.startsWith('&{')) return this.#context.resolve(value);
      const own = this.value(held);
      if (own !== undefined) settled[name] = own;
    }
    return settled;
  }

  #list(list: readonly unknown[]): unknown {
    if (list.some((each) => (typeof each === 'string' ? each.includes('#{') : mayBeToken(each))))
      return this.#context.resolve(list);
    return list.map((each) => this.value(each)).filter((each) => each !== undefined);
  }

  /** A token that wraps others to process them: walked as any other document. */
  #processed(token: Pick<Lean, 'resolve'>): unknown {
    const processors: PostProcessor[] = [];
    const registerPostProcessor = (processor: PostProcessor) => {
      processors[0] = processor;
    };
    const settled = this.value(token.resolve({ ...this.#context, registerPostProcessor }));
    return processors[0] === undefined ? settled : processors[0].postProcess(settled, this.#context);
  }
}

const isProcessed = (value: object): value is Pick<Lean, 'resolve'> =>
  'postProcess' in value && 'resolve' in value && typeof value.resolve === 'function';

/** Rather once too often than once too seldom: the engine knows. */
const mayHoldToken = (text: string): boolean => text.includes('Token[') || text.includes('e+');

const mayBeToken = (value: unknown): boolean => typeof value === 'number' && value < -1e280;
