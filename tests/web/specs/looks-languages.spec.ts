// The journeys of owner and advisor in every language: the same steps, found by what does not change with the language.
import { inspect } from "../support/inspect.js";
import { expect, logIn, test, vehicleUrl } from "../support/test.js";
import { advisor, owner } from "../support/service.js";

const LANGUAGES = [
  { code: "en", locale: "en-GB", due: /Due now|Soon|Overdue/ },
  { code: "de", locale: "de-DE", due: /Jetzt fällig|Bald|Überfällig/ },
  { code: "zh-Hans", locale: "zh-CN", due: /现已到期|即将到期|已逾期/ },
];

for (const { code, locale, due } of LANGUAGES) {
  test.describe(code, () => {
    test.use({ locale });

    test("an owner finds what is next, puts it off, and looks at trips, offers and privacy", async ({ page, service }) => {
      await page.goto(`${service.url}/login`);
      await expect(page.locator("html")).toHaveAttribute("lang", code);
      await inspect(page, `${code}-login`);
      await logIn(page, service, owner);
      await expect(page.locator("html")).toHaveAttribute("lang", code);
      await expect(page.getByText(due).first()).toBeVisible();
      await inspect(page, `${code}-home`);
      for (const name of ["services", "items/2", "car", "trips", "offers", "privacy", "bookings", "booking?item-2=on"]) {
        await page.goto(vehicleUrl(service, name));
        await inspect(page, `${code}-${name.replace(/\W+/g, "-")}`);
      }
      for (const name of ["account", "account/channels"]) {
        await page.goto(`${service.url}/${name}`);
        await inspect(page, `${code}-${name.replace(/\W+/g, "-")}`);
      }
    });

    test("an advisor sees who needs a call first, and why", async ({ page, service }) => {
      await logIn(page, service, advisor);
      await inspect(page, `${code}-queue`);
      await page.locator("ol.queue").getByRole("link").first().click();
      await inspect(page, `${code}-vehicle`);
      await page.goto(`${service.url}/advisor/tasks`);
      await inspect(page, `${code}-tasks`);
      await page.goto(`${service.url}/advisor/appointments?view=week`);
      await inspect(page, `${code}-appointments`);
    });
  });
}
