// Journeys: what the customer-experience lead sees, and what an owner decides about being told, asked and certified.
import { expect, logIn, test, vehicleUrl } from "../support/test.js";
import { lead, owner } from "../support/service.js";
import { inspect } from "../support/inspect.js";

test("the lead comes from the front page to the board, one owner's journey with its scenes, and the audit with its events", async ({ page, service }) => {
  await logIn(page, service, lead);
  await page.getByRole("navigation").getByRole("link", { name: "Journeys" }).click();
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
  await page.getByRole("navigation").getByRole("link", { name: "Touchpoints" }).click();
  await page.getByRole("link", { name: /^Call, Received: / }).click();
  await expect(page.getByRole("heading", { level: 2, name: "Call: Received" })).toBeVisible();
  await inspect(page, "touchpoints");
});

test("the lead sees of every programme when it begins, its steps, and what became of them", async ({ page, service }) => {
  await logIn(page, service, lead);
  await page.getByRole("navigation").getByRole("link", { name: "Programmes" }).click();
  const winter = page.locator("section").filter({ has: page.getByRole("heading", { name: "Winter" }) });
  await expect(winter.getByText(/the car measured below 7/)).toBeVisible();
  await expect(winter.getByRole("rowheader", { name: "Driving safely in the cold" })).toBeVisible();
  await inspect(page, "lead-programmes");
});

test("an owner leaves a programme and joins it again", async ({ page, service }) => {
  await logIn(page, service, owner);
  await page.goto(vehicleUrl(service, "programmes"));
  await inspect(page, "programmes");
  await page.getByRole("button", { name: /^Leave\s*: Winter$/ }).click();
  await expect(page.getByText("You have left it.")).toBeVisible();
  await page.getByRole("button", { name: /^Join again\s*: Winter$/ }).click();
  await expect(page.getByText("You have left it.")).toHaveCount(0);
});

test("an owner is asked one thing, told what it is good for, and may put it off", async ({ page, service }) => {
  await logIn(page, service, owner);
  const question = page.getByRole("region", { name: "What is the car’s identification number?" });
  await expect(question.getByText("What it gives you")).toBeVisible();
  await inspect(page, "question");
  await question.getByRole("button", { name: "Ask me later" }).click();
  await expect(page.getByRole("status").filter({ hasText: "We will ask again some other time." })).toBeVisible();
  await expect(question).toHaveCount(0);
});

test("an owner shows the certificate to a buyer who has no account, and takes it back", async ({ page, service, browser }) => {
  await logIn(page, service, owner);
  await page.goto(vehicleUrl(service, "services"));
  await page.getByRole("link", { name: "Vehicle certificate" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Vehicle certificate");
  await inspect(page, "certificate");
  await page.getByRole("button", { name: "Make a link" }).click();
  const address = await page.getByLabel("Address for the buyer").inputValue();
  const context = await browser.newContext({ serviceWorkers: "block" });
  const buyer = await context.newPage();
  await buyer.goto(address);
  await expect(buyer.getByRole("heading", { level: 1 })).toContainText("Vehicle certificate: ");
  await inspect(buyer, "certificate-buyer");
  const download = buyer.waitForEvent("download");
  await buyer.getByRole("link", { name: "Download PDF" }).click();
  expect((await download).suggestedFilename()).toMatch(/^certificate-.*\.pdf$/);
  await page.getByRole("button", { name: "End the link" }).click();
  await expect(page.getByText("Nobody but you can read it now.")).toBeVisible();
  expect((await buyer.goto(address))?.status()).toBe(404);
  await context.close();
});
