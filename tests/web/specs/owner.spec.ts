import { expect, logIn, test, vehicleUrl } from "../support/test.js";
import { HIDDEN_CAR, NEW_CAR, otherOwner, owner } from "../support/service.js";

test.beforeEach(async ({ page, service }) => {
  await logIn(page, service, owner);
});

test("the first thing to read is one sentence about the car", async ({ page }) => {
  const sentence = page.getByRole("heading", { level: 1 });
  await expect(sentence).toHaveCount(1);
  await expect(sentence).toHaveText(/^(Fine\.|.+ (is due now|is overdue|in about .+|now)|The car reports a fault)/);
  await expect(page.getByText(/^Last contact /)).toBeVisible();
});

test("every item says when and why", async ({ page }) => {
  const items = page.getByRole("region", { name: "What comes next" }).locator("ol > li");
  await expect(items.first()).toBeVisible();
  // A combustion car's plan has more than the five items of every car.
  expect(await items.count()).toBeGreaterThan(5);
  for (const item of await items.all()) {
    await expect(item.getByRole("heading", { level: 3 })).not.toBeEmpty();
    // What only a measurement can make due says that, and has no figures before there is one.
    if (await item.getByText("As soon as a measurement asks for it").isVisible()) continue;
    const why = item.locator("ul.why").getByRole("listitem").first();
    // What is in good time keeps its reasons folded.
    if (await item.getByText("In good time").isVisible()) await item.getByText("Why", { exact: true }).click();
    await expect(why).toHaveText(/\d/);
  }
});

test("a reminder that is put off stays visible as put off, after a reload too", async ({ page }) => {
  const item = page.locator("ol > li").filter({ has: page.getByText("Later", { exact: true }) }).first();
  const name = await item.getByRole("heading", { level: 3 }).innerText();
  const same = page.locator("ol > li").filter({ has: page.getByRole("heading", { level: 3, name, exact: true }) });
  await same.getByText("Later", { exact: true }).click();
  await same.getByRole("button", { name: "1 week" }).click();
  await expect(page.getByRole("status").filter({ hasText: "We will remind you later." })).toBeVisible();
  await expect(same.getByText(/^Snoozed until /)).toBeVisible();
  await page.reload();
  await expect(same.getByText(/^Snoozed until /)).toBeVisible();
});

test("what was done begins a new cycle, and can be taken back", async ({ page }) => {
  const item = page.locator("#item-2");
  const before = await item.locator(".stop-when").innerText();
  await item.getByText("Done", { exact: true }).first().click();
  await item.getByRole("button", { name: "Save" }).click();
  const flash = page.getByRole("status").filter({ hasText: "Brake fluid noted as done." });
  await expect(flash).toBeVisible();
  await expect(item.locator(".stop-when")).not.toHaveText(before);
  await flash.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Taken back." })).toBeVisible();
  await expect(item.locator(".stop-when")).toHaveText(before);
});

test("a date in the future is refused and nothing changes", async ({ page, service }) => {
  const url = vehicleUrl(service);
  const response = await page.request.post(`${url}/items/2/complete`, {
    form: { date: "2199-01-01", odometer: "" },
    headers: { origin: new URL(url).origin },
  });
  expect(response.status()).toBe(422);
  expect(await response.text()).toContain("The work cannot lie in the future");
});

test("trips are listed by day with distance and duration", async ({ page }) => {
  await page.getByRole("link", { name: "All trips" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Trips");
  await expect(page.getByText(/^\d+ trips?, [\d,.]+ km$/).first()).toBeVisible();
});

test("a car that has never reported says that it waits for that", async ({ page, service, context }) => {
  await context.clearCookies();
  await logIn(page, service, otherOwner);
  await page.goto(vehicleUrl(service, "", NEW_CAR));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Waiting for the first data from your car");
});

test("another owner's car is as unknown as one that does not exist", async ({ page, service }) => {
  for (const vehicle of [HIDDEN_CAR, "no-such-vehicle"]) {
    const response = await page.goto(`${service.url}/vehicles/${vehicle}`);
    expect(response?.status()).toBe(404);
    await expect(page.getByRole("heading", { name: "Nothing here" })).toBeVisible();
  }
});

test("the page can be walked with the keyboard, starting with a way past the navigation", async ({ page }) => {
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to content" });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press("Enter");
  await expect(page.locator("#content")).toBeFocused();
});

test("what changes elsewhere arrives on the open page by itself", async ({ page, context }) => {
  await page.getByRole("heading", { level: 1 }).waitFor();
  const other = await context.newPage();
  await other.goto(page.url());
  const item = other.locator("#item-4");
  await item.getByText("Done", { exact: true }).first().click();
  await item.getByRole("button", { name: "Save" }).click();
  await expect(page.locator("#item-4").getByRole("button", { name: /Undo/ })).toBeVisible();
  await other.getByRole("button", { name: "Undo", exact: true }).click();
  await expect(page.locator("#item-4").getByRole("button", { name: /Undo/ })).toBeHidden();
});
