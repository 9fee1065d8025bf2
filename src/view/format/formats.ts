import { csv } from "./csv.js";
import { dot } from "./dot.js";
import type { ViewFormat } from "./format.js";
import { json } from "./json.js";
import { parquet } from "./parquet.js";
import { svg } from "./svg.js";

/** What `format` takes. The first is the one for whoever takes any. */
export const VIEW_FORMATS: Readonly<Record<string, ViewFormat>> = { json, csv, svg, dot, parquet };
