import type { Service } from "./answers.js";

/** What a service is called: by its name, else by its port. */
export function serviceText(service: Service): string {
  const { protocol, port } = service;
  return nameOf(service) ?? (port === undefined ? protocol : `${port}/${protocol}`);
}

/** With the port besides, for whoever looks for one. */
export function serviceTitle(service: Service): string {
  const { protocol, port } = service;
  const name = nameOf(service);
  if (port === undefined) return protocol;
  return name === undefined ? `${port}/${protocol}` : `${name} (${port}/${protocol})`;
}

/** `http-alt-9000` says no more than its port. */
export function nameOf({ name, port }: Service): string | undefined {
  return name?.endsWith(`-${port}`) === true ? undefined : name;
}
