// How every page has to look: it fits the screen, its targets can be hit, and axe finds nothing, in both widths and both themes.
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";

import { expect } from "./test.js";

const SCREENS = { phone: { width: 360, height: 740 }, desk: { width: 1280, height: 900 } };

const STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What a theme can break: it changes colours and nothing else. */
const COLOURS = ["color-contrast", "link-in-text-block"];

type Theme = "light" | "dark";

/** Looks at the page in every width, and in each of the themes; its width and its theme are left as they were. */
export async function look(page: Page, name: string, themes: readonly Theme[] = ["light", "dark"]): Promise<void> {
  const before = page.viewportSize();
  for (const [width, screen] of Object.entries(SCREENS)) {
    await page.setViewportSize(screen);
    for (const [index, colorScheme] of themes.entries()) {
      await page.emulateMedia({ colorScheme });
      await inspect(page, `${colorScheme}-${width}-${name}`, index > 0);
    }
  }
  await page.emulateMedia({ colorScheme: null });
  if (before) await page.setViewportSize(before);
}

/** Looks at the page as it stands, or at its colours alone; where `MILEPOST_SCREENSHOTS` names a folder, a picture goes there. */
export async function inspect(page: Page, name: string, coloursAlone = false): Promise<void> {
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.evaluate("document.fonts.ready");
  // As tall as the page: what happens to lie half below the sticky tabs is reached by scrolling, and is no small target.
  const screen = page.viewportSize();
  const tall = Number(await page.evaluate("document.documentElement.scrollHeight"));
  if (screen) await page.setViewportSize({ width: screen.width, height: Math.max(screen.height, tall) });
  const folder = process.env.MILEPOST_SCREENSHOTS;
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
  const width = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  expect(width, `${name} is wider than the screen`).toBe(0);
  const small = await page.evaluate(`
    [...document.querySelectorAll("button, summary, input:not([type=hidden]), select")]
      .map((element) => [element.outerHTML.slice(0, 80), element.getBoundingClientRect()])
      .filter(([, box]) => box.width > 0 && (box.width < 24 || box.height < 24))
      .map(([text]) => text)`);
  expect(small, `${name} has targets below 24 px`).toEqual([]);
  // No page has a frame of somebody else, for which a second page would be opened each time.
  const axe = new AxeBuilder({ page }).setLegacyMode();
  const { violations } = await (coloursAlone ? axe.withRules(COLOURS) : axe.withTags(STANDARDS)).analyze();
  expect(violations.map(({ id, nodes }) => ({ id, nodes: nodes.map((node) => node.html) })), name).toEqual([]);
  if (screen) await page.setViewportSize(screen);
}
