import { type Comparison, type Contender, figure } from "../compare.js";
import { BenchData } from "../data.js";
import { makeGraph } from "../service.js";
import { questions } from "./views.js";

/** By how many times the records of the other groups. */
const SIZES = [0.01, 0.1, 1, 5];
const MAX_GROWTH = 1.5;

/** Questions about graphs of different sizes: what they cost has to grow as the number of edges does. */
export async function* viewSizes(data: BenchData): AsyncGenerator<Comparison> {
  const contenders: Contender[] = [];
  for (const size of SIZES) {
    const records = Math.round(size * data.records);
    const sized = new BenchData(await data.directory(`sized/${records}`), records);
    const { directory } = await sized.gz();
    const dataDir = await sized.directory("made");
    await makeGraph(sized, directory, dataDir);
    contenders.push({ name: `${records} records`, measure: () => questions(dataDir) });
  }
  const [first, ...others] = contenders;
  const [usual, most] = [others.at(-2)?.name ?? "", others.at(-1)?.name ?? ""];
  if (first === undefined) return;
  yield {
    title: "questions about stored graphs of different sizes",
    contenders: [first, ...others],
    goals: [
      {
        what: "CPU of a first view for each edge, of five times the edges",
        of: (round) =>
          figure("first, CPU µs an edge", most)(round) / figure("first, CPU µs an edge", usual)(round),
        atMost: MAX_GROWTH,
      },
    ],
  };
}
