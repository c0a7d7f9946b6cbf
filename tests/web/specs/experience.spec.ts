// The pages of whoever answers for offers, by the lead's account: catalogue, preview, results, experiments, policy.
import { inspect } from "../support/inspect.js";
import { advisor, engineer, HIDDEN_CAR, lead, otherOwner, owner } from "../support/service.js";
import { expect, logIn, test, vehicleUrl } from "../support/test.js";

const EXPERIMENT = `id = "battery-lot"
version = 1
layer = "battery"

[[arm]]
name = "control"
share = 0.5

[[arm]]
name = "made"
share = 0.5
offer = 3
`;

test("the lead begins at the catalogue, and nobody else finds it", async ({ page, service, browser }) => {
  await logIn(page, service, lead);
  await expect(page).toHaveURL(/\/experience$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Catalogue of offers");
  await expect(page.getByRole("rowheader", { name: "Winter tyres" })).toBeVisible();
  await inspect(page, "experience-catalogue");
  for (const other of [owner, advisor, engineer]) {
    const context = await browser.newContext();
    const stranger = await context.newPage();
    await logIn(stranger, service, other);
    for (const path of ["", "/offers/1", "/segments", "/results", "/experiments", "/policy"]) {
      expect((await stranger.goto(`${service.url}/experience${path}`))?.status(), `${other.name} ${path}`).toBe(404);
    }
    await context.close();
  }
});

test("an entry is tried on the cars that there are, and each says why it falls", async ({ page, service }) => {
  await logIn(page, service, lead);
  await page.getByRole("link", { name: "Winter tyres" }).click();
  await expect(page.getByRole("heading", { name: "Who would get it now" })).toBeVisible();
  await expect(page.getByText(/Looked at \d+ cars/)).toBeVisible();
  await expect(page.getByText("It averages [mean outside temperature of a week, °C]")).toBeVisible();
  const cars = page.getByRole("region", { name: "Car by car" });
  await expect(cars.getByRole("rowheader").first()).toBeVisible();
  await expect(cars.getByRole("cell").first()).not.toBeEmpty();
  await inspect(page, "experience-offer");
});

test("an entry is paused and let live again", async ({ page, service }) => {
  await logIn(page, service, lead);
  await page.getByRole("link", { name: "Battery" }).first().click();
  await page.getByRole("button", { name: "Pause it" }).click();
  await expect(page.getByText("Paused", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Let it live" }).click();
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
});

test("results are told in plain words, and the stop button halts an offer at once", async ({ page, service }) => {
  await logIn(page, service, lead);
  await page.getByRole("link", { name: "Results" }).click();
  await expect(page.getByText(/Too few accounts for any statement|Nothing can be said/)).toBeVisible();
  await inspect(page, "experience-results");
  await page.getByRole("button", { name: /Stop it now.*Winter tyres/ }).click();
  await expect(page.getByText("Halted").first()).toBeVisible();
  await page.getByRole("link", { name: "Policy" }).click();
  await expect(page.getByText(/Winter tyres · in the car/).first()).toBeVisible();
  await page.getByRole("link", { name: "Results" }).click();
  await page.getByRole("button", { name: /Let it go on.*Winter tyres/ }).click();
  await page.getByRole("link", { name: "Policy" }).click();
  await expect(page.getByText("None is halted.")).toBeVisible();
});

test("an experiment is put, refused while its arms do not add up, run, and stopped for good", async ({ page, service }) => {
  await logIn(page, service, lead);
  await page.getByRole("link", { name: "Experiments" }).click();
  await expect(page.getByText("No experiment was put yet.")).toBeVisible();
  await page.getByLabel("The experiment, as TOML").fill(EXPERIMENT.replace("0.5", "0.4"));
  await page.getByRole("button", { name: "Check and put it" }).click();
  await expect(page.getByText(/add to 0\.9, not to 1/)).toBeVisible();
  await page.goto(`${service.url}/experience/experiments`);
  await page.getByLabel("The experiment, as TOML").fill(EXPERIMENT);
  await page.getByRole("button", { name: "Check and put it" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("battery-lot");
  await expect(page.getByText("Waits", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Let it run" }).click();
  await expect(page.getByText("Running", { exact: true })).toBeVisible();
  await expect(page.getByText("made: too few accounts for any statement; each arm needs at least 100.")).toBeVisible();
  await inspect(page, "experience-experiment");
  await page.getByRole("button", { name: "Stop it for good" }).click();
  await expect(page.getByText("Stopped", { exact: true })).toBeVisible();
  await expect(page.getByRole("button", { name: "Let it run" })).toHaveCount(0);
});

test("a policy that the log does not support takes over only with a reason, which is kept", async ({ page, service }) => {
  await logIn(page, service, lead);
  await page.getByRole("link", { name: "Policy" }).click();
  await expect(page.getByText(/What was logged cannot say what it would earn/).first()).toBeVisible();
  await inspect(page, "experience-policy");
  await page.getByLabel("Why all the same").fill("the winter has not begun");
  await page.getByRole("button", { name: /Change to it.*Fixed shares/ }).click();
  await expect(page.getByText(/lena chose it on .* Although the log did not support it: the winter has not begun/)).toBeVisible();
  await page.getByLabel("Why all the same").fill("back to learning");
  await page.getByRole("button", { name: /Change to it.*Learning/ }).click();
  await expect(page.getByText(/back to learning/)).toBeVisible();
});

test("a safety tip is marked as advice, says why, and is put away with fewer like it", async ({ page, service }) => {
  await logIn(page, service, otherOwner);
  await page.goto(vehicleUrl(service, "", HIDDEN_CAR));
  const tip = page.getByRole("region", { name: "Cold roads ahead" });
  await expect(tip.getByText("Safety tip")).toBeVisible();
  await expect(tip.getByText("Advice, no advertising")).toBeVisible();
  await tip.getByText("Why am I told this?").click();
  await expect(tip.getByText(/mean outside temperature of a week/)).toBeVisible();
  await inspect(page, "tip-home");
  await page.goto(vehicleUrl(service, "car", HIDDEN_CAR));
  await expect(tip).toBeVisible();
  await inspect(page, "tip-car");
  await tip.getByRole("button", { name: "Fewer like this" }).click();
  await expect(page.getByRole("status").filter({ hasText: "You will see fewer like this." })).toBeVisible();
  await expect(tip).toHaveCount(0);
  await page.goto(vehicleUrl(service, "", HIDDEN_CAR));
  await expect(tip).toHaveCount(0);
});

for (const [locale, title] of [["de-DE", "Versuche"], ["zh-CN", "实验"]] as const) {
  test.describe(locale, () => {
    test.use({ locale });

    test("the pages speak the reader's language", async ({ page, service }) => {
      await logIn(page, service, lead);
      await page.goto(`${service.url}/experience/experiments`);
      await expect(page.getByRole("heading", { level: 1 })).toHaveText(title);
      await inspect(page, `experience-experiments-${locale}`);
    });
  });
}
