// Receipts beside the entries of the service book.
import { expect, logIn, test, vehicleUrl } from "../support/test.js";
import { owner } from "../support/service.js";

const pdf = { name: "wipers.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4\n% two wipers\n%%EOF\n") };

test("a receipt is attached, shown and taken away, and nothing else is taken for one", async ({ page, service }) => {
  await logIn(page, service, owner);
  await page.goto(vehicleUrl(service, "services"));
  const form = page.getByRole("form", { name: "Enter work" });
  await form.getByLabel("What was done").fill("Wipers");
  await form.locator("select").selectOption("0");
  await form.getByRole("button", { name: "Save" }).click();
  const entry = page.getByRole("listitem").filter({ hasText: "Wipers" }).first();
  await entry.getByText("Attach a receipt").click();
  await entry.getByLabel("PDF document or photo (JPEG, PNG)").setInputFiles({ ...pdf, buffer: Buffer.from("no receipt") });
  await entry.getByRole("button", { name: "Attach", exact: true }).click();
  await expect(page.getByText("A receipt is a PDF document or a JPEG or PNG picture.")).toBeVisible();

  await page.goto(vehicleUrl(service, "services"));
  await entry.getByText("Attach a receipt").click();
  await entry.getByLabel("PDF document or photo (JPEG, PNG)").setInputFiles(pdf);
  await entry.getByRole("button", { name: "Attach", exact: true }).click();
  await expect(page.getByRole("status").filter({ hasText: "Receipt attached." })).toBeVisible();
  const link = entry.getByRole("link", { name: "wipers.pdf" });
  const answer = await page.request.get(new URL((await link.getAttribute("href")) ?? "", service.url).href);
  expect(answer.headers()["cache-control"]).toBe("no-store");
  expect((await answer.body()).equals(pdf.buffer)).toBe(true);

  await entry.getByRole("button", { name: /^Take away/ }).click();
  await expect(page.getByRole("status").filter({ hasText: "Receipt taken away." })).toBeVisible();
  await expect(link).toHaveCount(0);
});
