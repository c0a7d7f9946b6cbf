// A mail server that keeps what it takes, and takes nothing for good when a test says so (RFC 5321).
import { createServer, type Socket } from "node:net";

export interface MailServer {
  port: number;
  /** Whether recipients are unknown from now on. */
  refuses: boolean;
  /** Waits for the newest mail that holds a link below `path`, and answers the link's path. */
  link(path: string): Promise<string>;
  stop(): void;
}

export async function mailServer(): Promise<MailServer> {
  const mails: string[] = [];
  const wakes: (() => void)[] = [];
  const state = { refuses: false };
  const server = createServer((socket) => talk(socket, state, (mail) => {
    mails.push(mail);
    for (const wake of wakes.splice(0)) wake();
  }));
  await new Promise<void>((done, failed) => server.once("error", failed).listen(0, "127.0.0.1", done));
  const address = server.address();
  const link = async (path: string): Promise<string> => {
    for (;;) {
      const pattern = new RegExp(`https?://[^\\s"<>]+?(/${path}/[\\w.-]+)`);
      const found = [...mails].reverse().map((mail) => pattern.exec(mail)?.[1]).find((known) => known !== undefined);
      if (found) return found;
      await new Promise<void>((wake) => wakes.push(wake));
    }
  };
  return {
    port: typeof address === "object" && address ? address.port : 0,
    get refuses() {
      return state.refuses;
    },
    set refuses(refuses: boolean) {
      state.refuses = refuses;
    },
    link,
    stop: () => void server.close(),
  };
}

function talk(socket: Socket, state: { refuses: boolean }, taken: (mail: string) => void): void {
  let [text, mail, inData] = ["", "", false];
  const say = (line: string) => void socket.write(`${line}\r\n`);
  const heard = (line: string) => {
    if (inData && line === ".") {
      inData = false;
      // Soft line breaks and escapes of quoted-printable hide links.
      taken(mail.replaceAll("=\r\n", "").replaceAll("=3D", "="));
      mail = "";
      say("250 taken");
    } else if (inData) {
      mail += `${line.replace(/^\./, "")}\r\n`;
    } else if (line.startsWith("EHLO")) {
      say("250-mail.test\r\n250 8BITMIME");
    } else if (line.startsWith("RCPT") && state.refuses) {
      say("550 nobody here by that name");
    } else if (line === "DATA") {
      inData = true;
      say("354 go on");
    } else if (line === "QUIT") {
      say("221 goodbye");
      socket.end();
    } else {
      say("250 well");
    }
  };
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("utf8");
    for (let end = text.indexOf("\r\n"); end >= 0; end = text.indexOf("\r\n")) {
      const line = text.slice(0, end);
      text = text.slice(end + 2);
      heard(line);
    }
  });
  say("220 mail.test ready");
}
