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
      for (const name of ["trips", "offers", "privacy"]) {
        await page.goto(vehicleUrl(service, name));
        await inspect(page, `${code}-${name}`);
      }
      await page.goto(`${service.url}/account`);
      await inspect(page, `${code}-account`);
    });

    test("an advisor sees who needs a call first, and why", async ({ page, service }) => {
      await logIn(page, service, advisor);
      await inspect(page, `${code}-queue`);
      await page.locator("ol.queue").getByRole("link").first().click();
      await inspect(page, `${code}-vehicle`);
    });
  });
}
