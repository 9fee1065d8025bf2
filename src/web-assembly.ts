import { readFileSync } from "node:fs";
import { builtFile } from "./built-file.js";

/** What is used of WebAssembly, which Node.js has and its types for 20 don't. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Record<string, unknown> };
};

const modules = new Map<string, object>();

/**
 * A new instance of a kernel, with a memory of its own. Kernels are made from what is in the folders `assembly`.
 *
 * @param path below dist, such as "flow-log/lines.wasm"
 * @param imports functions that it calls, by module and name
 */
export function instantiate(
  path: string,
  imports: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
): Record<string, unknown> {
  const module = modules.get(path) ?? new WebAssembly.Module(readFileSync(builtFile(path)));
  modules.set(path, module);
  return new WebAssembly.Instance(module, imports).exports;
}
