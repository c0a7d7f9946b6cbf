// Every page in both themes and both widths: nothing that axe finds, nothing wider than the screen.
import { inspect } from "../support/inspect.js";
import { confirmAndChoose, expect, logIn, nameAddress, openUntil, test, vehicleUrl } from "../support/test.js";
import { advisor, CAR, engineer, lead, NEW_CAR, owner } from "../support/service.js";

test("the log-in page, with and without an error", async ({ page, service }) => {
  await page.goto(`${service.url}/login`);
  await inspect(page, "login");
  await page.getByLabel("Account").fill("nobody");
  await page.getByLabel("Password").fill("nothing at all");
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await inspect(page, "login-refused");
});

test("the owner's pages", async ({ page, service }) => {
  await logIn(page, service, owner);
  await inspect(page, "home");
  await page.locator("#done-2 summary").click();
  await inspect(page, "home-done-open");
  for (const name of ["trips", "offers", "privacy", "values", "bookings", "booking?item-2=on&day=2026-11-17"]) {
    await page.goto(vehicleUrl(service, name));
    await inspect(page, name);
  }
  await page.goto(`${service.url}/account`);
  await inspect(page, "account");
  await page.goto(`${service.url}/account/home-assistant`);
  await inspect(page, "home-assistant");
  await page.goto(`${service.url}/vehicles/no-such-vehicle`);
  await inspect(page, "not-found");
});

test("the pages of family and receipts", async ({ page, service, browser }) => {
  await logIn(page, service, owner);
  await page.goto(vehicleUrl(service, "family"));
  await inspect(page, "family-empty");
  await page.getByLabel("E-mail address").fill("joan@example.org");
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  await expect(page.getByText("joan@example.org").first()).toBeVisible();
  await inspect(page, "family");
  const link = await page.getByLabel(/^Link to pass on yourself/).inputValue();
  const other = await (await browser.newContext()).newPage();
  await other.setViewportSize(page.viewportSize() ?? { width: 1280, height: 900 });
  await other.goto(service.url + new URL(link).pathname);
  await inspect(other, "invite");
  await other.context().close();
  await page.getByRole("button", { name: /^Take back/ }).click();
  await page.goto(vehicleUrl(service, "services"));
  await page.locator("#item-new").selectOption("0");
  await page.locator("#title-new").fill("Wipers");
  await page.locator("form").filter({ has: page.locator("#item-new") }).getByRole("button", { name: "Save" }).click();
  const entry = page.getByRole("listitem").filter({ hasText: "Wipers" }).first();
  await entry.getByText("Attach a receipt").click();
  const buffer = Buffer.from("%PDF-1.4\n%%EOF\n");
  await entry.locator("input[type=file]").setInputFiles({ name: "wipers.pdf", mimeType: "application/pdf", buffer });
  await entry.getByRole("button", { name: "Attach", exact: true }).click();
  await entry.getByText("Attach a receipt").click();
  await inspect(page, "services-with-receipt");
});

test("the advisor's pages", async ({ page, service }) => {
  await logIn(page, service, advisor);
  await inspect(page, "queue");
  await page.getByText("Give somebody a follow-up").click();
  await inspect(page, "queue-deeds-open");
  await page.goto(`${service.url}/advisor/vehicles/${CAR}`);
  await page.locator(".uplot canvas").first().waitFor();
  await inspect(page, "vehicle");
  await page.getByText("New follow-up").click();
  await page.getByLabel("What is to be done").fill("Ring about the brakes");
  await page.getByRole("button", { name: "Make follow-up" }).click();
  await page.getByText("Note a contact").click();
  await inspect(page, "vehicle-forms-open");
  await page.goto(`${service.url}/advisor/follow-ups?show=all`);
  await page.getByText("Done …").first().click();
  await inspect(page, "follow-ups");
});

