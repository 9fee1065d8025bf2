import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import axe from "axe-core";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { TimeWindow } from "../../src/window.js";
import { hasChromium, startChromium } from "../support/chromium.js";
import { DEADLINE_MS } from "../support/deadline.js";
import { ServiceProcess } from "../support/service-process.js";
import { temporaryDir, type TemporaryDir } from "../support/temporary-dir.js";
import { clients, LogFolder, silence } from "./folder.js";

const LOGS = fileURLToPath(new URL("../fixtures/flow-logs", import.meta.url));
const WHOLE = TimeWindow.parse("2024-06-01T23:00:00Z", "2024-06-02T01:00:00Z");
const FIRST = TimeWindow.parse("2024-06-01T23:00:00Z", "2024-06-02T00:00:00Z");
const SAMPLE = `/ui?start=${WHOLE.start}&stop=${WHOLE.stop}`;
const QUIET = hourOf("2024-07-01");
const CROWDED = hourOf("2024-07-02");
const BROKEN = hourOf("2024-07-03");
const CLIENTS = 450;
const TOKEN = "a-token-of-callers";

function hourOf(day: string): TimeWindow {
  return TimeWindow.parse(`${day}T00:00:00Z`, `${day}T01:00:00Z`);
}

function pathOf({ start, stop }: TimeWindow): string {
  return `/ui?start=${start}&stop=${stop}`;
}

async function startService(data: TemporaryDir, env: Record<string, string> = {}): Promise<ServiceProcess> {
  return ServiceProcess.start({ GRAPH_DATA_DIR: data.path, DIGESTER_ENDPOINT: `file:${LOGS}`, ...env });
}

async function makeGraph(service: ServiceProcess, window: TimeWindow): Promise<void> {
  await service.post(window);
  await service.event("job-finished", { graphId: window.id });
}

async function settled(page: Page): Promise<void> {
  await page.locator(".sentence, .middle").first().waitFor();
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

/** Without violations, in light and dark, at three widths, none of which it is wider than; a reload shows the same. */
async function expectForAll(page: Page): Promise<void> {
  await settled(page);
  const size = page.viewportSize() ?? { width: 1280, height: 800 };
  for (const width of [320, 768, 1280]) {
    await page.setViewportSize({ ...size, width });
    const scrolled = await page.evaluate("document.documentElement.scrollWidth");
    expect(scrolled, `${page.url()} is wider than the screen`).toBe(width);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await violations(page), `${page.url()} ${width} ${colorScheme}`).toEqual([]);
    }
  }
  await page.setViewportSize(size);
  // What is drawn, rather than how a compositor rounds it.
  const drawn = () => page.locator("#page").innerHTML();
  const before = await drawn();
  await page.reload();
  await settled(page);
  expect(await drawn(), page.url()).toBe(before);
}

async function leftOf(shape: Locator): Promise<number> {
  const { x = Number.NaN } = (await shape.boundingBox()) ?? {};
  return Math.round(x);
}

async function rightOf(shape: Locator): Promise<number> {
  const { x = Number.NaN, width = Number.NaN } = (await shape.boundingBox()) ?? {};
  return Math.round(x + width);
}

