// Without JavaScript: how an owner is reached, what the message's links do, and what staff do about it.
import { confirmAndChoose, expect, logIn, nameAddress, openUntil, test } from "../support/test.js";
import { advisor, engineer, owner } from "../support/service.js";

test.describe.configure({ mode: "serial" });

test("what an owner chooses is kept, and a time that is none is refused", async ({ page, service }) => {
  await logIn(page, service, owner);
  await nameAddress(page, service);
  await confirmAndChoose(page, service, false);
  await page.reload();
  await expect(page.getByLabel("E-mail address")).toHaveValue("anna@example.org");
  await expect(page.getByRole("group", { name: "Letter", exact: true }).getByLabel("When")).toHaveValue("at_once");
  const answer = await page.request.post(`${service.url}/account/channels`, {
    form: { quiet_from: "25:00" },
    headers: { origin: new URL(service.url).origin },
  });
  expect(answer.status()).toBe(422);
});

test("an engineer tries again what could not be delivered", async ({ page, service }) => {
  await logIn(page, service, engineer);
  await openUntil(page, `${service.url}/lab/undelivered`, "Try again");
  await expect(page.locator("main")).not.toContainText("example.org");
  service.mail.refuses = false;
  await page.getByRole("button", { name: "Try again" }).first().click();
  await openUntil(page, `${service.url}/lab/undelivered`, "Everything was delivered.");
  expect(await service.mail.link("n")).toMatch(/^\/n\//);
});

test("an advisor prints a letter and ticks off a call", async ({ page, service }) => {
  await logIn(page, service, advisor);
  await openUntil(page, `${service.url}/advisor/tasks`, "Letter as PDF");
  const letter = await page.request.get(new URL((await page.getByRole("link", { name: "Letter as PDF" }).first().getAttribute("href")) ?? "", service.url).href);
  expect(letter.headers()["content-type"]).toBe("application/pdf");
  const tasks = page.getByRole("listitem").filter({ hasText: "Call the owner" });
  const before = await tasks.count();
  await tasks.first().getByRole("button", { name: "Done" }).click();
  await expect(tasks).toHaveCount(before - 1);
});

test("the link of a mail answers its reminder without a log-in, and the task is gone", async ({ page, service }) => {
  await page.goto(service.url + (await service.mail.link("n")));
  await page.getByRole("button", { name: "Later" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Noted." })).toBeVisible();
  await page.getByRole("button", { name: "Book" }).click();
  await expect(page.getByText("This has been answered. Thank you.")).toBeVisible();
});

test("one form ends the mails, and the choice shows it", async ({ page, service }) => {
  await page.goto(service.url + (await service.mail.link("unsubscribe")));
  await page.getByRole("button", { name: "Stop e-mails" }).click();
  await expect(page.getByText("You get no more e-mails from us.")).toBeVisible();
  await logIn(page, service, owner);
  await page.goto(`${service.url}/account/channels`);
  await expect(page.getByRole("group", { name: "E-mail", exact: true }).getByLabel("When")).toHaveValue("never");
});
