// What comes with every table comes by the thousand, and nearly all that it says is literal. Both engines resolve what
// they write value by value, all of it two or three times over, and make a context and a path for each. Here a document
// is walked once: what is literal is taken as it is, and the engine is asked for what may hold a token, and for nothing else.

/** What an engine tells a token that it resolves. */
export interface Resolving {
  /** Whether references are being looked for, rather than a document written. */
  readonly preparing: boolean;
  resolve(value: unknown): unknown;
  registerPostProcessor(processor: PostProcessor): void;
}

export interface PostProcessor {
  postProcess(value: unknown, context: Resolving): unknown;
}

/** What a `Lean` is made of; asked for when it is resolved, so that it is as it stands then. */
export interface LeanSource {
  /** What it is part of: in one stack a text with tokens is the same wherever it stands. */
  readonly stack: object;
  /** All that may hold references. */
  readonly refers: () => unknown;
  /** What is written. */
  readonly document: () => unknown;
  /** What is made of the document once it is settled; by default nothing else. */
  readonly finish?: (settled: unknown) => unknown;
  /** What is written where it can be had without the document; undefined where it can't. */
  readonly quick?: (walk: Walk) => unknown;
  /**
   * Whether what is literal is written as it is, since nothing changes what is written.
   * @default false: it is copied
   */
  readonly shares?: boolean;
}

/** A document of literals and some tokens, as a token of either engine. */
export class Lean {
  readonly creationStack: string[] = [];
  readonly #source: LeanSource;

  constructor(source: LeanSource) {
    this.#source = source;
  }

  resolve(context: Resolving): undefined {
    const { stack, refers, document, finish, quick, shares = false } = this.#source;
    const texts = textsOf(stack, context.preparing);
    if (context.preparing) {
      new Walk(context, texts).tell(refers());
      return undefined;
    }
    let written = quick?.(new Walk(context, texts, true));
    if (written === undefined) {
      const settled = new Walk(context, texts, shares).whole(document());
      written = finish === undefined ? settled : finish(settled);
    }
    // What a token resolves to is resolved again; what a processor gives is not.
    context.registerPostProcessor(new Settled(written));
    return undefined;
  }
}

/** A document without tokens, for an engine that resolves once more what it has resolved. */
export class Settled {
  readonly creationStack: string[] = [];
  readonly #document: unknown;

  constructor(document: unknown) {
    this.#document = document;
  }

  resolve(context: Resolving): undefined {
    context.registerPostProcessor(this);
    return undefined;
  }

  postProcess(): unknown {
    return this.#document;
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

/** Of one document. */
export class Walk {
  readonly #context: Resolving;
  readonly #texts: Map<string, unknown>;
  readonly #shares: boolean;

  constructor(context: Resolving, texts: Map<string, unknown>, shares = false) {
    this.#context = context;
    this.#texts = texts;
    this.#shares = shares;
  }

  /** Shows the engine every token that the value holds, once a stack. */
  tell(value: unknown): void {
    if (typeof value === 'string') {
      if (mayHoldToken(value)) this.#tellText(value);
    } else if (Array.isArray(value)) {
      for (const each of value) this.tell(each);
    } else if (typeof value === 'object' && value !== null && isPlain(value)) {
      for (const key of Object.keys(value)) {
        if (mayHoldToken(key)) this.#tellText(key);
        this.tell((value as Record<string, unknown>)[key]);
      }
    } else if (typeof value === 'object' || mayBeToken(value)) this.#context.resolve(value);
  }

  /** A whole document, settled: one of its own even where it is shared, since the engine marks it. */
  whole(document: unknown): unknown {
    const settled = this.settle(document);
    if (settled !== document || typeof settled !== 'object' || settled === null) return settled;
    if (Array.isArray(settled)) return [...settled];
    return isPlain(settled) ? { ...settled } : settled;
  }

  /** As the engines settle it: without what is undefined. */
  settle(value: unknown): unknown {
    if (typeof value === 'string') return mayHoldToken(value) ? this.#text(value) : value;
    if (typeof value === 'function' || mayBeToken(value)) return this.#context.resolve(value);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return this.#list(value);
    return isPlain(value) ? this.#object(value as Record<string, unknown>) : this.#token(value);
  }

  #text(text: string): unknown {
    let known = this.#texts.get(text);
    if (known === undefined) {
      known = this.#context.resolve(text);
      this.#texts.set(text, known);
    }
    // Each has one of its own where what is written may still be overridden.
    return typeof known !== 'object' || known === null || this.#shares ? known : { ...known };
  }

  /** Tokens come again in other texts: each is shown by itself. */
  #tellText(text: string): void {
    if (this.#texts.has(text)) return;
    const rest = text.replace(wholeToken, (token) => {
      this.#text(token);
      return '';
    });
    if (mayHoldToken(rest)) this.#text(text);
  }

  #list(list: readonly unknown[]): unknown {
    let settled: unknown[] | undefined = this.#shares ? undefined : [];
    for (let i = 0; i < list.length; i++) {
      const each = list[i];
      // A list that is a token is a list of one token.
      if (typeof each === 'string' ? each.includes('#{') : mayBeToken(each)) return this.#context.resolve(list);
      const own = this.settle(each);
      if (settled === undefined && (own === undefined || own !== each)) settled = list.slice(0, i);
      if (own !== undefined) settled?.push(own);
    }
    return settled ?? list;
  }

  #object(value: Record<string, unknown>): unknown {
    const keys = Object.keys(value);
    let settled: Record<string, unknown> | undefined = this.#shares ? undefined : {};
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      const name = mayHoldToken(key) ? this.#text(key) : key;
      // Some keys are intrinsics, or tokens of whole maps, which the engine alone knows.
      if (typeof name !== 'string' || key.startsWith('&{')) return this.#context.resolve(value);
      const own = this.settle(value[key]);
      if (settled === undefined && (own === undefined || own !== value[key] || name !== key)) {
        settled = {};
        for (let before = 0; before < i; before++) settled[keys[before]!] = value[keys[before]!];
      }
      if (settled !== undefined && own !== undefined) settled[name] = own;
    }
    return settled ?? value;
  }

  /** A token that wraps a document to process it is walked; all others are the engine's. */
  #token(token: object): unknown {
    if (!('postProcess' in token && 'resolve' in token && typeof token.resolve === 'function'))
      return this.#context.resolve(token);
    const processors: PostProcessor[] = [];
    const registerPostProcessor = (processor: PostProcessor) => {
      processors[0] = processor;
    };
    const settled = this.settle(token.resolve({ ...this.#context, registerPostProcessor }));
    return processors[0] === undefined ? settled : processors[0].postProcess(settled, this.#context);
  }
}

/** Neither a token nor anything else that is more than its values. */
export function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  // Another realm has an Object of its own.
  const plain = prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
  return plain && !('resolve' in value);
}

/** As both engines write a token into a text. */
const wholeToken = /\$\{(?:Tf)?Token\[[\w:.-]*\]\}/g;

/** Rather once too often than once too seldom: the engine knows. */
const mayHoldToken = (text: string): boolean => text.length > 8 && (text.includes('Token[') || text.includes('e+'));

const mayBeToken = (value: unknown): boolean => typeof value === 'number' && value < -1e280;
