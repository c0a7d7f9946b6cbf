import { known, stop } from "./service.js";

export default async function tearDown(): Promise<void> {
  await stop(known());
}
