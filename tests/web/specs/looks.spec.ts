// Every page in both themes and both widths: nothing that axe finds, nothing wider than the screen.
import { look } from "../support/inspect.js";
import { confirmAndChoose, expect, logIn, nameAddress, openUntil, test, vehicleUrl } from "../support/test.js";
import { advisor, CAR, engineer, lead, NEW_CAR, owner } from "../support/service.js";

// Each looks for itself, in as many services as there are workers.
test.describe.configure({ mode: "parallel" });

test("the log-in page, with and without an error", async ({ page, service }) => {
  await page.goto(`${service.url}/login`);
  await look(page, "login");
  await page.getByLabel("Account").fill("nobody");
  await page.getByLabel("Password").fill("nothing at all");
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await look(page, "login-refused");
});

test("the owner's pages", async ({ page, service }) => {
  await logIn(page, service, owner);
  await look(page, "home");
  await page.locator("#done-2 summary").click();
  await look(page, "home-done-open");
  for (const name of ["trips", "offers", "privacy", "values", "bookings", "booking?item-2=on&day=2026-11-17"]) {
    await page.goto(vehicleUrl(service, name));
    await look(page, name);
  }
  await page.goto(`${service.url}/account`);
  await look(page, "account");
  await page.goto(`${service.url}/account/home-assistant`);
  await look(page, "home-assistant");
  await page.goto(`${service.url}/vehicles/no-such-vehicle`);
  await look(page, "not-found");
});

test("the pages of family and receipts", async ({ page, service, browser }) => {
  await logIn(page, service, owner);
  await page.goto(vehicleUrl(service, "family"));
  await look(page, "family-empty");
  await page.getByLabel("E-mail address").fill("joan@example.org");
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  await expect(page.getByText("joan@example.org").first()).toBeVisible();
  await look(page, "family");
  const link = await page.getByLabel(/^Link to pass on yourself/).inputValue();
  const other = await (await browser.newContext()).newPage();
  await other.goto(service.url + new URL(link).pathname);
  await look(other, "invite");
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
  await look(page, "services-with-receipt");
});

test("the advisor's pages", async ({ page, service }) => {
  await logIn(page, service, advisor);
  await look(page, "queue");
  await page.getByText("Give somebody a follow-up").click();
  await look(page, "queue-deeds-open");
  await page.goto(`${service.url}/advisor/vehicles/${CAR}`);
  await page.locator(".uplot canvas").first().waitFor();
  await look(page, "vehicle");
  await page.getByText("New follow-up").click();
  await page.getByLabel("What is to be done").fill("Ring about the brakes");
  await page.getByRole("button", { name: "Make follow-up" }).click();
  await page.getByText("Note a contact").click();
  await look(page, "vehicle-forms-open");
  await page.goto(`${service.url}/advisor/follow-ups?show=all`);
  await page.getByText("Done …").first().click();
  await look(page, "follow-ups");
});

test("the lead's pages", async ({ page, service }) => {
  await logIn(page, service, lead);
  for (const name of ["", "/offers/1", "/segments", "/results", "/experiments", "/policy"]) {
    await page.goto(`${service.url}/experience${name}`);
    await look(page, `experience${name.replace(/\W+/g, "-")}`);
  }
});

test("the engineer's devices", async ({ page, service }) => {
  await logIn(page, service, engineer);
  await page.goto(`${service.url}/lab`);
  await look(page, "lab-devices");
  for (const id of [CAR, "volt-2", NEW_CAR]) {
    await page.goto(`${service.url}/lab/devices/${id}`);
    await look(page, `lab-device-${id}`);
  }
  await page.goto(`${service.url}/lab/devices/${CAR}?level=error&tail=paused&saved=yes`);
  await page.getByText("Who changed what").click();
  await look(page, "lab-device-paused");
});

test("the engineer's rollouts", async ({ page, service }) => {
  await logIn(page, service, engineer);
  await page.goto(`${service.url}/lab/rollouts`);
  await look(page, "lab-rollouts");
  for (const number of [1, 2]) {
    await page.goto(`${service.url}/lab/rollouts/${number}`);
    await look(page, `lab-rollout-${number}`);
  }
  await page.getByText("Stop for ever").click();
  await look(page, "lab-rollout-stop-open");
});

test("the engineer's receipts, serial numbers and rejects", async ({ page, service }) => {
  await logIn(page, service, engineer);
  for (const name of ["receipts", "serials", "rejects"]) {
    await page.goto(`${service.url}/lab/${name}`);
    await look(page, `lab-${name}`);
  }
  await page.getByRole("link", { name: "body of frame 3" }).click();
  await look(page, "lab-reject");
  await page.goto(`${service.url}/lab/receipts`);
  await page.getByRole("table").getByRole("link").first().click();
  await look(page, "lab-receipt");
});

test("the pages around what is sent", async ({ page, service, browser }) => {
  const [staff, lab] = [await (await browser.newContext()).newPage(), await (await browser.newContext()).newPage()];
  await logIn(page, service, owner);
  await logIn(staff, service, advisor);
  await logIn(lab, service, engineer);
  await page.goto(`${service.url}/account/channels`);
  await look(page, "channels");
  for (const [other, path] of [[staff, "advisor/tasks"], [lab, "lab/undelivered"]] as const) {
    await other.goto(`${service.url}/${path}`);
    await look(other, `${path.replace("/", "-")}-empty`);
  }

  await page.goto(`${service.url}/account/tokens`);
  await look(page, "tokens");
  await page.getByLabel("What it is for").fill("Home");
  await page.getByRole("button", { name: "Make it" }).click();
  await expect(page.getByText(/^mp_[0-9a-f]{64}$/)).toBeVisible();
  await look(page, "tokens-new");

  await nameAddress(page, service);
  await look(page, "channels-unconfirmed");
  await confirmAndChoose(page, service, false);
  await openUntil(lab, `${service.url}/lab/undelivered`, "Try again");
  await look(lab, "lab-undelivered");
  service.mail.refuses = false;
  await lab.getByRole("button", { name: "Try again" }).first().click();
  await openUntil(staff, `${service.url}/advisor/tasks`, "Letter as PDF");
  await look(staff, "advisor-tasks");
  await openUntil(page, `${service.url}/account/channels`, "Sent ");
  await look(page, "channels-sent");

  await page.goto(service.url + (await service.mail.link("confirm")));
  await look(page, "confirm");
  await page.goto(service.url + (await service.mail.link("n")));
  await look(page, "answer-by-link");
  await page.goto(service.url + (await service.mail.link("unsubscribe")));
  await look(page, "unsubscribe");
  for (const other of [staff, lab]) await other.context().close();
});
