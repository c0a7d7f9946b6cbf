// From a reminder to an appointment, and what the workshop does with it.
import { inspect } from "../support/inspect.js";
import { expect, logIn, test } from "../support/test.js";
import { advisor, owner } from "../support/service.js";

test("an appointment takes two taps from the reminder, the workshop reaches it by keyboard, and cancelled it asks again", async ({ page, service, browser }) => {
  await logIn(page, service, owner);
  const reminder = page.locator("#item-2");
  await reminder.getByRole("link", { name: "Book" }).click();
  const suggestion = page.getByRole("group", { name: "Times that suit" }).getByRole("button").first();
  await suggestion.click();
  await expect(page.getByRole("status").filter({ hasText: "Booked. See you there." })).toBeVisible();
  const visit = page.locator("article").filter({ hasText: "Brake fluid" }).first();
  const day = (await visit.locator("time").getAttribute("datetime"))?.slice(0, 10) ?? "";
  await inspect(page, "bookings-one");

  const staff = await (await browser.newContext()).newPage();
  await logIn(staff, service, advisor);
  await staff.goto(`${service.url}/advisor/appointments?day=${day}`);
  await inspect(staff, "appointments-one");
  await staff.keyboard.press("j");
  await expect(staff.locator("ol.queue > li").first()).toBeFocused();
  await staff.context().close();

  await visit.getByRole("button", { name: "Cancel the visit" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Cancelled. We will remind you again." })).toBeVisible();
  await page.goto(`${service.url}/`);
  await expect(reminder.getByRole("link", { name: "Book" })).toBeVisible();
});
