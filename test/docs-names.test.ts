/** Names that the documentation lists, held against the code that has them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { z } from "zod";
import { settings } from "../src/compose/config.js";
import { RULES } from "../src/finding/rules.js";
import { parseFormats, RELEVANT } from "../src/flow-log/columns.js";
import { viewParameters } from "../src/http/view-query.js";

const project = fileURLToPath(new URL("..", import.meta.url));
const document = (name: string) => readFileSync(join(project, "docs", name), "utf8");

const source = readdirSync(join(project, "src"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && !path.startsWith("ui/"))
  .map((path) => readFileSync(join(project, "src", path), "utf8"))
  .join("\n");

/** The cells of the table below a heading's own text, row by row. */
function table(text: string, head: string): string[][] {
  const [, rows = ""] = text.split(`${head}\n`);
  const lines = rows.split("\n").slice(1);
  return lines
    .slice(
      0,
      lines.findIndex((line) => !line.startsWith("|")),
    )
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    .map(([, ...cells]) => cells);
}

/** The names between backticks of the first column. */
function names(text: string, head: string): string[] {
  return table(text, head).flatMap(([cell = ""]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
  );
}

test("the log events are those of the code", () => {
  const logged = [
    // The last argument of a call of a logger, within its paragraph.
    ...source.matchAll(
      /\b(?:[lL]og(?:ger)?|report)(?:\.(?:info|warn|error|debug)|\[[^\]]+\])\((?:(?!\n\n)[^]){0,400}?"([a-z-]+)",?\s*\)/g,
    ),
    // What is put together elsewhere: why a request got its status, and warnings at start.
    ...(/function event\([^]*?\n\}/.exec(source)?.[0] ?? "").matchAll(/(?:return|[?:]) "([a-z-]+)"/g),
    ...source.matchAll(/\bevent: "([a-z-]+)" as const|\bmessage: "([a-z-]+)",\n/g),
  ].map(([, name, other]) => name ?? other);
  const documented = names(document("operate.md"), "| message | level | fields | meaning, and what to do |");
  expect(new Set(documented)).toEqual(new Set(logged));
});

test("the metrics are those of the code", () => {
  const sent = [...source.matchAll(/"(grapherd\.[a-z0-9._]+)"/g)].map(([, name = ""]) => name);
  const connections = Object.entries(settings).flatMap(([name, { def }]) =>
    /^RUNTIME_CONNSTATE_.*(?:COUNTER|GAUGE)$/.test(name) && "defaultValue" in def ? [def.defaultValue] : [],
  );
  const documented = names(document("operate.md"), "| metric | type | tags | meaning |");
  expect(documented.toSorted()).toEqual([...new Set([...sent, ...connections])].toSorted());
});

test("the alarms are set on metrics and events that there are", () => {
  const text = document("operate.md");
  const known = [
    ...names(text, "| metric | type | tags | meaning |"),
    ...names(text, "| message | level | fields | meaning, and what to do |"),
  ];
  const alarms = names(text, "| alarm when | because |").filter((name) =>
    /^[a-z][\w.-]*(?:\{.*\})?$/.test(name),
  );
  expect(alarms.length).toBeGreaterThan(5);
  for (const alarm of alarms) expect(known).toContain(alarm.replace(/\{.*/, ""));
});

test("the rules are those of the code, each with its technique", () => {
  const documented = table(document("findings.md"), "| rule | what it finds | ATT&CK |");
  expect(documented.map(([name, , technique]) => `${name} ${technique}`).toSorted()).toEqual(
    RULES.map(({ name, technique }) => `\`${name}\` ${technique}`).toSorted(),
  );
});

test("the parameters of views are those of the code", () => {
  const documented = names(document("views.md"), "| parameter | meaning |");
  expect(documented.filter((name) => /^[a-z]+$/.test(name)).toSorted()).toEqual(
    Object.keys(viewParameters).toSorted(),
  );
});

/** A misspelt setting that is an example, and what the Go service had. */
const OTHERS = ["API_TOKEN"];

test("settings that the documentation speaks of are there", () => {
  const texts = [
    "README.md",
    "CONTRIBUTING.md",
    ...readdirSync(join(project, "docs")).map((name) => `docs/${name}`),
  ]
    .filter((path) => path.endsWith(".md"))
    .map((path) => readFileSync(join(project, path), "utf8"));
  // AWS's own programs have further variables.
  const prefixes = new Set(Object.keys(settings).map((name) => name.split("_")[0]));
  prefixes.delete("AWS");
  const spoken = texts.flatMap((text) =>
    [...text.matchAll(/`([A-Z]+(?:_[A-Z0-9]+)+)\b(?!_)[^`]*`/g)].map(([, name = ""]) => name),
  );
  expect(spoken.length).toBeGreaterThan(100);
  const known = new Set([...Object.keys(settings), ...OTHERS]);
  const ours = spoken.filter((name) => prefixes.has(name.split("_")[0]));
  expect(ours.filter((name) => !known.has(name))).toEqual([]);
});

test("the log format that is recommended is read, and has every field that can have a part in a graph", () => {
  const text = document("flow-logs.md");
  const [, format = ""] = /<!-- log-format -->[^]*?--log-format '([^']+)'/.exec(text) ?? [];
  const fields = z.tuple([z.array(z.string())]).parse(parseFormats(format))[0];
  // The one field of Transit Gateways alone.
  expect(fields.toSorted()).toEqual(RELEVANT.filter((field) => field !== "tgw-attachment-id").toSorted());
  expect(names(text, "| field | what you get from it |").toSorted()).toEqual(fields.toSorted());
});

test("the messages that the troubleshooting guide explains are those of the code", () => {
  // As one text, where the source breaks it.
  const text = source.replaceAll(/["`] \+\s+["`]/g, "");
  const messages = [...document("troubleshoot.md").matchAll(/`([^`\n]+)`/g)]
    .map(([, message = ""]) => message)
    .filter((message) => /^(?:… |S3 )?[a-z].* .* /.test(message));
  expect(messages.length).toBeGreaterThan(20);
  const isThere = (message: string) => message.split(/[…;]/).every((piece) => text.includes(piece.trim()));
  expect(messages.filter((message) => !isThere(message))).toEqual([]);
});
