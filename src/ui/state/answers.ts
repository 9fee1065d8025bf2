import type { GraphMap } from "../../view/map/graph-map.js";
import type { Window } from "./address.js";

/** As src/view/format/json.ts writes it: beyond 2^53 it is text. */
export type Count = number | string;

interface Sent {
  readonly bytes: Count;
  readonly packets: Count;
  readonly rejectedBytes: Count;
  readonly rejectedPackets: Count;
}

export interface Node {
  readonly id: string;
  readonly label: string;
  readonly kind: string;
  readonly side: "inside" | "internet";
  readonly hosts: number;
  /** The filter that shows it. */
  readonly where: string;
}

export interface Service {
  readonly protocol: string;
  readonly port?: number;
  readonly name?: string;
}

export interface Link {
  readonly from: string;
  readonly to: string;
  readonly served: boolean;
  readonly services: readonly Service[];
  readonly moreServices: number;
  readonly rows: number;
  readonly rejectedRows: number;
  readonly client: Sent;
  readonly server: Sent;
  readonly accepted: boolean;
  readonly rejected: boolean;
  readonly flows?: { readonly accepted: Count; readonly rejected: Count };
  readonly finding?: string;
  readonly where: string;
  readonly first?: string;
  readonly last?: string;
  /** 60 digits, a bit for each sixtieth of the window, the first one last. */
  readonly active?: string;
  readonly statuses?: Readonly<Partial<Record<"new" | "gone" | "changed" | "same", number>>>;
}

interface Totals {
  readonly bytes: Count;
  readonly packets: Count;
  readonly flows?: Count;
}

/** What `GET /graph?format=json` answers. */
export interface GraphView {
  readonly window: Window;
  readonly against?: Window;
  readonly graph: Totals & {
    readonly edges: number;
    readonly conversations: number;
    readonly loggedTwice: number;
    readonly edgesLoggedTwice: number;
    readonly incomplete?: boolean;
    /** What the job counted. */
    readonly read?: Readonly<Record<string, number>>;
    readonly unknown: readonly string[];
  };
  readonly nodes: readonly Node[];
  readonly links: readonly Link[];
  readonly other: readonly Link[];
  readonly left: {
    readonly filtered: Totals & { readonly rows: number };
    readonly folded: Totals & { readonly rows: number };
  };
  readonly notes: readonly string[];
  /** With `layout=map`. */
  readonly map?: GraphMap;
}

export interface Finding {
  readonly id: string;
  readonly rule: string;
  readonly severity: "high" | "medium" | "low";
  readonly title: string;
  /** Whose doing it is first. */
  readonly hosts: readonly string[];
  readonly technique: string;
  readonly first: string | null;
  readonly last: string | null;
  readonly where: string;
}

/** What `GET /graph/findings` answers. */
export interface Findings {
  readonly findings: readonly Finding[];
  readonly muted: number;
  readonly more: number;
  readonly unknown: readonly string[];
}

/** One of `GET /graphs`. A number that nobody has counted is left out. */
export interface ListedGraph {
  readonly id: string;
  readonly window: Window;
  /** Of which part of the flow logs; missing: of all. */
  readonly scope?: string;
  readonly made: string;
  readonly nodes?: number;
  readonly edges?: number;
  readonly rejected?: number;
  readonly incomplete?: boolean;
  readonly findings?: { readonly high: number; readonly medium: number; readonly low: number };
}

export interface GraphList {
  readonly graphs: readonly ListedGraph[];
  readonly next?: string;
  readonly unlisted?: number;
}
