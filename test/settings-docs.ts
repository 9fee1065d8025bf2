/**
 * What users read of the settings, made from the schemas: .env.example and the tables in docs/configuration.md.
 * `npm run docs` writes both; a test holds them.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { settings } from "../src/compose/config.js";

const file = (name: string) => new URL(`../${name}`, import.meta.url);

/** Variables with their default as a user would write it, and what they mean. */
const documented = Object.entries(settings).map(([name, setting]) => ({
  name,
  value: "defaultValue" in setting.def ? setting.def.defaultValue : undefined,
  meaning: setting.description ?? "",
}));

/** What a setting is about: the first group whose pattern its name matches. In the order of a newcomer's questions. */
const GROUPS: readonly (readonly [title: string, names: RegExp])[] = [
  ["Flow logs", /^(?:DIGESTER|FLOW_LOG)_|^AWS_ENDPOINT_URL_(?:STS|ATHENA)$/],
  ["Where graphs and claims are kept", /^GRAPH_(?:STORAGE|DATA|S3|PROGRESS_BUCKET)|^AWS_|^USE_IAM$/],
  ["Graphs and jobs", /^(?:GRAPH|DIGEST|WORKER|STREAM|SQS)_/],
  ["Names, views and findings", /^(?:NAMES|VIEW|FINDINGS)/],
  ["HTTP and access", /^(?:PORT$|HTTP_|RUNTIME_HTTPSERVER_)|_TOKENS$/],
  ["Logs, metrics and signals", /^RUNTIME_/],
];

/** The settings by their groups; each is in one. */
const grouped = GROUPS.map(([title], place) => ({
  title,
  settings: documented.filter(({ name }) => GROUPS.findIndex(([, names]) => names.test(name)) === place),
}));

function quote(value: string): string {
  return /[\s$#"']/.test(value) ? `'${value}'` : value;
}

function envExample(): string {
  const groups = grouped.map(({ title, settings }) => {
    const lines = settings.map(
      ({ name, value = "", meaning }) => `# ${meaning}\n# ${name}=${quote(value)}\n`,
    );
    return `# --- ${title} ---\n\n${lines.join("\n")}`;
  });
  return `# Every variable, with its default. Copy this file to .env and remove the "# " of what you change:
# npm start reads it.

${groups.join("\n")}`;
}

/** Everything below this line of docs/configuration.md is written here. */
const MARK = "<!-- Written by npm run docs -->\n";

function configuration(): string {
  const [introduction = ""] = readFileSync(file("docs/configuration.md"), "utf8").split(MARK);
  const groups = grouped.map(({ title, settings }) => {
    const rows = settings.map(
      ({ name, value, meaning }) =>
        `| \`${name}\` | ${value === undefined ? "unset" : `\`${value}\``} | ${meaning} |\n`,
    );
    return `\n## ${title}\n\n| variable | default | meaning |\n| --- | --- | --- |\n${rows.join("")}`;
  });
  return `${introduction}${MARK}${groups.join("")}`;
}

/** File names and what should be in them. */
export const settingsDocs = { ".env.example": envExample, "docs/configuration.md": configuration };

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const [name, text] of Object.entries(settingsDocs)) writeFileSync(file(name), text());
}
