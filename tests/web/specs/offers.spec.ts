import type { Locator } from "@playwright/test";

import { expect, logIn, test, vehicleUrl } from "../support/test.js";
import { owner } from "../support/service.js";

test("an offer is marked as advertising, stands apart from reminders and says why", async ({ page, service }) => {
  await logIn(page, service, owner);
  await expect(page.getByRole("region", { name: "What comes next" })).not.toContainText("Winter tyres");
  await page.goto(vehicleUrl(service, "offers"));
  const offer = page.getByRole("article").filter({ has: page.getByRole("heading", { name: "Winter tyres" }) }).first();
  await expect(offer.getByText("Advertising")).toBeVisible();
  await offer.getByText("Why am I seeing this?").click();
  await expect(offer.getByText("You allowed personalised offers")).toBeVisible();
  await expect(offer.getByText(/mean outside temperature of a week/)).toBeVisible();
});

test("an offer that is refused is closed and stays so", async ({ page, service }) => {
  await logIn(page, service, owner);
  await page.goto(vehicleUrl(service, "offers"));
  const refusal = (scope: Locator) => scope.getByRole("button", { name: "No, thank you" });
  // The service goes on deciding: another offer may come up beside the one that is refused.
  const open = page.getByRole("article").filter({ has: page.getByRole("button", { name: "No, thank you" }) }).first();
  const refused = page.locator(`#${await open.getAttribute("id")}`);
  await refusal(refused).click();
  await expect(page.getByRole("status").filter({ hasText: "You will not see this offer again." })).toBeVisible();
  await page.reload();
  await expect(refused.getByText("Not relevant")).toBeVisible();
  await expect(refusal(refused)).toHaveCount(0);
});

test("a consent that is withdrawn is kept with its date and ends offers", async ({ page, service }) => {
  await logIn(page, service, owner);
  await page.goto(vehicleUrl(service, "privacy"));
  await expect(page.getByLabel("Running the service")).toBeDisabled();
  await page.getByLabel("Personalised offers").uncheck();
  await page.getByRole("button", { name: "Save choices" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Your choices are saved" })).toBeVisible();
  await expect(page.getByText("Withdrawn: Personalised offers").first()).toBeVisible();
  await page.goto(vehicleUrl(service, "offers"));
  await expect(page.getByText("You get no personalised offers.")).toBeVisible();

  await page.getByRole("link", { name: "Privacy choices" }).click();
  await page.getByLabel("Personalised offers").check();
  await page.getByRole("button", { name: "Save choices" }).click();
  await expect(page.getByText("Allowed: Personalised offers").first()).toBeVisible();
});
