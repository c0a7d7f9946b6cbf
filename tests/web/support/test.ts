// The `test` of every spec: it knows the service, and fails on whatever the browser complains about.
import { test as base, expect, type Page } from "@playwright/test";

import { CAR, type Person, type Service, start } from "./service.js";

export { expect };

/** What a worker serves: a service anew for each spec, so that none sees what another left behind. */
class Served {
  #spec = "";
  #service: Service | undefined;

  async to(spec: string): Promise<Service> {
    if (this.#service === undefined || this.#spec !== spec) {
      await this.stop();
      this.#service = await start();
      this.#spec = spec;
    }
    return this.#service;
  }

  async stop(): Promise<void> {
    const service = this.#service;
    this.#service = undefined;
    await service?.stop();
  }
}

export const test = base.extend<{ cutsLine: boolean; quiet: void; service: Service }, { served: Served }>({
  served: [
    async ({}, use) => {
      const served = new Served();
      await use(served);
      await served.stop();
    },
    { scope: "worker" },
  ],
  service: async ({ served }, use, info) => {
    await use(await served.to(info.file));
  },
  /** Whether a test cuts the line itself, so that the browser's word for that is no fault of the page. */
  cutsLine: [false, { option: true }],
  quiet: [
    async ({ page, cutsLine }, use) => {
      const complaints: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error" || /content security policy/i.test(message.text())) complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(String(error)));
      await use();
      // A form that is refused on purpose shows as a failed request; everything else is a fault of the page.
      const expected = cutsLine ? /status of 4\d\d|ERR_INTERNET_DISCONNECTED|Failed to fetch/ : /status of 4\d\d/;
      expect(complaints.filter((text) => !expected.test(text))).toEqual([]);
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

/** Names the owner's address, which then waits for its confirmation. */
export async function nameAddress(page: Page, service: Service): Promise<void> {
  await page.goto(`${service.url}/account/channels`);
  await page.getByRole("group", { name: "E-mail", exact: true }).getByLabel("When").selectOption({ label: "Never" });
  await page.getByLabel("E-mail address").fill("anna@example.org");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: "Is this your e-mail address?" })).toBeVisible();
}

/** Confirms the address and hears by e-mail, call and letter, at once; `delivers` says whether the mail server takes more than the question. */
export async function confirmAndChoose(page: Page, service: Service, delivers: boolean): Promise<void> {
  await page.goto(service.url + (await service.mail.link("confirm")));
  await page.getByRole("button", { name: "Yes, this is my address" }).click();
  await expect(page.getByText("Thank you.")).toBeVisible();
  service.mail.refuses = !delivers;
  await page.goto(`${service.url}/account/channels`);
  for (const name of ["E-mail", "Call by your workshop", "Letter"]) {
    await page.getByRole("group", { name, exact: true }).getByLabel("When").selectOption({ label: "At once" });
  }
  await page.getByLabel("Postal address, a line each").fill("Anna Lindholm\nWeg 1\n12345 Ort");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Saved." })).toBeVisible();
}

/** Opens a page again until something is on it. */
export async function openUntil(page: Page, url: string, text: string): Promise<void> {
  await expect(async () => {
    await page.goto(url);
    await expect(page.getByText(text).first()).toBeVisible({ timeout: 500 });
  }).toPass();
}
