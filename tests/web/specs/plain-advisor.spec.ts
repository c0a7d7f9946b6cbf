// Without JavaScript an advisor's forms still do their work, for one car and for several.
import { expect, logIn, test } from "../support/test.js";
import { advisor, CAR } from "../support/service.js";

test("marked cars get a follow-up each, and the same ones again are refused with the reason", async ({ page, service }) => {
  await logIn(page, service, advisor);
  for (const word of ["Follow-up made", "The same follow-up is open already"]) {
    await page.goto(`${service.url}/advisor`);
    await page.locator(`#car-${CAR} input.mark`).check();
    await page.getByText("Give somebody a follow-up").click();
    await page.getByLabel("What is to be done").fill("Offer a winter check");
    await page.getByRole("button", { name: "Make follow-up" }).click();
    await expect(page.locator("main .list > li")).toContainText(word);
  }
});

test("all that are shown are meant by one box", async ({ page, service }) => {
  await logIn(page, service, advisor);
  const count = await page.locator("ol.queue > li").count();
  await page.getByLabel("All that are shown").check();
  await page.getByText("Note a call", { exact: true }).click();
  await page.getByRole("button", { name: "Note call" }).click();
  await expect(page.locator("main .list > li")).toHaveCount(count);
});

test("nothing marked is said to be so", async ({ page, service }) => {
  await logIn(page, service, advisor);
  await page.getByText("Note a call", { exact: true }).click();
  await page.getByRole("button", { name: "Note call" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("No car is marked");
});

test("a car's page has its lines and tables", async ({ page, service }) => {
  await logIn(page, service, advisor);
  await page.goto(`${service.url}/advisor/vehicles/${CAR}`);
  await expect(page.locator("svg.spark").first()).toBeVisible();
});
