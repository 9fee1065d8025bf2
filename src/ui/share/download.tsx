import { useState } from "preact/hooks";
import { Menu } from "../frame/menu.js";
import { call } from "../state/api.js";
import { openOf, viewQuery } from "../state/graph.js";
import { place } from "../state/place.js";

const FORMATS = [
  { format: "svg", name: "SVG", what: "the map" },
  { format: "csv", name: "CSV", what: "a row a conversation" },
  { format: "json", name: "JSON", what: "all that is known of each" },
  { format: "parquet", name: "Parquet", what: "for DuckDB, pandas, Athena" },
  { format: "dot", name: "DOT", what: "for Graphviz" },
] as const;

/** What is seen as a file. It is fetched with the token, so that no address has one. */
export function Download() {
  const [said, setSaid] = useState("");
  const download = async (format: string, close: () => void) => {
    const opened = format === "svg" ? openOf(place.value) : {};
    const query = viewQuery(place.value, { format, ...opened });
    if (query === undefined) return;
    setSaid("Fetching …");
    try {
      const { status, message, response } = await call(query, { accept: "*/*" });
      if (status !== 200) {
        setSaid(message === "" ? "The graph isn’t there any more." : message);
        return;
      }
      save(await response.blob(), nameOf(format));
      setSaid("");
      close();
    } catch (error) {
      setSaid(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Menu label="Download" align="right">
      {(close) => (
        <ul class="choices">
          {FORMATS.map(({ format, name, what }) => (
            <li key={format}>
              <button type="button" class="button" onClick={() => void download(format, close)}>
                <strong>{name}</strong> {what}
              </button>
            </li>
          ))}
          <li role="status">{said}</li>
        </ul>
      )}
    </Menu>
  );
}

function nameOf(format: string): string {
  const { window } = place.value;
  const times = [window?.start, window?.stop].map((time = "") => time.replaceAll(/[-:]|:?00Z$|Z$/g, ""));
  return `graph-${times.join("-")}.${format}`;
}

function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
