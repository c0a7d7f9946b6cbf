// How every page has to look: it fits the screen, its targets can be hit, and axe finds nothing.
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";

import { expect, test } from "./test.js";

/** Looks at the page as it stands; where `MILEPOST_SCREENSHOTS` names a folder, a picture of it goes there. */
export async function inspect(page: Page, name: string): Promise<void> {
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.evaluate("document.fonts.ready");
  // As tall as the page: what happens to lie half below the sticky tabs is reached by scrolling, and is no small target.
  const screen = page.viewportSize();
  const tall = Number(await page.evaluate("document.documentElement.scrollHeight"));
  if (screen) await page.setViewportSize({ width: screen.width, height: Math.max(screen.height, tall) });
  const folder = process.env.MILEPOST_SCREENSHOTS;
  if (folder) await page.screenshot({ path: `${folder}/${test.info().project.name}-${name}.png`, fullPage: true });
  const width = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  expect(width, `${name} is wider than the screen`).toBe(0);
  const small = await page.evaluate(`
    [...document.querySelectorAll("button, summary, input:not([type=hidden]), select")]
      .map((element) => [element.outerHTML.slice(0, 80), element.getBoundingClientRect()])
      .filter(([, box]) => box.width > 0 && (box.width < 24 || box.height < 24))
      .map(([text]) => text)`);
  expect(small, `${name} has targets below 24 px`).toEqual([]);
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
  expect(violations.map(({ id, nodes }) => ({ id, nodes: nodes.map((node) => node.html) })), name).toEqual([]);
  if (screen) await page.setViewportSize(screen);
}
