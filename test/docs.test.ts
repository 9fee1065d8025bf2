import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const project = fileURLToPath(new URL("..", import.meta.url));
const documents = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "src/worker/CLAIMS.md",
  ...readdirSync(join(project, "docs")).flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : [])),
];

/** A document without its code, in which `](` and `#` mean something else. */
function prose(path: string): string {
  return readFileSync(join(project, path), "utf8").replaceAll(/^```[^]*?^```/gm, "");
}

/** The anchors that GitHub gives to the headings of a document: https://github.com/Flet/github-slugger */
function anchors(path: string): string[] {
  return [...prose(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** Links within the project, from where they stand: `["docs/http.md", "docs/views.md", "names"]`. */
const links = documents.flatMap((path) =>
  [...prose(path).matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)]
    .map(([, link, picture]) => link ?? picture ?? "")
    .filter((link) => !/^https?:/.test(link))
    .map((link) => {
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? path : relative(project, resolve(project, dirname(path), file));
      return [path, target, anchor] as const;
    }),
);

test("each link within the documentation leads somewhere", () => {
  expect(links.length).toBeGreaterThan(20);
  for (const [path, target, anchor] of links) {
    expect(existsSync(join(project, target)), `${path} links to ${target}`).toBe(true);
    if (anchor !== undefined) expect(anchors(target), `${path} links to ${target}`).toContain(anchor);
  }
});

test("the README leads to each document for users", () => {
  const targets = links.filter(([path]) => path === "README.md").map(([, target]) => target);
  expect(targets).toEqual(expect.arrayContaining(documents.filter((path) => path.startsWith("docs/"))));
});

test("no heading has the name of another in the same document", () => {
  for (const path of documents) expect(new Set(anchors(path)).size, path).toBe(anchors(path).length);
});
