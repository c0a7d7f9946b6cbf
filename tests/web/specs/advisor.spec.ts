import { expect, logIn, test, vehicleUrl } from "../support/test.js";
import { advisor, CAR, HIDDEN_CAR, owner } from "../support/service.js";

test("an advisor sees the vehicles by urgency, with the parts of the score", async ({ page, service }) => {
  await logIn(page, service, advisor);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Vehicles by urgency");
  const scores = (await page.locator("ol.queue .score b").allInnerTexts()).map(Number);
  expect(scores.length).toBeGreaterThan(1);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
});

test("one vehicle shows its state, its plan and what happened", async ({ page, service }) => {
  await logIn(page, service, advisor);
  await page.locator("ol.queue").getByRole("link").first().click();
  for (const name of ["State", "Service plan", "Notices", "Trouble codes"]) {
    await expect(page.getByRole("heading", { level: 2, name, exact: true })).toBeVisible();
  }
  await page.getByRole("link", { name: "All vehicles" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Vehicles by urgency");
});

test("a car that its owner does not share is not there", async ({ page, service }) => {
  await logIn(page, service, advisor);
  await expect(page.locator("ol.queue")).not.toContainText(HIDDEN_CAR);
  expect((await page.goto(`${service.url}/advisor/vehicles/${HIDDEN_CAR}`))?.status()).toBe(404);
});

test("an owner finds no advisor's page, and an advisor no owner's", async ({ page, service }) => {
  await logIn(page, service, owner);
  expect((await page.goto(`${service.url}/advisor`))?.status()).toBe(404);
});

test("the list can be searched, and says so when nothing matches", async ({ page, service }) => {
  await logIn(page, service, advisor);
  await page.getByLabel("Search by model or id").fill(CAR);
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.locator("ol.queue > li")).toHaveCount(1);
  await page.getByLabel("Search by model or id").fill("no car of that name");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByText("No car matches.")).toBeVisible();
});

test("a car whose owner stops sharing with the workshop leaves the list", async ({ page, service, browser }) => {
  await logIn(page, service, advisor);
  const entries = page.locator("ol.queue > li");
  const before = await entries.count();
  const account = await (await browser.newContext()).newPage();
  await logIn(account, service, owner);
  const privacy = vehicleUrl(service, "privacy");
  for (const [shared, count] of [[false, before - 1], [true, before]] as const) {
    await account.goto(privacy);
    await account.getByLabel("Sharing with the workshop").setChecked(shared);
    await account.getByRole("button", { name: "Save choices" }).click();
    await expect(account.getByRole("status").filter({ hasText: "Your choices are saved" })).toBeVisible();
    await page.reload();
    await expect(entries).toHaveCount(count);
  }
  await account.context().close();
});
