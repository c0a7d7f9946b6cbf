// What advisors do for owners: follow-ups, who told whom what, one deed for several cars, and charts to look into.
import { expect, logIn, test, vehicleUrl } from "../support/test.js";
import { advisor, CAR, owner } from "../support/service.js";

test("a follow-up is made, shows up live in the list, and is done with an outcome", async ({ page, service, browser }) => {
  await logIn(page, service, advisor);
  const list = await (await browser.newContext()).newPage();
  await logIn(list, service, advisor);
  await list.goto(`${service.url}/advisor/follow-ups?show=mine`);
  await page.goto(`${service.url}/advisor/vehicles/${CAR}`);
  await page.getByText("New follow-up").click();
  await page.getByLabel("What is to be done").fill("Ring about the brakes");
  await page.getByRole("button", { name: "Make follow-up" }).click();
  await expect(page.locator("#care")).toContainText("Ring about the brakes");

  const entry = list.locator("#follow-ups li").filter({ hasText: "Ring about the brakes" });
  await expect(entry).toBeVisible();
  await entry.getByText("Done …").click();
  await entry.getByLabel("Outcome").selectOption({ label: "Wants it later" });
  await entry.getByRole("button", { name: "Save" }).click();
  await expect(list.locator("#follow-ups")).not.toContainText("Ring about the brakes");
  await expect(page.locator("#care")).toContainText("Done (1)");
  await list.context().close();
});

test("a call that was noted stands in the timeline and in the list, so that nobody calls twice", async ({ page, service }) => {
  await logIn(page, service, advisor);
  await page.goto(`${service.url}/advisor/vehicles/${CAR}`);
  await page.getByText("Note a contact").click();
  const told = page.locator("#told");
  await told.getByLabel("Note", { exact: true }).fill("comes in spring");
  await told.getByRole("button", { name: "Save" }).click();
  await expect(told.locator(".timeline li").first()).toContainText("Call");
  await expect(told.locator(".timeline li").first()).toContainText("comes in spring");
  await page.goto(`${service.url}/advisor`);
  await expect(page.locator(`#car-${CAR}`)).toContainText("Call, Vera Maier: Reached, knows");
});

test("marks go by keyboard and in ranges, and outlive what changes in the list", async ({ page, service }) => {
  await logIn(page, service, advisor);
  const boxes = page.locator("#queue input.mark");
  const count = await boxes.count();
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await expect(boxes.first()).toBeChecked();
  for (let step = 1; step < count; step += 1) await page.keyboard.press("j");
  await page.keyboard.press("Shift+X");
  for (const box of await boxes.all()) await expect(box).toBeChecked();
  await expect(page.getByText(`Marked: ${count}`)).toBeVisible();
  await page.getByLabel("All that are shown").uncheck();
  await expect(boxes.first()).not.toBeChecked();
  await boxes.first().check();
  await page.getByText("Send the reminder again", { exact: true }).click();
  await page.getByRole("button", { name: "Send again" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("What became of it");
  await expect(page.locator("main .list > li")).toHaveCount(1);
});

test("charts are drawn from the same figures that the tables hold", async ({ page, service }) => {
  await logIn(page, service, advisor);
  await page.goto(`${service.url}/advisor/vehicles/${CAR}`);
  const chart = page.locator("section.chart").filter({ has: page.getByRole("heading", { name: "12 V battery at rest" }) });
  await expect(chart.locator(".uplot canvas")).toBeVisible();
  await expect(chart.locator("svg.spark")).toBeHidden();
  await chart.getByText("Show as a table").click();
  await expect(chart.getByRole("table").last()).toBeVisible();
});

test("an owner sees who of the workshop looked, and how the values went", async ({ page, service, browser }) => {
  const staff = await (await browser.newContext()).newPage();
  await logIn(staff, service, advisor);
  await staff.goto(`${service.url}/advisor/vehicles/${CAR}`);
  await staff.context().close();
  await logIn(page, service, owner);
  await page.goto(vehicleUrl(service, "privacy"));
  await expect(page.locator("#reads")).toContainText("Vera Maier");
  await page.goto(vehicleUrl(service));
  await page.getByRole("link", { name: "How they went" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("How the values went");
});
