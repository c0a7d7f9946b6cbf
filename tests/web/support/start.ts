import { start } from "./service.js";

export default async function setUp(): Promise<void> {
  process.env.MILEPOST_SERVICE = JSON.stringify(await start());
}
