/** What views look like, for the OpenAPI description; cut short. */
export const VIEW_SCHEMAS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  json: {
    type: "object",
    examples: [
      {
        window: { start: "2019-06-01T00:00:00Z", stop: "2019-06-01T01:00:00Z" },
        edges: "conversations",
        graph: { edges: 2, conversations: 1, loggedTwice: 0, edgesLoggedTwice: 0, bytes: 1424, packets: 14 },
        nodes: [
          { id: "10.0.0.1", label: "web-1", kind: "host", side: "inside", hosts: 1, where: "host:10.0.0.1" },
          { id: "10.0.0.2", label: "db", kind: "host", side: "inside", hosts: 1, where: "host:10.0.0.2" },
        ],
        links: [
          {
            from: "10.0.0.1",
            to: "10.0.0.2",
            served: true,
            rows: 1,
            client: { bytes: 400, packets: 6, rejectedBytes: 0, rejectedPackets: 0 },
            server: { bytes: 1024, packets: 8, rejectedBytes: 0, rejectedPackets: 0 },
            services: [{ protocol: "tcp", port: 5432, name: "postgresql" }],
            where: "from:10.0.0.1 to:10.0.0.2 protocol:tcp port:5432",
          },
        ],
        other: [],
        left: { filtered: { rows: 0, bytes: 0, packets: 0 }, folded: { rows: 0, bytes: 0, packets: 0 } },
        findings: [],
        notes: [],
      },
    ],
  },
  csv: {
    type: "string",
    examples: [
      "kind,from,from_label,to,to_label,served,protocol,port\r\nlink,10.0.0.1,web-1,10.0.0.2,db,true,tcp,5432\r\n",
    ],
  },
  svg: { type: "string", examples: ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 320"></svg>'] },
  parquet: { type: "string", format: "binary" },
};
