// Without a connection the last pages can still be read, and nobody reads them who has logged out.
import { expect, logIn, test, vehicleUrl } from "../support/test.js";
import { owner } from "../support/service.js";

test.use({ serviceWorkers: "allow", cutsLine: true });

test("pages that were seen can be read without a connection, and say how old they are", async ({ page, service, context }) => {
  await logIn(page, service, owner);
  await page.evaluate("navigator.serviceWorker.ready");
  await page.goto(vehicleUrl(service, "trips"));
  await page.goto(vehicleUrl(service));
  const sentence = await page.getByRole("heading", { level: 1 }).innerText();
  await context.setOffline(true);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(sentence);
  await expect(page.getByText(/^No connection\. .+ \d{1,2}:\d\d/)).toBeVisible();
  await page.goto(vehicleUrl(service, "trips"));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Trips");
  await context.setOffline(false);
  await page.reload();
  await expect(page.getByText(/^No connection/)).toBeHidden();
});

test("logging out takes the kept pages away", async ({ page, service }) => {
  await logIn(page, service, owner);
  await page.evaluate("navigator.serviceWorker.ready");
  await page.goto(vehicleUrl(service));
  const kept = () => page.evaluate<number>("caches.open('pages-1').then((cache) => cache.keys()).then((keys) => keys.length)");
  expect(await kept()).toBeGreaterThan(0);
  await page.goto(`${service.url}/account`);
  await page.getByRole("button", { name: "Log out", exact: true }).click();
  await expect(page).toHaveURL(/login/);
  expect(await kept()).toBe(0);
});
