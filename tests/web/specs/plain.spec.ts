// Without JavaScript every form still does its work.
import { expect, logIn, test, vehicleUrl } from "../support/test.js";
import { owner } from "../support/service.js";

test("a reminder can be put off", async ({ page, service }) => {
  await logIn(page, service, owner);
  const item = page.locator("ol > li").filter({ has: page.getByText("Later", { exact: true }) }).first();
  await item.getByText("Later", { exact: true }).click();
  await item.getByRole("button", { name: "1 day" }).click();
  await expect(page.getByText("We will remind you later.")).toBeVisible();
});

test("an item can be done and taken back", async ({ page, service }) => {
  await logIn(page, service, owner);
  const item = page.locator("#item-2");
  await item.getByText("Done", { exact: true }).first().click();
  await item.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Brake fluid noted as done.")).toBeVisible();
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await expect(page.getByText("Taken back.")).toBeVisible();
});

test("an odometer that cannot be is refused with a reason, and nothing changes", async ({ page, service }) => {
  await logIn(page, service, owner);
  const item = page.locator("#item-2");
  const before = await item.locator(".stop-when").innerText();
  await item.getByText("Done", { exact: true }).first().click();
  await item.getByLabel(/^Odometer in /).fill("1");
  await item.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("The work cannot lie in the future or before the last time it was done.")).toBeVisible();
  await page.goto(vehicleUrl(service));
  await expect(item.locator(".stop-when")).toHaveText(before);
});

test("consent can be given and withdrawn", async ({ page, service }) => {
  await logIn(page, service, owner);
  await page.goto(vehicleUrl(service, "privacy"));
  const research = page.getByLabel("Improving the service");
  const before = await research.isChecked();
  await research.setChecked(!before);
  await page.getByRole("button", { name: "Save choices" }).click();
  await expect(page.getByText("Your choices are saved")).toBeVisible();
  await expect(research).toBeChecked({ checked: !before });
});

test("the language and the theme follow the settings", async ({ page, service }) => {
  await logIn(page, service, owner);
  await page.goto(`${service.url}/account`);
  for (const [theme, name] of [["Dark", "dark"], ["As the system", "auto"]] as const) {
    await page.getByLabel("Appearance").selectOption({ label: theme });
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText("Saved.")).toBeVisible();
    await expect(page.locator("html")).toHaveAttribute("data-theme", name);
  }
});

test("somebody is invited and the invitation is taken back", async ({ page, service }) => {
  await logIn(page, service, owner);
  await page.goto(vehicleUrl(service, "family"));
  await page.getByLabel("E-mail address").fill("joan@example.org");
  await page.getByLabel("May").selectOption({ label: "Look" });
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  await expect(page.getByText("Invited.")).toBeVisible();
  await expect(page.getByLabel(/^Link to pass on yourself/)).toHaveValue(/\/invite\//);
  await page.getByRole("button", { name: /^Take back/ }).click();
  await expect(page.getByText("Invitation taken back.")).toBeVisible();
});

test("a receipt is attached", async ({ page, service }) => {
  await logIn(page, service, owner);
  await page.goto(vehicleUrl(service, "services"));
  await page.locator("#item-new").selectOption("0");
  await page.locator("#title-new").fill("Bulbs");
  await page.locator("form").filter({ has: page.locator("#item-new") }).getByRole("button", { name: "Save" }).click();
  const entry = page.getByRole("listitem").filter({ hasText: "Bulbs" }).first();
  await entry.getByText("Attach a receipt").click();
  const buffer = Buffer.from("%PDF-1.4\n%%EOF\n");
  await entry.locator("input[type=file]").setInputFiles({ name: "bulbs.pdf", mimeType: "application/pdf", buffer });
  await entry.getByRole("button", { name: "Attach", exact: true }).click();
  await expect(page.getByText("Receipt attached.")).toBeVisible();
  await expect(entry.getByRole("link", { name: "bulbs.pdf" })).toBeVisible();
});

test("an account is erased only with its password", async ({ page, service }) => {
  await logIn(page, service, owner);
  await page.goto(`${service.url}/account`);
  const form = page.locator("form").filter({ has: page.locator("#erase-password") });
  await form.getByLabel("Password").fill("not hers at all");
  await form.getByLabel("Yes, erase everything for good").check();
  await form.getByRole("button", { name: "Erase the account" }).click();
  await expect(page.getByRole("alert")).toHaveText("Account or password is wrong.");
  await page.goto(vehicleUrl(service));
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
});
