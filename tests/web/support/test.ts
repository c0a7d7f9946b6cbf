// The `test` of every spec: it knows the service, and fails on whatever the browser complains about.
import { test as base, expect, type Page } from "@playwright/test";

import { CAR, type Person, type Service, start } from "./service.js";

export { expect };

export const test = base.extend<{ quiet: void }, { service: Service }>({
  service: [
    async ({}, use) => {
      const service = await start();
      await use(service);
      await service.stop();
    },
    { scope: "worker" },
  ],
  quiet: [
    async ({ page }, use) => {
      const complaints: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error" || /content security policy/i.test(message.text())) complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(String(error)));
      await use();
      // A form that is refused on purpose shows as a failed request; everything else is a fault of the page.
      expect(complaints.filter((text) => !/status of 4\d\d/.test(text))).toEqual([]);
    },
    { auto: true },
  ],
});

/** Logs a person in through the form, and waits for the first page behind it. */
export async function logIn(page: Page, service: Service, person: Person): Promise<void> {
  await page.goto(`${service.url}/login`);
  // By name and not by label: this works in every language.
  await page.locator("input[name=account]").fill(person.name);
  await page.locator("input[name=password]").fill(person.password);
  await page.locator("form button[type=submit]").click();
  await expect(page).not.toHaveURL(/login/);
}

/** The address of one of the owner's pages about a car. */
export function vehicleUrl(service: Service, page = "", vehicle = CAR): string {
  return `${service.url}/vehicles/${vehicle}${page && `/${page}`}`;
}
