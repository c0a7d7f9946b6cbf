import { expect, logIn, test } from "../support/test.js";
import { advisor, CAR, engineer, owner } from "../support/service.js";

test("an engineer begins at the devices, and nobody else finds them", async ({ page, service, browser }) => {
  await logIn(page, service, engineer);
  await expect(page).toHaveURL(/\/lab$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Devices");
  for (const other of [owner, advisor]) {
    const context = await browser.newContext();
    const stranger = await context.newPage();
    await logIn(stranger, service, other);
    for (const path of ["/lab", `/lab/devices/${CAR}`, "/lab/rollouts", "/lab/receipts", "/lab/serials", "/lab/rejects"]) {
      expect((await stranger.goto(service.url + path))?.status(), `${other.name} ${path}`).toBe(404);
    }
    await context.close();
  }
});

test("the table is searched and narrowed, and leads to one device", async ({ page, service }) => {
  await logIn(page, service, engineer);
  await page.getByLabel("Show").selectOption("Firmware on trial");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByRole("rowheader")).toHaveCount(1);
  await page.getByLabel("Show").selectOption("All");
  await page.getByLabel("Search by id").fill(CAR);
  await page.getByRole("button", { name: "Apply" }).click();
  await page.getByRole("link", { name: CAR }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(CAR);
  await expect(page.getByText("panicked at src/uplink.rs:214").first()).toBeVisible();
});

test("the log can be narrowed and held still", async ({ page, service }) => {
  await logIn(page, service, engineer);
  await page.goto(`${service.url}/lab/devices/${CAR}`);
  const log = page.locator("#log");
  await expect(log).toContainText("settings 2 are in force");
  await page.getByLabel("Show").selectOption("Errors");
  await expect(page).toHaveURL(/level=error/);
  await expect(log).not.toContainText("settings 2 are in force");
  await page.getByRole("link", { name: "Pause" }).click();
  await expect(page.getByText("Paused", { exact: true })).toBeVisible();
  await expect(log).toContainText("panicked");
});

test("settings are changed, shown as waiting, and remembered with who changed them", async ({ page, service }) => {
  await logIn(page, service, engineer);
  await page.goto(`${service.url}/lab/devices/${CAR}`);
  await page.getByLabel("Log level sent").selectOption("Warning");
  await page.getByLabel("Counters during a trip").fill("15");
  await page.getByRole("button", { name: "Send to the device" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Saved." })).toBeVisible();
  await expect(page.locator("#settings-state")).toContainText("Waiting for the device");
  await expect(page.locator("#settings-state tr.differs").first()).toContainText("Differs");
  await page.getByText("Who changed what").click();
  await expect(page.getByText("log from Warning, counters every 15 min")).toBeVisible();
});

test("the second person's approval starts a rollout, and it can be paused and stopped", async ({ page, service }) => {
  await logIn(page, service, engineer);
  await page.goto(`${service.url}/lab/rollouts/2`);
  await expect(page.getByText("It begins when two different people have approved it.")).toBeVisible();
  await page.getByRole("button", { name: "Approve" }).click();
  await expect(page.getByText("Your approval is noted.")).toBeVisible();
  await expect(page.getByText("ella, emil")).toBeVisible();
  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByText("Somebody paused it.")).toBeVisible();
  await page.getByText("Stop for ever").click();
  await page.getByRole("button", { name: "Yes, stop it" }).click();
  await expect(page.getByText("Somebody stopped it.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Resume" })).toHaveCount(0);
});

test("a receipt is verified and can be downloaded", async ({ page, service }) => {
  await logIn(page, service, engineer);
  await page.goto(`${service.url}/lab/receipts`);
  await page.getByRole("table").getByRole("link").first().click();
  await expect(page.getByText("Signature holds")).toBeVisible();
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download the receipt" }).click();
  expect((await download).suggestedFilename()).toMatch(/^flash-receipt-.*\.json$/);
});
