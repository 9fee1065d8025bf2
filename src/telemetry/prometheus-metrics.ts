import type { ConnectionStateSettings } from "./connection-states.js";

type Labels = Readonly<Record<string, string>>;

export interface MetricDescription {
  readonly name: string;
  readonly help: string;
  /** The statistics that it is made of, each with the labels that its name stands for. Their tags are labels as well. */
  readonly of: Readonly<Record<string, Labels>>;
  readonly labels: readonly string[];
  /** Of a counter: what is there from the start. The step from nothing to 1 is no increase to Prometheus. */
  readonly zeros?: readonly Labels[];
}

interface HistogramDescription extends MetricDescription {
  readonly buckets: readonly number[];
  /** A value of the statistic is so many times as large in the metric's unit. */
  readonly scale: number;
}

export interface MetricDescriptions {
  readonly counters: readonly MetricDescription[];
  readonly gauges: readonly MetricDescription[];
  readonly histograms: readonly HistogramDescription[];
}

const REQUEST = ["route", "method", "status_class"];
const CALL = ["dependency", "operation", "outcome"];
const OUTCOMES = ["stored", "retried", "failed", "corrupt", "interrupted"];

const CALL_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const JOB_BUCKETS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];
const SIZE_BUCKETS = [10, 100, 1e3, 1e4, 1e5, 1e6, 1e7];

/** `grapherd.jobs` is `vpcflow_grapherd_jobs` and what it ends with. */
function named(statistic: string, end: string, help: string, labels: readonly string[]): MetricDescription {
  return { name: `vpcflow_${statistic.replaceAll(".", "_")}${end}`, help, of: { [statistic]: {} }, labels };
}

function counter(statistic: string, help: string, labels: readonly string[] = []): MetricDescription {
  return named(statistic, "_total", help, labels);
}

/** Of milliseconds. */
function times(statistic: string, help: string, buckets: readonly number[], labels: readonly string[] = []) {
  return { ...named(statistic, "_seconds", help, labels), buckets, scale: 1e-3 };
}

function sizes(statistic: string, help: string): HistogramDescription {
  return { ...named(statistic, "", help, []), buckets: SIZE_BUCKETS, scale: 1 };
}

/**
 * How Prometheus knows the statistics. Event-loop delay and memory aren't among them: they are among the metrics that every Node
 * process has.
 *
 * @param names what the statistics of connections are called
 */
export function metricDescriptions(names: ConnectionStateSettings): MetricDescriptions {
  return {
    counters: [
      counter("grapherd.http.requests", "Requests that ended", REQUEST),
      {
        ...counter("grapherd.jobs", "Attempts at jobs that ended", ["outcome"]),
        zeros: OUTCOMES.map((outcome) => ({ outcome })),
      },
      counter("grapherd.digest.records", "Edges, and records without an edge", ["kind"]),
      counter("grapherd.flow_logs", "Files and records of flow logs that were read or passed over", ["kind"]),
      counter("grapherd.digest.bytes", "Bytes of digests of a vpcflow-digesterd, not compressed"),
      counter("grapherd.digest.scanned_bytes", "Bytes that Athena scanned for graphs that are stored"),
      counter("grapherd.graph.bytes", "Bytes of graphs that were stored, compressed"),
      counter("grapherd.graph.expanded_bytes", "Bytes of graphs that were stored, not compressed"),
      counter("grapherd.dependency.calls", "Calls of storage, marker, queuer and digester", CALL),
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
      named("grapherd.jobs.in_process", "", "Jobs in this process", ["state"]),
      {
        name: "vpcflow_grapherd_event_loop_utilization_ratio",
        help: "How busy the event loop was in the last 10 s, from 0 to 1",
        of: { "grapherd.process.event_loop_utilization": {} },
        labels: [],
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
      times(
        "grapherd.http.duration",
        "Time from the headers of a request to the last byte of its answer",
        CALL_BUCKETS,
        REQUEST,
      ),
      times("grapherd.job.duration", "Time of attempts that stored a graph", JOB_BUCKETS),
      sizes("grapherd.job.edges", "Edges of stored graphs"),
      sizes("grapherd.job.nodes", "Nodes of stored graphs"),
      times(
        "grapherd.dependency.duration",
        "Time of calls of storage, marker, queuer and digester. If a call gives a stream: until the stream begins",
        CALL_BUCKETS,
        CALL,
      ),
    ],
  };
}
