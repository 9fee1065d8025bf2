import { z } from "zod";

export const nameSettings = {
  NAMES: z
    .string()
    .transform((text, context) => {
      const files = text.split(",").map((file) => file.trim());
      if (files.every((file) => file !== "") && new Set(files).size === files.length) return files;
      context.addIssue("expected paths of files, each once, separated by commas");
      return z.NEVER;
    })
    .optional()
    .describe(
      "files that name addresses, separated by commas: CSV of `cidr,name[,group[,side]]`, AWS's `ip-ranges.json`, `.mmdb` databases of countries or autonomous systems. They are read at start, and again when they change. Unset: none",
    ),
};
