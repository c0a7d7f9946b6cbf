// What a first visit costs: bytes over the wire, and whose servers are asked.
import { expect, logIn, test } from "../support/test.js";
import { owner } from "../support/service.js";

const FIRST_PAGE_BYTES = 60 * 1024;

test("the first page with all it needs is below 60 KiB, and nobody else is asked for anything", async ({ page, service }) => {
  const cost = async (visit: () => Promise<unknown>) => {
    const sizes: Promise<number>[] = [];
    const hosts = new Set<string>();
    const count = (request: import("@playwright/test").Request) => {
      hosts.add(new URL(request.url()).host);
      // The stream of what changes never ends, and so never has a size.
      if (!request.url().includes("/live")) sizes.push(request.sizes().then((size) => size.responseBodySize + size.responseHeadersSize));
    };
    page.on("requestfinished", count);
    await visit();
    await page.waitForLoadState("load");
    page.off("requestfinished", count);
    expect([...hosts]).toEqual([new URL(service.url).host]);
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  };
  const door = await cost(() => page.goto(`${service.url}/login`));
  expect(door).toBeGreaterThan(1024);
  expect(door).toBeLessThan(FIRST_PAGE_BYTES);
  const home = await cost(() => logIn(page, service, owner));
  expect(door + home).toBeLessThan(FIRST_PAGE_BYTES);
});
