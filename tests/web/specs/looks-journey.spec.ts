// The pages of journeys, programmes and the certificate in both themes and both widths.
import { look } from "../support/inspect.js";
import { logIn, test, vehicleUrl } from "../support/test.js";
import { lead, owner } from "../support/service.js";

// Each looks for itself, in as many services as there are workers.
test.describe.configure({ mode: "parallel" });

test("the lead's journeys, touchpoints and programmes", async ({ page, service }) => {
  await logIn(page, service, lead);
  for (const name of ["journeys", "touchpoints", "programmes", "owners/anna"]) {
    await page.goto(`${service.url}/experience/${name}`);
    await look(page, `experience-${name.replace("/", "-")}`);
  }
});

test("an owner's programmes and certificate", async ({ page, service }) => {
  await logIn(page, service, owner);
  for (const name of ["programmes", "certificate"]) {
    await page.goto(vehicleUrl(service, name));
    await look(page, `owner-${name}`);
  }
});
