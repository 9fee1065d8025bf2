/** Lets so many calls of modules through. What comes after them is what a killed process would have done. */
export class Life {
  #left: number;
  ended = false;

  constructor(calls: number) {
    this.#left = calls;
  }

  of<Module extends object>(module: Module): Module {
    return new Proxy(module, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value === "object" && value !== null) return this.of(value);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): unknown => {
          if (this.#left-- > 0) return Reflect.apply(value, target, args);
          this.ended = true;
          return Promise.reject(new Error("killed"));
        };
      },
    });
  }
}
