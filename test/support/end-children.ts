import { afterAll } from "vitest";
import { allowChildren, endChildren } from "./child.js";
import "./end-with-runner.js";

// Around each file that starts processes: whatever becomes of its tests, none of them outlives it.
allowChildren();
afterAll(endChildren);
