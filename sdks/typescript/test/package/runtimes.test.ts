import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { build } from "esbuild";
import { PASSWORD, realServer } from "../support/real.js";

const HERE = "test/package/runtimes";
const EMAIL = "ada@example.com";
const server = realServer();
const run = promisify(execFile);

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

describe("the built package runs", () => {
  beforeAll(async () => {
    await server().client.auth.register({ email: EMAIL, password: PASSWORD });
  });

  const given = (): string[] => [server().url, server().feedToken, EMAIL, PASSWORD];

  test.each([
    ["Node", process.execPath, []],
    ["Deno", "node_modules/.bin/deno", ["run", "--quiet", "--allow-all", "--no-lock"]],
    ["Bun", "node_modules/.bin/bun", ["run"]],
  ])(
    "in %s",
    async (_, program, options) => {
      const { stdout } = await run(program, [...options, `${HERE}/main.mjs`, ...given()], {
        timeout: 50_000,
      });
      expect(stdout).toBe("ok");
    },
    60_000,
  );

  test("in workers", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ntt-worker-"));
    const port = await freePort();
    await build({
      entryPoints: [`${HERE}/worker.mjs`],
      bundle: true,
      format: "esm",
      conditions: ["workerd", "worker"],
      outfile: join(folder, "worker.js"),
    });
    writeFileSync(
      join(folder, "config.capnp"),
      `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (modules = [(name = "worker", esModule = embed "worker.js")], compatibilityDate = "2026-01-01")),
    (name = "internet", network = (allow = ["local", "private", "public"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);`,
    );
    const worker = spawn("node_modules/.bin/workerd", ["serve", join(folder, "config.capnp")]);
    const told: string[] = [];
    worker.stderr.on("data", (chunk: Buffer) => told.push(chunk.toString()));
    try {
      const body = JSON.stringify(given());
      const ask = (): Promise<Response | null> =>
        fetch(`http://127.0.0.1:${port}/`, { method: "POST", body }).catch(() => null);
      let answer = await ask();
      while (answer === null && worker.exitCode === null) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        answer = await ask();
      }
      expect(`${await answer?.text()}${told.join("")}`).toBe("ok");
    } finally {
      worker.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);
});
