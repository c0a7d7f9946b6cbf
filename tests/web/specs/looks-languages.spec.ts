// The journeys of owner and advisor in every language, in every width: the same steps, found by what does not change with the language.
// Words change no colours: the second theme is looked at in one language.
import { look } from "../support/inspect.js";
import { expect, logIn, test, vehicleUrl } from "../support/test.js";
import { advisor, owner } from "../support/service.js";

// Each looks for itself, in as many services as there are workers.
test.describe.configure({ mode: "parallel" });

const LANGUAGES = [
  { code: "en", locale: "en-GB", due: /Due now|Soon|Overdue/, themes: ["light", "dark"] },
  { code: "de", locale: "de-DE", due: /Jetzt fällig|Bald|Überfällig/, themes: ["light"] },
  { code: "zh-Hans", locale: "zh-CN", due: /现已到期|即将到期|已逾期/, themes: ["light"] },
] as const;

for (const { code, locale, due, themes } of LANGUAGES) {
  test.describe(code, () => {
    test.use({ locale });

    test("an owner finds what is next, puts it off, and looks at trips, offers and privacy", async ({ page, service }) => {
      await page.goto(`${service.url}/login`);
      await expect(page.locator("html")).toHaveAttribute("lang", code);
      await look(page, `${code}-login`, themes);
      await logIn(page, service, owner);
      await expect(page.locator("html")).toHaveAttribute("lang", code);
      await expect(page.getByText(due).first()).toBeVisible();
      await look(page, `${code}-home`, themes);
      for (const name of ["services", "items/2", "car", "trips", "offers", "privacy", "bookings", "booking?item-2=on"]) {
        await page.goto(vehicleUrl(service, name));
        await look(page, `${code}-${name.replace(/\W+/g, "-")}`, themes);
      }
      for (const name of ["account", "account/channels"]) {
        await page.goto(`${service.url}/${name}`);
        await look(page, `${code}-${name.replace(/\W+/g, "-")}`, themes);
      }
    });

    test("an advisor sees who needs a call first, and why", async ({ page, service }) => {
      await logIn(page, service, advisor);
      await look(page, `${code}-queue`, themes);
      await page.locator("ol.queue").getByRole("link").first().click();
      await look(page, `${code}-vehicle`, themes);
      await page.goto(`${service.url}/advisor/tasks`);
      await look(page, `${code}-tasks`, themes);
      await page.goto(`${service.url}/advisor/appointments?view=week`);
      await look(page, `${code}-appointments`, themes);
    });
  });
}
