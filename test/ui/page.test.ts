import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import axe from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { TimeWindow } from "../../src/window.js";
import { hasChromium, startChromium } from "../support/chromium.js";
import { DEADLINE_MS } from "../support/deadline.js";
import { ServiceProcess } from "../support/service-process.js";
import { temporaryDir, type TemporaryDir } from "../support/temporary-dir.js";

const LOGS = fileURLToPath(new URL("../fixtures/flow-logs", import.meta.url));
const WHOLE = TimeWindow.parse("2024-06-01T23:00:00Z", "2024-06-02T01:00:00Z");
const FIRST = TimeWindow.parse("2024-06-01T23:00:00Z", "2024-06-02T00:00:00Z");
const SAMPLE = `/ui?start=${WHOLE.start}&stop=${WHOLE.stop}`;
const TOKEN = "a-token-of-callers";

async function startService(data: TemporaryDir, env: Record<string, string> = {}): Promise<ServiceProcess> {
  return ServiceProcess.start({ GRAPH_DATA_DIR: data.path, DIGESTER_ENDPOINT: `file:${LOGS}`, ...env });
}

async function makeGraph(service: ServiceProcess, window: TimeWindow): Promise<void> {
  await service.post(window);
  await service.event("job-finished", { graphId: window.id });
}

async function settled(page: Page): Promise<void> {
  await page.locator(".timeline, .middle").first().waitFor();
  for (const busy of [page.locator("[aria-busy=true]"), page.getByText(/^Looking/)]) {
    await expect.poll(() => busy.count()).toBe(0);
  }
  await page.waitForLoadState("networkidle");
}

async function violations(page: Page): Promise<unknown[]> {
  // As an expression it isn't bound by the page's policy.
  await page.evaluate(axe.source);
  const found: unknown = await page.evaluate(
    "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html, nodes[0].failureSummary]))",
  );
  return Array.isArray(found) ? found : [found];
}

