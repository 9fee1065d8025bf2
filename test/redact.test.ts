import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { masker, secretsOf, withoutSecrets } from "../src/redact.js";
import { secret } from "../src/settings.js";

const SECRET = "s3cr3t-value";

describe("in a text, what is masked of URLs", () => {
  const mask = masker();

  test.for([
    [`GET https://user:${SECRET}@host/a@b failed`, "GET https://***@host/a@b failed"],
    [`https://${SECRET}@host`, "https://***@host"],
    [`https://${SECRET}:@host`, "https://***@host"],
    [`https://:${SECRET}@host`, "https://***@host"],
    [`https://user:p@${SECRET}@host/`, "https://***@host/"],
    [`"s3://AKIA:${SECRET}@bucket"`, '"s3://***@bucket"'],
    [`http://host/?token=${SECRET}`, "http://host/?token=***"],
    [`http://host/?a=1&API_KEY=${SECRET}&b=2`, "http://host/?a=1&API_KEY=***&b=2"],
    [`http://host/#access_token=${SECRET}`, "http://host/#access_token=***"],
    [`/graph?a=1;sig=${SECRET} (said)`, "/graph?a=1;sig=*** (said)"],
    [
      `https://b.s3.amazonaws.com/k?X-Amz-Credential=${SECRET}%2F2024&X-Amz-Date=x&X-Amz-Signature=${SECRET}`,
      "https://b.s3.amazonaws.com/k?X-Amz-Credential=***&X-Amz-Date=***&X-Amz-Signature=***",
    ],
    [JSON.stringify({ url: `http://h/?password=${SECRET}` }), '{"url":"http://h/?password=***"}'],
  ] as const)("%s", ([text, masked]) => {
    expect(mask(text)).toBe(masked);
  });

  test.for([
    "http://host/c@d",
    "http://host/?start=2019-06-01T00:00:00Z&stop=2019-06-01T01:00:00Z",
    "http://host?mail=a@b",
    "mail me at a@b",
    "https://[::1]:8080/graph",
    "key=1 of 2",
  ])("nothing of %s", (text) => {
    expect(mask(text)).toBe(text);
  });
});

test("known secrets are masked, the longer ones whole, whatever characters they have", () => {
  expect(masker(["secret", "secret-and-more"])("secret-and-more, secret")).toBe("***, ***");
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 6 }), (secret) => {
      expect(masker([secret])(`<${secret}>`)).toBe("<***>");
    }),
  );
});

describe("of a setting that can't be used, what is shown", () => {
  test.for([
    [`ftp://user:${SECRET}@host/path`, "ftp://***@host/path"],
    [`http://${SECRET}@host:99999`, "http://***@host:99999"],
    [`http://user:a/${SECRET}@host`, "http://***@host"],
    [`user:${SECRET}@host:8080`, "***@host:8080"],
    [`http:/user:${SECRET}@host`, "http:/***@host"],
    [`http:user:${SECRET}@host`, "***@host"],
    [`ftp://host/?token=${SECRET}`, "ftp://host/?***"],
    [`ftp://host/?${SECRET}`, "ftp://host/?***"],
    [`http://host/#${SECRET}`, "http://host/#***"],
    [`x\n${SECRET}@host`, "***@host"],
    ["http", "http"],
    ["15 9", "15 9"],
  ] as const)("%j", ([value, shown]) => {
    expect(withoutSecrets(value)).toBe(shown);
  });
});

test("secrets are found in lists and in URLs, as they are written and as they are meant", () => {
  const text = z.string().optional();
  const settings = { LIST: secret(text), UNSET: secret(text), PLACE: text, OTHER_PLACE: text, PORT: text };
  const secrets = secretsOf(settings, {
    LIST: "first-token , second-token",
    PLACE: "https://user:p%40ssword@host/?token=in%20query&a=harmless",
    OTHER_PLACE: "https://bare-user@host",
    PORT: "8080",
    SOMEBODY_ELSES: "https://harmless@host",
  });
  for (const secret of ["first-token", "second-token", "p%40ssword", "p@ssword", "in query", "bare-user"]) {
    expect(secrets).toContain(secret);
  }
  for (const word of ["user", "harmless", "8080"]) expect(secrets).not.toContain(word);
});
