import { expect, logIn, test } from "../support/test.js";
import { owner } from "../support/service.js";

test("a wrong password is told without saying which part is wrong, and the account stays in its field", async ({ page, service }) => {
  for (const name of [owner.name, "nobody-of-that-name"]) {
    await page.goto(`${service.url}/login`);
    await page.getByLabel("Account").fill(name);
    await page.getByLabel("Password").fill("not the password at all");
    await page.getByRole("button", { name: "Log in" }).click();
    await expect(page.getByRole("alert")).toHaveText("Account or password is wrong.");
    await expect(page.getByLabel("Account")).toHaveValue(name);
    await expect(page.getByLabel("Password")).toBeEmpty();
  }
});

test("who is not logged in is asked to, on every page", async ({ page, service }) => {
  for (const path of ["/", "/account", "/advisor"]) {
    await page.goto(service.url + path);
    await expect(page.getByRole("heading", { name: "Welcome back" })).toBeVisible();
  }
});

test("after logging out the way back in history shows nothing", async ({ page, service }) => {
  await logIn(page, service, owner);
  await page.goto(`${service.url}/account`);
  await page.getByRole("button", { name: "Log out", exact: true }).click();
  await page.goBack();
  await page.reload();
  await expect(page.getByRole("heading", { name: "Welcome back" })).toBeVisible();
});
