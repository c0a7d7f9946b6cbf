// Journeys: what the customer-experience lead sees, and how an owner leaves a programme.
import { expect, logIn, test, vehicleUrl } from "../support/test.js";
import { lead, owner } from "../support/service.js";
import { inspect } from "../support/inspect.js";

test("the lead sees the board, the audit with its events, and one owner's journey with its scenes", async ({ page, service }) => {
  await logIn(page, service, lead);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Journeys");
  await inspect(page, "journeys");
  await page.getByLabel("Owner’s account").fill("anna");
  await page.getByRole("button", { name: "Open journey" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Journey of anna");
  await page.getByLabel("Place").fill("Front desk, Mitte");
  await page.getByLabel("What happened").fill("Asked for a quieter tyre");
  await page.getByRole("button", { name: "Record" }).click();
  await expect(page.getByText("Front desk, Mitte · Asked for a quieter tyre")).toBeVisible();
  await inspect(page, "owner-journey");
  await page.goto(`${service.url}/experience/touchpoints`);
  await page.getByRole("link", { name: /^Call, Received: / }).click();
  await expect(page.getByRole("heading", { level: 2, name: "Call: Received" })).toBeVisible();
  await inspect(page, "touchpoints");
});

test("an owner leaves a programme and joins it again", async ({ page, service }) => {
  await logIn(page, service, owner);
  await page.goto(vehicleUrl(service, "programmes"));
  await inspect(page, "programmes");
  await page.getByRole("button", { name: "Leave: Winter" }).click();
  await expect(page.getByText("You have left it.")).toBeVisible();
  await page.getByRole("button", { name: "Join again: Winter" }).click();
  await expect(page.getByText("You have left it.")).toHaveCount(0);
});