test("the lead's pages", async ({ page, service }) => {
  await logIn(page, service, lead);
  for (const name of ["", "/offers/1", "/segments", "/results", "/experiments", "/policy"]) {
    await page.goto(`${service.url}/experience${name}`);
    await inspect(page, `experience${name.replace(/\W+/g, "-")}`);
  }
});

test("the engineer's devices", async ({ page, service }) => {
  await logIn(page, service, engineer);
  await page.goto(`${service.url}/lab`);
  await inspect(page, "lab-devices");
  for (const id of [CAR, "volt-2", NEW_CAR]) {
    await page.goto(`${service.url}/lab/devices/${id}`);
    await inspect(page, `lab-device-${id}`);
  }
  await page.goto(`${service.url}/lab/devices/${CAR}?level=error&tail=paused&saved=yes`);
  await page.getByText("Who changed what").click();
  await inspect(page, "lab-device-paused");
});

test("the engineer's rollouts", async ({ page, service }) => {
  await logIn(page, service, engineer);
  await page.goto(`${service.url}/lab/rollouts`);
  await inspect(page, "lab-rollouts");
  for (const number of [1, 2]) {
    await page.goto(`${service.url}/lab/rollouts/${number}`);
    await inspect(page, `lab-rollout-${number}`);
  }
  await page.getByText("Stop for ever").click();
  await inspect(page, "lab-rollout-stop-open");
});

test("the engineer's receipts, serial numbers and rejects", async ({ page, service }) => {
  await logIn(page, service, engineer);
  for (const name of ["receipts", "serials", "rejects"]) {
    await page.goto(`${service.url}/lab/${name}`);
    await inspect(page, `lab-${name}`);
  }
  await page.getByRole("link", { name: "body of frame 3" }).click();
  await inspect(page, "lab-reject");
  await page.goto(`${service.url}/lab/receipts`);
  await page.getByRole("table").getByRole("link").first().click();
  await inspect(page, "lab-receipt");
});

test("the pages around what is sent", async ({ page, service, browser }) => {
  const [staff, lab] = [await (await browser.newContext()).newPage(), await (await browser.newContext()).newPage()];
  for (const other of [staff, lab]) await other.setViewportSize(page.viewportSize() ?? { width: 1280, height: 900 });
  await logIn(page, service, owner);
  await logIn(staff, service, advisor);
  await logIn(lab, service, engineer);
  await page.goto(`${service.url}/account/channels`);
  await inspect(page, "channels");
  for (const [other, path] of [[staff, "advisor/tasks"], [lab, "lab/undelivered"]] as const) {
    await other.goto(`${service.url}/${path}`);
    await inspect(other, `${path.replace("/", "-")}-empty`);
  }

  await page.goto(`${service.url}/account/tokens`);
  await inspect(page, "tokens");
  await page.getByLabel("What it is for").fill("Home");
  await page.getByRole("button", { name: "Make it" }).click();
  await expect(page.getByText(/^mp_[0-9a-f]{64}$/)).toBeVisible();
  await inspect(page, "tokens-new");

  await nameAddress(page, service);
  await inspect(page, "channels-unconfirmed");
  await confirmAndChoose(page, service, false);
  await openUntil(lab, `${service.url}/lab/undelivered`, "Try again");
  await inspect(lab, "lab-undelivered");
  service.mail.refuses = false;
  await lab.getByRole("button", { name: "Try again" }).first().click();
  await openUntil(staff, `${service.url}/advisor/tasks`, "Letter as PDF");
  await inspect(staff, "advisor-tasks");
  await openUntil(page, `${service.url}/account/channels`, "Sent ");
  await inspect(page, "channels-sent");

  await page.goto(service.url + (await service.mail.link("confirm")));
  await inspect(page, "confirm");
  await page.goto(service.url + (await service.mail.link("n")));
  await inspect(page, "answer-by-link");
  await page.goto(service.url + (await service.mail.link("unsubscribe")));
  await inspect(page, "unsubscribe");
  for (const other of [staff, lab]) await other.context().close();
});
