/** What a conversion counted. Final when its last stage has ended. */
export interface GraphStats {
  edges: number;
  /** Distinct addresses. */
  nodes: number;
  /** Edges whose action is REJECT. */
  rejected: number;
  nodata: number;
  /** Lines that stand for records AWS lost: above zero, the graph is incomplete. */
  skipdata: number;
  /** Bytes of the digest, expanded. */
  digestBytes: number;
  /** Bytes of DOT. */
  bytes: number;
  /** Bytes of the same, compressed. */
  gzipBytes: number;
}

export function newStats(): GraphStats {
  return { edges: 0, nodes: 0, rejected: 0, nodata: 0, skipdata: 0, digestBytes: 0, bytes: 0, gzipBytes: 0 };
}
