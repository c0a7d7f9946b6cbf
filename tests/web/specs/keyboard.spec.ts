// The journeys of owner and advisor with nothing but the keyboard.
import type { Locator, Page } from "@playwright/test";

import { expect, logIn, test, vehicleUrl } from "../support/test.js";
import { advisor, owner } from "../support/service.js";

/** Presses Tab until the element has the focus; a person would give up before a hundred. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let presses = 0; presses < 100; presses++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  await expect(target).toBeFocused();
}

test("an owner logs in, notes an item as done and takes it back", async ({ page, service }) => {
  await page.goto(`${service.url}/login`);
  await tabTo(page, page.getByLabel("Account"));
  await page.keyboard.type(owner.name);
  await page.keyboard.press("Tab");
  await page.keyboard.type(owner.password);
  await page.keyboard.press("Enter");
  await expect(page).not.toHaveURL(/login/);
  const item = page.locator("#item-2");
  await tabTo(page, item.locator("summary", { hasText: "Done" }));
  await page.keyboard.press("Enter");
  await tabTo(page, item.getByRole("button", { name: "Save" }));
  await page.keyboard.press("Enter");
  const flash = page.getByRole("status").filter({ hasText: "Brake fluid noted as done." });
  await expect(flash).toBeVisible();
  await tabTo(page, flash.getByRole("button", { name: "Undo" }));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("status").filter({ hasText: "Taken back." })).toBeVisible();
});

test("an advisor narrows the list and opens a car", async ({ page, service }) => {
  await logIn(page, service, advisor);
  await tabTo(page, page.getByLabel("Search by model or id"));
  await page.keyboard.type("golf");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/golf/);
  const car = page.locator("ol.queue").getByRole("link").first();
  await tabTo(page, car);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Trouble codes" })).toBeVisible();
});

test("an owner invites somebody and takes it back", async ({ page, service }) => {
  await logIn(page, service, owner);
  await page.goto(vehicleUrl(service, "family"));
  await tabTo(page, page.getByLabel("E-mail address"));
  await page.keyboard.type("joan@example.org");
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowDown");
  await expect(page.getByLabel("May")).toHaveValue("viewer");
  await tabTo(page, page.getByRole("button", { name: "Invite", exact: true }));
  await page.keyboard.press("Enter");
  const back = page.getByRole("button", { name: /^Take back/ });
  await tabTo(page, back);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("status").filter({ hasText: "Invitation taken back." })).toBeVisible();
});
