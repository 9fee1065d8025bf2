/** A call that arrived at a gate. It has done nothing yet. */
export interface HeldCall {
  readonly args: readonly unknown[];
  /** Has it done by the module, and answered. */
  pass(): void;
  /** Has it done by the module, and keeps the answer until `pass` or `fail`. */
  perform(): Promise<void>;
  /** Answers this, whatever the module would have. */
  answer(value: unknown): void;
  /** Answers this error, whether it was done or not. */
  fail(error: Error): void;
}

type Method<Module> = Extract<keyof Module, string>;

/**
 * A switch around a real module: the next calls of a method can be held, and let go when something else has happened, so
 * that a test puts races in the order it wants.
 */
export class Gates<Module extends object> {
  readonly module: Module;
  readonly #waiting = new Map<string, ((call: HeldCall) => void)[]>();

  constructor(real: Module) {
    this.module = new Proxy(real, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): unknown => {
          const waiting = typeof name === "string" ? this.#waiting.get(name)?.shift() : undefined;
          const perform = (): unknown => Reflect.apply(value, target, args);
          return waiting === undefined ? perform() : held(args, perform, waiting);
        };
      },
    });
  }

  /** Holds the next call of the method that isn't held yet, and resolves when it arrives. */
  next(method: Method<Module>): Promise<HeldCall> {
    return new Promise((resolve) => {
      this.#waiting.set(method, [...(this.#waiting.get(method) ?? []), resolve]);
    });
  }
}

function held(
  args: readonly unknown[],
  perform: () => unknown,
  arrived: (call: HeldCall) => void,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let done: Promise<unknown> | undefined;
    const once = () => (done ??= Promise.resolve().then(perform));
    arrived({
      args,
      pass: () => void once().then(resolve, reject),
      perform: async () => void (await once()),
      answer: resolve,
      fail: reject,
    });
  });
}
