export {
  CorruptInputError,
  DependencyError,
  HandedOverError,
  RetryLaterError,
  SupersededError,
  type DependencyName,
  type Obstacle,
} from "./errors.js";
export { GraphId } from "./graph-id.js";
export { Job, toMessage, type JobMessage } from "./job.js";
export type { Deliver, Deliverer, Fate, Report } from "./deliverer.js";
export { explain } from "./explain.js";
export type { BoundAddress, Module } from "./module.js";
export { type GraphRef, TimeWindow, WindowError } from "./window.js";
export { Scope, scopeOf } from "./scope.js";
export { ScopeError, type ScopeParameters, valuesOf } from "./scope-parts.js";
export type { Digest, Digester, DigestOfEdges, DigestOfLines } from "./digester/digester.js";
export { Claim, type ClaimRecord, type Marker } from "./marker/marker.js";
export type { Queuer } from "./queuer/queuer.js";
export type {
  EdgeStorage,
  EntryStorage,
  GraphInfo,
  Storage,
  StoredEdges,
  StoredGraph,
  StoreEdgesOptions,
  StoreOptions,
} from "./storage/storage.js";
export type { Entry, EntryPage, EntryQuery } from "./entry.js";
export type { EdgeBatch } from "./edges/table.js";
export { BuiltInService as Service, type ServiceOptions } from "./compose/built-in-service.js";
export { ConfigError } from "./compose/config.js";
export { buildApp, type AppOptions } from "./http/app.js";
export { DiskStorage } from "./storage/disk.js";
export { MemoryStorage } from "./storage/memory.js";
export { DiskMarker } from "./marker/disk.js";
export { MemoryMarker } from "./marker/memory.js";
export { HttpQueuer } from "./queuer/http.js";
export { HttpDigester } from "./digester/http.js";
export { S3Storage } from "./storage/s3.js";
export { S3Marker } from "./marker/s3.js";
export { FlowLogDigester } from "./digester/flow-logs/flow-log-digester.js";
export { DirectorySource } from "./digester/flow-logs/directory.js";
export type { Stats } from "./telemetry/stats.js";
