export { CorruptInputError, DependencyError, RetryLaterError, type DependencyName } from "./errors.js";
export { Job, toMessage, type JobMessage } from "./job.js";
export type { Module } from "./module.js";
export { GraphId, TimeWindow, WindowError } from "./window.js";
export type { Digest, Digester } from "./digester/digester.js";
export { Claim, type ClaimRecord, type Marker } from "./marker/marker.js";
export type { Queuer } from "./queuer/queuer.js";
export type { GraphInfo, Storage, StoredGraph } from "./storage/storage.js";