describe.skipIf(!hasChromium())("the page in a browser", () => {
  let browser: Browser;
  let data: TemporaryDir;
  let service: ServiceProcess;

  beforeAll(async () => {
    browser = await startChromium();
    data = await temporaryDir();
    service = await startService(data);
    await makeGraph(service, WHOLE);
    await makeGraph(service, FIRST);
  });

  afterAll(async () => {
    await browser.close();
    await service.stop();
    await data.remove();
  });

  /** A page of its own. Whatever it complains of, its policy's breaks among it, fails the test. */
  async function open(path: string, options: BrowserContextOptions = {}, at = service): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(DEADLINE_MS);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("pageerror", ({ message }) => complaints.push(message));
    page.on("console", (message) => {
      // What the service refuses is told on the page.
      const isRefusal = message.text().startsWith("Failed to load resource");
      if (message.type() === "error" && !isRefusal) complaints.push(message.text());
    });
    onTestFinished(async () => {
      await context.close();
      expect(complaints).toEqual([]);
    });
    await page.goto(at.url + path);
    return page;
  }

  test("from nothing to a graph that is chosen, made, seen, filtered, compared and downloaded", async () => {
    const empty = await temporaryDir();
    const fresh = await startService(empty);
    onTestFinished(async () => {
      await fresh.stop();
      await empty.remove();
    });
    const page = await open("/", {}, fresh);
    expect(new URL(page.url()).pathname).toBe("/ui");
    await page.getByText("None yet.").waitFor();
    await page.getByLabel("From (UTC)").fill("2024-06-02T00:00");
    await page.getByLabel("To (UTC)").fill("2024-06-02T01:00");
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByRole("button", { name: "Make it" }).click();
    await page.getByRole("region", { name: "Map" }).waitFor();
    const sentence = page.locator(".sentence");
    const all = await sentence.textContent();

    await page.getByRole("combobox", { name: "Add to the filter" }).fill("4444");
    await page.getByRole("option", { name: "port:4444" }).click();
    await page.getByText("1 conversation of").waitFor();
    expect(page.url()).toContain("where=port:4444");
    await page.getByRole("button", { name: "Remove port:4444" }).click();
    await expect.poll(() => sentence.textContent()).toBe(all);
    await page.goBack();
    await page.getByText("1 conversation of").waitFor();
    await page.goForward();
    await expect.poll(() => sentence.textContent()).toBe(all);

    await makeGraph(fresh, FIRST);
    await page.getByRole("button", { name: "Compare" }).click();
    await page.getByRole("button", { name: "the one before" }).click();
    await page.getByText(/\d+ new, \d+ gone, \d+ changed/).waitFor();

    const downloading = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download" }).click();
    await page.getByRole("button", { name: "CSV" }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe("graph-20240602T0000-20240602T0100.csv");
    expect(await readFile(await download.path(), "utf8")).toContain(
      "10.20.20.22,198.51.100.77,198.51.100.77,true,tcp,4444",
    );
  });

  test("a part of the flow logs is chosen, made, seen, listed and left again", async () => {
    const page = await open(SAMPLE);
    await settled(page);
    const sentence = page.locator(".sentence");
    const all = await sentence.textContent();
    await page.getByRole("navigation", { name: "Window" }).getByText("▾").click();
    await page.getByText("Only a part of the flow logs").click();
    await page.getByLabel("Accounts").fill("123456789012");
    await page.getByLabel("Regions").fill("eu-west-1");
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.getByText("account 123456789012 · region eu-west-1").first().waitFor();
    expect(page.url()).toContain("&account=123456789012&region=eu-west-1");
    await page.getByRole("button", { name: "Make it" }).click();
    await page.getByRole("region", { name: "Map" }).waitFor();
    await settled(page);
    // The sample has one account and one region.
    expect(await sentence.textContent()).toBe(all);
    expect(await violations(page)).toEqual([]);

    await page.getByRole("navigation", { name: "Window" }).getByText("▾").click();
    await page.locator(".graph.here").getByText("account 123456789012 · region eu-west-1").waitFor();
    await page.getByLabel("Accounts").fill("");
    await page.getByLabel("Regions").fill("");
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await expect.poll(() => page.url()).not.toContain("account=");
    await settled(page);
    expect(await page.locator(".window .scope").count()).toBe(0);
  });

  test("names the scan, the entry, the hosts that were reached and port 4444 on the first screen", async () => {
    const page = await open(SAMPLE);
    await settled(page);
    for (const text of [
      "198.51.100.23 tried 45 ports",
      "was let in to SSH",
      "went on to 10.20.30.31 on PostgreSQL (port 5432) and 10.20.20.22",
      "on port 4444",
    ]) {
      const box = await page.getByRole("button", { name: text }).first().boundingBox();
      expect(box, text).not.toBeNull();
      expect((box?.y ?? Infinity) + (box?.height ?? 0), text).toBeLessThan(800);
    }
    await page.keyboard.press("2");
    expect(await page.getByRole("button", { name: /4444.*flagged/ }).textContent()).toContain("4444");
    await page.keyboard.press("3");
    expect(await page.getByRole("row").nth(1).textContent()).toContain("4444/tcp");
  });

  test("is used by keyboard alone", async () => {
    const page = await open(SAMPLE);
    await settled(page);
    const tabTo = async (name: RegExp) => {
      for (let presses = 0; presses < 100; presses++) {
        await page.keyboard.press("Tab");
        const focus = await page
          .locator(":focus")
          .evaluateAll((all) => all.map((e) => e.ariaLabel ?? e.textContent));
        if (name.test(focus[0] ?? "")) return;
      }
      throw new Error(`nothing like ${name.source} gets the focus`);
    };
    await tabTo(/went on to/);
    await page.keyboard.press("Enter");
    await page.getByRole("complementary").getByText("T1021").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("complementary").waitFor({ state: "detached" });
    await tabTo(/^10\.20\.10\.0\/24, 3 hosts/);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Remove host:10.20.10.0/24" }).waitFor();
    await tabTo(/^Look at what is after/);
    await page.keyboard.press("PageUp");
    await page.getByRole("button", { name: /Remove after:/ }).waitFor();
    await page.getByRole("combobox").focus();
    await page.keyboard.type("is:fl");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Remove is:flagged" }).waitFor();
    await page.keyboard.type("colour:red");
    await page.keyboard.press("Enter");
    await page
      .getByRole("alert")
      .getByText(/expected one of/)
      .waitFor();
  });

  const STATES = [
    "",
    "&view=matrix",
    "&view=table",
    "&select=host:10.20.0.51",
    `&against=${FIRST.start}/${FIRST.stop}`,
  ];

  test("a reload shows the same", async () => {
    for (const state of [...STATES, "&where=port:22&zone=local", "&view=table&by=flows"]) {
      const page = await open(SAMPLE + state, { timezoneId: "Asia/Tokyo" });
      await settled(page);
      // What is drawn, rather than how a compositor rounds it.
      const drawn = () => page.locator("#page").innerHTML();
      const before = await drawn();
      await page.reload();
      await settled(page);
      expect(await drawn(), state).toBe(before);
    }
  });

  describe.each(["light", "dark"] as const)("in %s colours", (colorScheme) => {
    test.each([320, 768, 1280])("keeps nobody out at a width of %i", async (width) => {
      const options = { colorScheme, viewport: { width, height: 800 } };
      for (const path of [
        "/ui",
        "/ui?start=2020-01-01T00:00:00Z&stop=2020-01-01T01:00:00Z",
        ...STATES.map((state) => SAMPLE + state),
      ]) {
        const page = await open(path, options);
        await settled(page);
        expect(await violations(page), path).toEqual([]);
        const scrolled = await page.evaluate("document.documentElement.scrollWidth");
        expect(scrolled, `${path} is wider than the screen`).toBe(width);
      }
    });
  });

  test("asks for a token, keeps it in the tab, and never puts it into an address", async () => {
    const guarded = await startService(data, { API_TOKENS: TOKEN });
    onTestFinished(() => guarded.stop());
    const page = await open(SAMPLE, {}, guarded);
    const addresses: string[] = [];
    page.on("request", (request) => addresses.push(request.url()));
    await page.getByLabel("Token").fill("another");
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByText("doesn't take the token").waitFor();
    await page.getByLabel("Token").fill(TOKEN);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("region", { name: "Map" }).waitFor();
    await page.reload();
    await page.getByRole("region", { name: "Map" }).waitFor();
    expect(addresses.length).toBeGreaterThan(5);
    expect(addresses.filter((address) => address.includes(TOKEN))).toEqual([]);
  });

  test("a failure says why, and is tried again", async () => {
    const [elsewhere, logs] = [await temporaryDir(), await temporaryDir()];
    const failing = await startService(elsewhere, { DIGESTER_ENDPOINT: `file:${logs.path}/none` });
    onTestFinished(async () => {
      await failing.stop();
      await elsewhere.remove();
      await logs.remove();
    });
    const page = await open(SAMPLE, {}, failing);
    await page.getByRole("button", { name: "Make it" }).click();
    await page.getByRole("button", { name: "Try again" }).waitFor();
    await page.getByText(/last attempt to make this graph failed/).waitFor();
  });
});
