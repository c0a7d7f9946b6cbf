// Somebody is let in by e-mail, sees what the owner allows, and is out again.
import { expect, logIn, test, vehicleUrl } from "../support/test.js";
import { owner } from "../support/service.js";

test("an invitation by e-mail makes an account that drives, and ends when the owner says so", async ({ page, service, browser }) => {
  await logIn(page, service, owner);
  await page.goto(`${service.url}/account`);
  await page.getByRole("link", { name: /^Family.*VW Golf/ }).click();
  await page.getByLabel("E-mail address").fill("dora@example.org");
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  await expect(page.getByRole("status").filter({ hasText: "Invited." })).toBeVisible();

  const other = await (await browser.newContext()).newPage();
  await other.goto(service.url + (await service.mail.link("invite")));
  await expect(other.getByText("Anna Lindholm lets you see VW Golf")).toBeVisible();
  await other.getByLabel("Your name").fill("Dora Weiss");
  await other.getByLabel("Account", { exact: true }).fill("dora");
  await other.getByLabel("Password").fill("long enough to pass");
  await other.getByRole("button", { name: "Make the account and accept" }).click();
  await expect(other).toHaveURL(vehicleUrl(service));
  await expect(other.locator("#item-2").getByText("Done", { exact: true })).toBeVisible();
  await expect(other.getByRole("link", { name: "Trips" })).toHaveCount(0);

  await page.reload();
  await page.getByLabel("May", { exact: true }).first().selectOption({ label: "Look" });
  await page.getByRole("button", { name: /^Save.*Dora Weiss/ }).click();
  await expect(page.getByRole("status").filter({ hasText: "Saved." })).toBeVisible();
  await other.reload();
  await expect(other.locator("#item-2")).toBeVisible();
  await expect(other.locator("#item-2").getByText("Done", { exact: true })).toHaveCount(0);

  await page.getByRole("button", { name: /^End access.*Dora Weiss/ }).click();
  await expect(page.getByText("Nobody but you.")).toBeVisible();
  await other.reload();
  await expect(other.getByRole("heading", { level: 1 })).toHaveText("Nothing here");
  await other.context().close();
});
