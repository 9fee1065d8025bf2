/**
 * The pictures of the page that the README shows, made of the sample with Debian's Chromium:
 *
 *     npm run screenshots
 */
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { TimeWindow } from "../src/window.js";
import { SAMPLE_WINDOW } from "./make-sample-flow-logs.js";
import { startChromium } from "./support/chromium.js";
import { ServiceProcess } from "./support/service-process.js";
import { temporaryDir } from "./support/temporary-dir.js";

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const pictures = fileURLToPath(new URL("../docs/", import.meta.url));
const window = TimeWindow.parse(SAMPLE_WINDOW.start, SAMPLE_WINDOW.stop);

const data = await temporaryDir();
const service = await ServiceProcess.start({
  GRAPH_DATA_DIR: data.path,
  DIGESTER_ENDPOINT: `file:${fixture("flow-logs")}`,
  NAMES: fixture("names.csv"),
});
const browser = await startChromium();
try {
  await service.post(window);
  await service.event("job-finished", { graphId: window.id });
  await mkdir(pictures, { recursive: true });
  for (const colorScheme of ["light", "dark"] as const) {
    const page = await browser.newPage({ colorScheme, viewport: { width: 1600, height: 900 } });
    await page.goto(`${service.url}/ui?start=${window.start}&stop=${window.stop}`);
    await page.locator(".timeline").waitFor();
    await page.waitForLoadState("networkidle");
    await page.screenshot({ path: `${pictures}page-${colorScheme}.png` });
  }
} finally {
  await browser.close();
  await service.stop();
  await data.remove();
}
