/**
 * What users read of the settings, made from the schemas: .env.example and the table in docs/configuration.md.
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

function quote(value: string): string {
  return /[\s$#"']/.test(value) ? `'${value}'` : value;
}

function envExample(): string {
  const lines = documented.map(
    ({ name, value = "", meaning }) => `# ${meaning}\n# ${name}=${quote(value)}\n`,
  );
  return `# Every variable, with its default. Copy this file to .env and take away the "# " of what you change:
# npm start reads it.

${lines.join("\n")}`;
}

const TABLE = /\| variable \| default \| meaning \|\n(?:\|.*\n)+/;

function configuration(): string {
  const rows = documented.map(
    ({ name, value, meaning }) =>
      `| \`${name}\` | ${value === undefined ? "unset" : `\`${value}\``} | ${meaning} |\n`,
  );
  const table = `| variable | default | meaning |\n| --- | --- | --- |\n${rows.join("")}`;
  return readFileSync(file("docs/configuration.md"), "utf8").replace(TABLE, () => table);
}

/** File names and what should be in them. */
export const settingsDocs = { ".env.example": envExample, "docs/configuration.md": configuration };

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const [name, text] of Object.entries(settingsDocs)) writeFileSync(file(name), text());
}
