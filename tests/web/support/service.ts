// The real service over a store with cars and people that are the same every time.
//
// The example `seed` of the service writes the store and a configuration whose clock stands at the cars' moment and walks on from there;
// then the real binary serves it on a port of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { type MailServer, mailServer } from "./mail.js";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
const BUILT = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "debug");
const PASSWORD = "long enough to pass";

export interface Person {
  name: string;
  password: string;
}

/** Who and what the seed holds. */
export const owner: Person = { name: "anna", password: PASSWORD };
export const otherOwner: Person = { name: "bert", password: PASSWORD };
export const advisor: Person = { name: "vera", password: PASSWORD };
export const engineer: Person = { name: "emil", password: PASSWORD };
export const lead: Person = { name: "lena", password: PASSWORD };

/** The owner's car, with a reminder and an offer that are open. */
export const CAR = "golf-1";
/** A car of the other owner that has never reported. */
export const NEW_CAR = "fresh-3";
/** A car of the other owner that is not shared with the workshop. */
export const HIDDEN_CAR = "quiet-4";

export interface Service {
  url: string;
  /** Where its mails go. */
  mail: MailServer;
  stop(): Promise<void>;
}

/** Seeds a store in a folder of its own and serves it. */
export async function start(): Promise<Service> {
  const folder = await mkdtemp(join(tmpdir(), "milepost-web-"));
  const log = join(folder, "log.txt");
  const fail = async (what: string) => new Error(`${what}:\n${await readFile(log, "utf8").catch(() => "")}`);
  if ((await ended(run("examples/seed", [folder], log))) !== 0) throw await fail("the store could not be seeded");

  const mail = await mailServer();
  const port = await freePort();
  const config = join(folder, "milepost.toml");
  const text = await readFile(config, "utf8");
  await writeFile(config, text.replaceAll("127.0.0.1:8080", `127.0.0.1:${port}`).replace("127.0.0.1:2525", `127.0.0.1:${mail.port}`));
  const url = `http://127.0.0.1:${port}`;
  const service = run("milepost", ["serve", "--config", config], log);
  const gone = ended(service);
  if (!(await answering(`${url}/healthz`, service))) throw await fail("the service does not answer");
  const stop = async () => {
    service.kill("SIGTERM");
    const code = await gone;
    mail.stop();
    const error = code === 0 ? undefined : await fail(`the service ended with ${code}`);
    await rm(folder, { recursive: true, force: true });
    if (error) throw error;
  };
  return { url, mail, stop };
}

function run(program: string, args: string[], log: string): ChildProcess {
  const child = spawn(join(BUILT, program), args, { stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text: Buffer) => void appendFile(log, text));
  return child;
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((done, failed) => child.once("exit", done).once("error", failed));
}

async function answering(url: string, child: ChildProcess): Promise<boolean> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline && child.exitCode === null; ) {
    if (await fetch(url).then((response) => response.ok, () => false)) return true;
    await new Promise((wake) => setTimeout(wake, 100));
  }
  return false;
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
