import type { Service } from "./answers.js";

/** What a service is called: by its name, else by its port. */
export function serviceText({ protocol, port, name }: Service): string {
  if (port === undefined) return protocol;
  return name ?? `${port}/${protocol}`;
}

/** With the port besides, for whoever looks for one. */
export function serviceTitle({ protocol, port, name }: Service): string {
  if (port === undefined) return protocol;
  return name === undefined ? `${port}/${protocol}` : `${name} (${port}/${protocol})`;
}
