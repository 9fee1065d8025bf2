import { Choose } from "../choose/choose.js";
import { Unshown } from "../choose/unshown.js";
import { Findings } from "../findings/findings.js";
import { Detail } from "../detail/detail.js";
import { Matrix } from "../matrix/matrix.js";
import { MapView } from "../map/map-view.js";
import type { GraphView } from "../state/answers.js";
import { isTokenWanted } from "../state/api.js";
import { shownOf } from "../state/asked.js";
import { grouped } from "../state/graph.js";
import { place } from "../state/place.js";
import { Timeline } from "../timeline/timeline.js";
import { Table } from "../table/table.js";
import { Bar } from "./bar.js";
import { Empty } from "./empty.js";
import { Notice } from "./notice.js";
import { Sentence } from "./sentence.js";
import { TokenForm } from "./token-form.js";

export function App() {
  return (
    <>
      <Bar />
      <Main />
    </>
  );
}

function Main() {
  if (isTokenWanted.value) return <TokenForm />;
  if (place.value.window === undefined) return <Choose />;
  const view = shownOf(grouped.value);
  if (view === undefined || grouped.value.state === "refused") return <Unshown />;
  return (
    <>
      <Sentence view={view} />
      <Notice view={view} />
      <div class="body">
        <Findings />
        <main class="stage" aria-busy={grouped.value.state === "asking"}>
          <Shown view={view} />
        </main>
        <Detail />
      </div>
      <Timeline />
    </>
  );
}

function Shown({ view }: { view: GraphView }) {
  if (view.graph.edges === 0 && view.against === undefined) return <Empty graph={view.graph} />;
  if (place.value.view === "matrix") return <Matrix view={view} />;
  if (place.value.view === "table" || view.map === undefined) return <Table />;
  return <MapView view={view} map={view.map} />;
}
