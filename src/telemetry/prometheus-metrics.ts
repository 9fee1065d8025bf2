import type { ConnectionStateSettings } from "./connection-states.js";

type Labels = Readonly<Record<string, string>>;

export interface MetricDescription {
  readonly name: string;
  readonly help: string;
  /** The statistics that it is made of, each with the labels that its name stands for. Their tags are labels as well. */
  readonly of: Readonly<Record<string, Labels>>;
  readonly labels?: readonly string[];
}

interface CounterDescription extends MetricDescription {
  /** What is there from the start: the step from nothing to 1 is no increase to Prometheus. */
  readonly zeros?: readonly Labels[];
}

interface HistogramDescription extends MetricDescription {
  readonly buckets: readonly number[];
  /** A value of the statistic is so many times as large in the metric's unit. */
  readonly scale: number;
}

export interface MetricDescriptions {
  readonly counters: readonly CounterDescription[];
  readonly gauges: readonly MetricDescription[];
  readonly histograms: readonly HistogramDescription[];
}

const REQUEST = ["route", "method", "status_class"];
const CALL = ["dependency", "operation", "outcome"];

/** Statistics of times are milliseconds. */
const SECONDS = 1e-3;
const CALL_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const JOB_BUCKETS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];
const SIZE_BUCKETS = [10, 100, 1e3, 1e4, 1e5, 1e6, 1e7];

/**
 * How Prometheus knows the statistics. Event-loop delay and memory aren't among them: they are among the metrics that every Node
 * process has.
 *
 * @param names what the statistics of connections are called
 */
export function metricDescriptions(names: ConnectionStateSettings): MetricDescriptions {
  return {
    counters: [
      {
        name: "vpcflow_grapherd_http_requests_total",
        help: "Requests that ended",
        of: { "grapherd.http.requests": {} },
        labels: REQUEST,
      },
      {
        name: "vpcflow_grapherd_jobs_total",
        help: "Attempts at jobs that ended",
        of: { "grapherd.jobs": {} },
        labels: ["outcome"],
        zeros: ["stored", "retried", "failed", "corrupt", "interrupted"].map((outcome) => ({ outcome })),
      },
      {
        name: "vpcflow_grapherd_digest_records_total",
        help: "Edges, and records without an edge",
        of: { "grapherd.digest.records": {} },
        labels: ["kind"],
      },
      {
        name: "vpcflow_grapherd_flow_logs_total",
        help: "Files and records of flow logs that were read or passed over",
        of: { "grapherd.flow_logs": {} },
        labels: ["kind"],
      },
      {
        name: "vpcflow_grapherd_digest_bytes_total",
        help: "Bytes of digests of a vpcflow-digesterd, not compressed",
        of: { "grapherd.digest.bytes": {} },
      },
      {
        name: "vpcflow_grapherd_digest_scanned_bytes_total",
        help: "Bytes that Athena scanned for graphs that are stored",
        of: { "grapherd.digest.scanned_bytes": {} },
      },
      {
        name: "vpcflow_grapherd_graph_bytes_total",
        help: "Bytes of graphs that were stored, compressed",
        of: { "grapherd.graph.bytes": {} },
      },
      {
        name: "vpcflow_grapherd_graph_expanded_bytes_total",
        help: "Bytes of graphs that were stored, not compressed",
        of: { "grapherd.graph.expanded_bytes": {} },
      },
      {
        name: "vpcflow_grapherd_dependency_calls_total",
        help: "Calls of storage, marker, queuer and digester",
        of: { "grapherd.dependency.calls": {} },
        labels: CALL,
      },
      {
        name: "vpcflow_grapherd_http_connections_total",
        help: "Connections that came into a state",
        of: {
          [names.RUNTIME_CONNSTATE_NEWCOUNTER]: { state: "new" },
          [names.RUNTIME_CONNSTATE_ACTIVECOUNTER]: { state: "active" },
          [names.RUNTIME_CONNSTATE_IDLECOUNTER]: { state: "idle" },
          [names.RUNTIME_CONNSTATE_CLOSEDCOUNTER]: { state: "closed" },
          [names.RUNTIME_CONNSTATE_HIJACKEDCOUNTER]: { state: "hijacked" },
        },
        labels: ["state"],
      },
    ],
    gauges: [
      {
        name: "vpcflow_grapherd_jobs_in_process",
        help: "Jobs in this process",
        of: { "grapherd.jobs.in_process": {} },
        labels: ["state"],
      },
      {
        name: "vpcflow_grapherd_event_loop_utilization_ratio",
        help: "How busy the event loop was in the last 10 s, from 0 to 1",
        of: { "grapherd.process.event_loop_utilization": {} },
      },
      {
        name: "vpcflow_grapherd_http_connections",
        help: "Open connections",
        of: {
          [names.RUNTIME_CONNSTATE_NEWGAUGE]: { state: "new" },
          [names.RUNTIME_CONNSTATE_ACTIVEGAUGE]: { state: "active" },
          [names.RUNTIME_CONNSTATE_IDLEGAUGE]: { state: "idle" },
        },
        labels: ["state"],
      },
    ],
    histograms: [
      {
        name: "vpcflow_grapherd_http_duration_seconds",
        help: "Time from the headers of a request to the last byte of its answer",
        of: { "grapherd.http.duration": {} },
        labels: REQUEST,
        buckets: CALL_BUCKETS,
        scale: SECONDS,
      },
      {
        name: "vpcflow_grapherd_job_duration_seconds",
        help: "Time of attempts that stored a graph",
        of: { "grapherd.job.duration": {} },
        buckets: JOB_BUCKETS,
        scale: SECONDS,
      },
      {
        name: "vpcflow_grapherd_job_edges",
        help: "Edges of stored graphs",
        of: { "grapherd.job.edges": {} },
        buckets: SIZE_BUCKETS,
        scale: 1,
      },
      {
        name: "vpcflow_grapherd_job_nodes",
        help: "Nodes of stored graphs",
        of: { "grapherd.job.nodes": {} },
        buckets: SIZE_BUCKETS,
        scale: 1,
      },
      {
        name: "vpcflow_grapherd_dependency_duration_seconds",
        help: "Time of calls of storage, marker, queuer and digester. If a call gives a stream: until the stream begins",
        of: { "grapherd.dependency.duration": {} },
        labels: CALL,
        buckets: CALL_BUCKETS,
        scale: SECONDS,
      },
    ],
  };
}
