// The pages of the real binary in Debian's Chromium: what they do, and how they look.
import { defineConfig } from "@playwright/test";

const phone = { width: 360, height: 740 };
const desk = { width: 1280, height: 900 };

export default defineConfig({
  testDir: "specs",
  // Each spec has a service of its own; within one, tests follow each other, as some change what others would see.
  workers: 2,
  fullyParallel: false,
  retries: 0,
  // A test that hangs ends; how long one takes is another matter, as two of them share the machine.
  timeout: 180_000,
  reporter: process.env.CI ? "line" : "list",
  use: {
    locale: "en-GB",
    timezoneId: "UTC",
    trace: "retain-on-failure",
    // Tests see what the service answers; those of what is kept allow it.
    serviceWorkers: "block",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [
    { name: "works", testIgnore: /plain|channels\.spec/, use: { viewport: desk } },
    { name: "channels-without-javascript", testMatch: /channels\.spec/, use: { viewport: phone, javaScriptEnabled: false } },
    { name: "works-without-javascript", testMatch: /plain/, use: { viewport: phone, javaScriptEnabled: false } },
  ],
});
