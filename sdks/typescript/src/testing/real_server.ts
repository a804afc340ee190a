import type { ChildProcess } from "node:child_process";
import { AuthClient, type AuthClientOptions } from "../client.js";
import { VirtualClock } from "./virtual_clock.js";

/** How a test server is started. */
export interface RealServerOptions {
  /** The program; the environment's `NTT_AUTH_BIN`, or `ntt-auth` from the path, if left out. */
  readonly binary?: string;
  /** Settings, as `{ "tokens.access_ttl": "5 min" }`; they go before those of a test server. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** Where it listens; any free port of this machine if left out. */
  readonly listen?: string;
}

const DEFAULTS = {
  "database.url": "sqlite::memory:",
  "password.bcrypt_cost": 4,
  "rate_limits.enabled": false,
  "http.drain": "0s",
  "revocations.feed_token": "feed-token-of-a-test-server-0123456789",
};
const START_UP = 60_000;

/** @internal */
export interface RealServerParts {
  readonly url: string;
  readonly feedToken: string;
  readonly child: ChildProcess;
  readonly folder: string;
  readonly output: readonly string[];
  readonly program: readonly [program: string, settings: readonly string[]];
}

/** A server of the real program in the profile `test`, which keeps nothing, and whose clock goes when it is told to. */
export class RealServer {
  readonly url: string;
  /** The secret by which services follow revocations. */
  readonly feedToken: string;
  /** The clock that clients and verifiers of this server are to have: it moves with the server's. */
  readonly clock = new VirtualClock();
  /** An administrator's door: not signed in, with the server's clock. */
  readonly client: AuthClient;
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #output: readonly string[];
  readonly #program: readonly [program: string, settings: readonly string[]];

  /** @internal */
  constructor({ url, feedToken, child, folder, output, program }: RealServerParts) {
    this.url = url;
    this.feedToken = feedToken;
    this.#process = child;
    this.#folder = folder;
    this.#output = output;
    this.#program = program;
    this.client = this.connect();
  }

  /** Another client of this server. */
  connect(options: AuthClientOptions = {}): AuthClient {
    return new AuthClient(this.url, { clock: this.clock, ...options });
  }

  /** Lets time pass here and there, as `30 days`, in steps if told so. */
  async advance(length: string, step?: string): Promise<void> {
    const before = await this.client.testing.clock();
    const after = await this.client.testing.advanceClock(length, step === undefined ? {} : { step });
    this.clock.advance((after.aheadSeconds - before.aheadSeconds) * 1000);
  }

  /** Makes the first super administrator by the link that the server printed, and signs them in. */
  async createSuperAdmin(email: string, password: string): Promise<AuthClient> {
    const link = /https?:\/\/\S*\/setup\?token=(\S+)/.exec(this.#output.join(""));
    if (!link?.[1]) throw new Error("The server printed no link for the first administrator");
    const answer = await fetch(`${this.url}/setup`, {
      method: "POST",
      headers: { Origin: this.url },
      body: new URLSearchParams({ token: link[1], email, password }),
    });
    if (answer.status !== 201) throw new Error(`The first administrator was refused with ${answer.status}`);
    const client = this.connect();
    await client.auth.login({ email, password });
    return client;
  }

  /** Runs a command of the program beside the server, as `["keys", "rotate"]`; only with a database that is a file. */
  async command(...given: readonly string[]): Promise<string> {
    const { execFile } = builtin<typeof import("node:child_process")>("node:child_process");
    const [program, settings] = this.#program;
    return new Promise((resolve, reject) => {
      execFile(program, [...given, ...settings], { cwd: this.#folder }, (error, output, told) => {
        if (error) reject(new Error(`${given.join(" ")}: ${told || error.message}`));
        else resolve(output);
      });
    });
  }

  /** Ends the server and removes its folder. */
  async stop(): Promise<void> {
    const { rmSync } = builtin<typeof import("node:fs")>("node:fs");
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = new Promise((resolve) => this.#process.once("exit", resolve));
      this.#process.kill("SIGTERM");
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Starts the real program and waits until it is ready. Node, Deno and Bun only. */
export async function startServer(options: RealServerOptions = {}): Promise<RealServer> {
  const { spawn } = builtin<typeof import("node:child_process")>("node:child_process");
  const { mkdtempSync, rmSync } = builtin<typeof import("node:fs")>("node:fs");
  const { tmpdir } = builtin<typeof import("node:os")>("node:os");
  const folder = mkdtempSync(`${tmpdir()}/ntt-auth-test-`);
  const settings: Readonly<Record<string, string | number | boolean>> = {
    ...DEFAULTS,
    "http.listen": options.listen ?? "127.0.0.1:0",
    data_dir: `${folder}/data`,
    ...options.settings,
  };
  const set = Object.entries(settings).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
  const program = options.binary ?? process.env.NTT_AUTH_BIN ?? "ntt-auth";
  const common = ["--profile", "test", ...set];
  const child = spawn(program, ["serve", ...common], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    const url = await new Promise<string>((resolve, reject) => {
      const fail = (why: string): void =>
        reject(new Error(`${program}: ${why}\n${output.slice(-20).join("")}`));
      timer = setTimeout(() => fail("did not become ready"), START_UP);
      const read = (chunk: Buffer): void => {
        output.push(chunk.toString());
        const ready = /ready on (https?:\/\/\S+)/.exec(output.join(""));
        if (ready?.[1]) resolve(ready[1]);
      };
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.once("error", (error) => fail(error.message));
      child.once("exit", (code) => fail(`ended with ${code}`));
    });
    const feedToken = String(settings["revocations.feed_token"]);
    return new RealServer({ url, feedToken, child, folder, output, program: [program, common] });
  } catch (error) {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

// By name, so that bundles for browsers hold nothing of it.
function builtin<Module>(name: string): Module {
  return process.getBuiltinModule(name) as Module;
}
