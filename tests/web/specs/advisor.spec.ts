import { expect, logIn, test } from "../support/test.js";

test("an advisor sees the vehicles by urgency, with the parts of the score", async ({ page, service }) => {
  await logIn(page, service, service.advisor);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Vehicles by urgency");
  const scores = (await page.locator("[data-score]").allInnerTexts()).map(Number);
  expect(scores.length).toBeGreaterThan(1);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
});

test("one vehicle shows its state, its plan and what happened", async ({ page, service }) => {
  await logIn(page, service, service.advisor);
  await page.getByRole("main").getByRole("link").filter({ hasNotText: "More" }).first().click();
  for (const name of ["State", "Service plan", "Notices", "Trouble codes"]) {
    await expect(page.getByRole("heading", { name })).toBeVisible();
  }
  await page.getByRole("link", { name: "All vehicles" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Vehicles by urgency");
});

test("an owner finds no advisor's page, and an advisor no owner's", async ({ page, service }) => {
  await logIn(page, service, service.owner);
  expect((await page.goto(`${service.url}/advisor`))?.status()).toBe(404);
});
