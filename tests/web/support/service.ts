// The real service with a store that real cars have filled.
//
// First `milepost demo` lives through a few months with a handful of generated cars and keeps its data folder.
// Then `milepost serve` opens the same folder, with its clock standing where the demo ended and running at the usual speed,
// so that nothing moves under the tests but what they move themselves.
import { type ChildProcess, spawn } from "node:child_process";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
const BINARY = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "debug/milepost");

/** How many cars, how long they are driven in seconds, and how fast time runs meanwhile. */
const VEHICLES = 6;
const SECONDS = 25;
const SPEED = 525_600;

export interface Person {
  name: string;
  password: string;
}

export interface Service {
  url: string;
  /** The pid of the service and the folder that goes with it. */
  pid: number;
  folder: string;
  owner: Person;
  secondOwner: Person;
  /** An owner to whom an offer stands open. */
  ownerWithOffer: Person;
  advisor: Person;
  engineer: Person;
  /** A vehicle that is not `owner`'s. */
  foreignVehicle: string;
}

/** The service that `start` left for the specs. */
export function known(): Service {
  const text = process.env.MILEPOST_SERVICE;
  if (!text) throw new Error("the service was not started");
  return JSON.parse(text) as Service;
}

/** Fills a store and serves it. */
export async function start(): Promise<Service> {
  const folder = await mkdtemp(join(tmpdir(), "milepost-web-"));
  const log = join(folder, "log.txt");
  const demo = run(["demo", "--vehicles", `${VEHICLES}`, "--for", `${SECONDS}`, "--speed", `${SPEED}`, "--port", `${await freePort()}`, "--folder", folder], log);
  if ((await ended(demo)) !== 0) throw new Error(`the demo failed:\n${await readFile(log, "utf8")}`);

  const port = await freePort();
  const config = join(folder, "web.toml");
  const text = await readFile(join(folder, "milepost.toml"), "utf8");
  await writeFile(config, standing(text, port));
  const service = run(["serve", "--config", config], log);
  const url = `http://127.0.0.1:${port}`;
  await answering(`${url}/healthz`, service, log);
  return { url, pid: service.pid ?? 0, folder, ...(await people(url, folder)) };
}

/** Ends the service and removes what it left. */
export async function stop({ pid, folder }: Service): Promise<void> {
  try {
    process.kill(pid, "SIGTERM");
    while (process.kill(pid, 0)) await new Promise((wake) => setTimeout(wake, 50));
  } catch {
    // It is gone.
  }
  await rm(folder, { recursive: true, force: true });
}

/** The configuration of the demo with its clock brought to a walking pace at the moment that it shows now. */
export function standing(text: string, port: number): string {
  const value = (key: string) => Number(new RegExp(`^${key} = ([0-9.e+]+)$`, "m").exec(text)?.[1]);
  const now = Date.now();
  const shown = Math.round(value("epoch_ms") + (now - value("started_ms")) * value("speed"));
  return text
    .replace(/^epoch_ms = .*$/m, `epoch_ms = ${shown}`)
    .replace(/^started_ms = .*$/m, `started_ms = ${now}`)
    .replace(/^speed = .*$/m, "speed = 1.0")
    .replace(/(\[http\][^[]*?listen = ).*$/m, `$1"127.0.0.1:${port}"`);
}

function run(args: string[], log: string): ChildProcess {
  const child = spawn(BINARY, args, { stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text: Buffer) => void appendFile(log, text));
  return child;
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((done, failed) => child.once("exit", done).once("error", failed));
}

async function answering(url: string, child: ChildProcess, log: string): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    if (child.exitCode !== null) break;
    if (await fetch(url).then((response) => response.ok, () => false)) return;
    await new Promise((wake) => setTimeout(wake, 100));
  }
  throw new Error(`the service does not answer:\n${await readFile(log, "utf8")}`);
}

function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer().once("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address ? address.port : 0));
    });
  });
}

/** One log-in of the demo, as it leaves them in `people.json`. */
interface Entry extends Person {
  role: "owner" | "advisor" | "engineer";
  vehicles: string[];
}

/** Who is who, and to whom an offer stands open. */
async function people(url: string, folder: string): Promise<Omit<Service, "url" | "pid" | "folder">> {
  const entries = JSON.parse(await readFile(join(folder, "people.json"), "utf8")) as Entry[];
  const owners = entries.filter(({ role, vehicles }) => role === "owner" && vehicles.length > 0);
  const invited: Entry[] = [];
  for (const owner of owners) if (await hasOffer(url, owner)) invited.push(owner);
  const others = owners.filter((owner) => owner !== invited[0]);
  const one = <T>(found: T | undefined, what: string): T => {
    if (!found) throw new Error(`the demo left no ${what}`);
    return found;
  };
  const role = (wanted: Entry["role"]) => one(entries.find((entry) => entry.role === wanted), wanted);
  return {
    owner: one(others[0], "owner"),
    secondOwner: one(others[1], "second owner"),
    ownerWithOffer: one(invited[0], "owner with an offer"),
    advisor: role("advisor"),
    engineer: role("engineer"),
    foreignVehicle: one(others[1]?.vehicles[0], "second vehicle"),
  };
}

async function hasOffer(url: string, { name, password, vehicles }: Entry): Promise<boolean> {
  const answer = await fetch(`${url}/login`, {
    method: "POST",
    redirect: "manual",
    headers: { origin: url },
    body: new URLSearchParams({ account: name, password }),
  });
  const cookie = answer.headers.getSetCookie().map((text) => text.split(";")[0]).join("; ");
  const page = await fetch(`${url}/vehicles/${vehicles[0]}/offers`, { headers: { cookie } });
  return (await page.text()).includes("No, thank you");
}
