// The `test` of every spec: it knows the service, and fails on whatever the browser complains about.
import { test as base, expect, type Page } from "@playwright/test";

import { known, type Person, type Service } from "./service.js";

export { expect };

export const test = base.extend<{ service: Service; quiet: void }>({
  service: async ({}, use) => use(known()),
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
  await page.getByLabel("Account").fill(person.name);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page).not.toHaveURL(/login/);
}

/** The address of the vehicle's page that is open, without a trailing part. */
export function vehicleUrl(page: Page): string {
  const found = /^(.*\/vehicles\/[^/?#]+)/.exec(page.url());
  if (!found?.[1]) throw new Error(`${page.url()} is no vehicle's page`);
  return found[1];
}