describe.skipIf(!hasChromium())("the page in a browser", () => {
  let browser: Browser;
  let data: TemporaryDir;
  let service: ServiceProcess;
  /** Another one, which begins without graphs, and has flow logs that the sample hasn't. */
  let fresh: ServiceProcess;
  let freshData: TemporaryDir;
  let logs: TemporaryDir;
  let folder: LogFolder;

  beforeAll(async () => {
    [data, freshData, logs] = [await temporaryDir(), await temporaryDir(), await temporaryDir()];
    folder = new LogFolder(logs.path);
    await folder.copy(LOGS);
    await folder.add(QUIET.start, silence(QUIET.start));
    await folder.add(CROWDED.start, clients(CROWDED.start, CLIENTS));
    await folder.add(BROKEN.start, ["2 123456789012 eni-0a1b2c3d 10.1.0.1 10.2.0.1 - - - 5 1000"]);
    [browser, service, fresh] = await Promise.all([
      startChromium(),
      startService(data),
      startService(freshData, { DIGESTER_ENDPOINT: `file:${logs.path}` }),
    ]);
    await makeGraph(service, WHOLE);
    await makeGraph(service, FIRST);
  });

  afterAll(async () => {
    await Promise.all([browser.close(), service.stop(), fresh.stop()]);
    await Promise.all([data.remove(), freshData.remove(), logs.remove()]);
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
    await expect.poll(() => page.locator(":focus").getAttribute("aria-label")).toMatch(/3 hosts, opened$/);
    expect(page.url()).toContain("open=10.20.10.0/24");
    await tabTo(/^10\.20\.10\.12/);
    await page.keyboard.press(" ");
    await page.getByRole("complementary").getByText("10.20.10.12").first().waitFor();
    await page.keyboard.press("Escape");
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

  test.each([
    "/ui",
    "/ui?start=2020-01-01T00:00:00Z&stop=2020-01-01T01:00:00Z",
    SAMPLE,
    `${SAMPLE}&open=10.20.10.0/24,internet`,
    `${SAMPLE}&view=matrix`,
    `${SAMPLE}&view=table&by=flows`,
    `${SAMPLE}&select=host:10.20.0.51&where=-service:icmp&zone=local`,
    `${SAMPLE}&against=${FIRST.start}/${FIRST.stop}`,
    `${SAMPLE}&where=port:9999`,
  ])("%s keeps nobody out, and is the same after a reload", async (path) => {
    await expectForAll(await open(path, { timezoneId: "Asia/Tokyo" }));
  });

  test("asks for a token, keeps it in the tab, and never puts it into an address", async () => {
    const guarded = await startService(data, { API_TOKENS: TOKEN });
    onTestFinished(() => guarded.stop());
    const page = await open(SAMPLE, {}, guarded);
    const addresses: string[] = [];
    page.on("request", (request) => addresses.push(request.url()));
    await page.getByLabel("Token").fill("another");
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByText("doesn't accept this token").waitFor();
    await page.getByLabel("Token").fill(TOKEN);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("region", { name: "Map" }).waitFor();
    await page.reload();
    await page.getByRole("region", { name: "Map" }).waitFor();
    expect(addresses.length).toBeGreaterThan(5);
    expect(addresses.filter((address) => address.includes(TOKEN))).toEqual([]);
  });

  test("a failure says why and who can mend it, and is tried again", async () => {
    const page = await open(pathOf(BROKEN), {}, fresh);
    await page.getByText("Nobody has asked for this graph").waitFor();
    await page.getByRole("button", { name: "Make it" }).click();
    await page.getByText(/last attempt to make this graph failed: .*flow logs/).waitFor();
    await folder.add(BROKEN.start, clients(BROKEN.start, 2));
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText(/^2 conversations/).waitFor();
  });

  test("a window in which nothing happened says what was read, and what was skipped", async () => {
    await makeGraph(fresh, QUIET);
    const page = await open(pathOf(QUIET), {}, fresh);
    await page.getByText("Read: 1 file, 3 records.").waitFor();
    await page.getByText("2 records of an interface without traffic (NODATA)").waitFor();
    await page.getByText("1 record because AWS lost records (SKIPDATA)").waitFor();
    await expectForAll(page);
  });

  test("a table of many conversations has pages, each in the address", async () => {
    await makeGraph(fresh, CROWDED);
    const page = await open(`${pathOf(CROWDED)}&view=table`, {}, fresh);
    const table = page.getByRole("region", { name: "Table of conversations" });
    const pages = page.getByRole("navigation", { name: "Pages of the table" });
    await pages.getByText(`1–200 of ${CLIENTS}`).waitFor();
    // The heaviest first, and a row of heads.
    expect(await table.getByRole("row").nth(1).textContent()).toContain("10.1.1.199");
    expect(await table.getByRole("row").count()).toBe(201);
    await pages.getByRole("button", { name: "Later rows" }).click();
    await pages.getByText(`201–400 of ${CLIENTS}`).waitFor();
    await pages.getByRole("button", { name: "Later rows" }).click();
    await pages.getByText(`401–450 of ${CLIENTS}`).waitFor();
    expect(page.url()).toContain("&page=3");
    expect(await pages.getByRole("button", { name: "Later rows" }).isDisabled()).toBe(true);
    await expectForAll(page);
    await page.goBack();
    await pages.getByText(`201–400 of ${CLIENTS}`).waitFor();
    // Another order begins anew.
    await page.getByRole("button", { name: "Packets" }).click();
    await pages.getByText(`1–200 of ${CLIENTS}`).waitFor();
    expect(page.url()).not.toContain("page=");
  });

  test("a graph without times says so, and is made again with them", async () => {
    const window = TimeWindow.parse("2024-06-02T00:00:00Z", "2024-06-02T00:30:00Z");
    await makeGraph(fresh, window);
    // As the Go service left them, and whoever keeps no edges.
    await rm(join(freshData.path, "graphs", `${window.id}.parquet`));
    const page = await open(pathOf(window), {}, fresh);
    await page.getByText("doesn’t tell when its conversations took place").waitFor();
    expect(await page.locator(".timeline").count()).toBe(0);
    await expectForAll(page);
    await page.getByRole("button", { name: "Make it again" }).click();
    await page.locator(".timeline").waitFor();
    expect(await page.getByText("doesn’t tell when").count()).toBe(0);
  });

  test("a box opens at its place, by a double click or by Enter, and closes again", async () => {
    const page = await open(SAMPLE);
    await settled(page);
    const canvas = page.getByRole("region", { name: "Map" });
    const boxes = () => canvas.locator(".box").evaluateAll((all) => all.map((each) => each.dataset["node"]));
    const closed = await boxes();
    const web = canvas.getByRole("button", { name: /^10\.20\.10\.0\/24, 3 hosts/ });
    const before = await leftOf(web);
    await web.dblclick({ position: { x: 30, y: 10 } });
    const frame = canvas.getByRole("button", { name: /^10\.20\.10\.0\/24, 3 hosts, opened/ });
    await frame.waitFor();
    await settled(page);
    expect(page.url()).toContain("open=10.20.10.0/24");
    expect(await boxes()).toEqual(expect.arrayContaining(closed.filter((node) => node !== "10.20.10.0/24")));
    expect(await boxes()).toEqual(expect.arrayContaining(["10.20.10.11", "10.20.10.12", "10.20.10.13"]));
    // Its place may be a little elsewhere, where there is nothing to scroll.
    await expect.poll(async () => Math.abs((await leftOf(frame)) - before)).toBeLessThan(60);
    await page.keyboard.press("Enter");
    await web.waitFor();
    await expect.poll(boxes).toEqual(closed);
    await web.press("Enter");
    await frame.waitFor();
    await page.goBack();
    await web.waitFor();
  });

  test("a double click opens what its first click was on, though the drawer has moved it", async () => {
    const page = await open(SAMPLE);
    await settled(page);
    const canvas = page.getByRole("region", { name: "Map" });
    const web = canvas.getByRole("button", { name: /^10\.20\.10\.0\/24, 3 hosts/ });
    const area = await web.boundingBox();
    expect(area).not.toBeNull();
    const { x = 0, y = 0 } = area ?? {};
    await page.mouse.move(x + 30, y + 10);
    await page.mouse.down({ clickCount: 1 });
    await page.mouse.up({ clickCount: 1 });
    await page.locator("aside.detail").waitFor();
    await settled(page);
    expect(await leftOf(web)).not.toBeCloseTo(x);
    await page.mouse.down({ clickCount: 2 });
    await page.mouse.up({ clickCount: 2 });
    await canvas.getByRole("button", { name: /^10\.20\.10\.0\/24, 3 hosts, opened/ }).waitFor();
    expect(page.url()).not.toContain("select=");
  });

  test("a value without a field becomes a term, and a filter that leaves nothing is removed", async () => {
    const page = await open(SAMPLE);
    await settled(page);
    const field = page.getByRole("combobox", { name: "Add to the filter" });
    for (const [text, term] of [
      ["ssh", "service:ssh"],
      ["10.0.0.0/8", "host:10.0.0.0/8"],
      ["-10.20.0.51", "-host:10.20.0.51"],
      ["4444", "port:4444"],
    ] as const) {
      await field.fill(text);
      await field.press("Enter");
      await page.getByRole("button", { name: `Remove ${term}`, exact: true }).waitFor();
    }
    await page.getByRole("button", { name: "Remove the filter" }).click();
    await page.locator(".box").first().waitFor();
    expect(page.url()).not.toContain("where=");
  });

  test("the map scrolls to what is selected, beside the drawer", async () => {
    const page = await open(`${SAMPLE}&open=10.20.10.0/24,internet`);
    await settled(page);
    const canvas = page.getByRole("region", { name: "Map" });
    const drawer = page.getByRole("complementary");
    // Its last box on the right.
    const rights = await canvas
      .locator(".box")
      .evaluateAll((all) => all.map((box) => box.getBoundingClientRect().right));
    const box = canvas.locator(".box").nth(rights.indexOf(Math.max(...rights)));
    await box.getByRole("button").press(" ");
    await drawer.waitFor();
    await expect.poll(() => rightOf(box)).toBeLessThanOrEqual(await leftOf(drawer));
  });

  test("on a phone the drawer is on the screen, and gives the focus back", async () => {
    const page = await open(SAMPLE, { viewport: { width: 320, height: 640 } });
    await settled(page);
    const finding = page.getByRole("button", { name: /went on to/ }).first();
    await finding.click();
    const drawer = page.getByRole("complementary");
    await drawer.getByText("T1021").waitFor();
    await settled(page);
    const { y = Number.NaN, height = Number.NaN } = (await drawer.boundingBox()) ?? {};
    expect(y).toBeGreaterThan(0);
    expect(y + height).toBeLessThanOrEqual(640);
    await drawer.getByRole("button", { name: "Close" }).click();
    await drawer.waitFor({ state: "detached" });
    await expect.poll(() => page.locator(":focus").textContent()).toContain("went on to");
  });
});
