import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

const folder = mkdtempSync(join(tmpdir(), "ntt-packed-"));
const run = (program: string, given: readonly string[], cwd = folder): string =>
  execFileSync(program, given, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

const TSC = resolve("node_modules/typescript-native/bin/tsc");

describe("what is published", () => {
  let files: readonly string[] = [];

  beforeAll(() => {
    const pack = (from: string): { filename: string; files: { path: string }[] } =>
      JSON.parse(
        run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], resolve(from)),
      )[0];
    const own = pack(".");
    files = own.files.map(({ path }) => path);
    writeFileSync(join(folder, "package.json"), '{"name":"empty","private":true}');
    // From here, so that no registry is needed; who installs the package gets jose with it.
    const jose = pack("node_modules/jose").filename;
    run("npm", [
      "install",
      "--offline",
      "--legacy-peer-deps",
      "--no-audit",
      "--no-fund",
      `./${jose}`,
      `./${own.filename}`,
    ]);
  }, 120_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("is the code, its types and sources, and the licences, and nothing else", () => {
    expect(files).toContain("dist/index.js");
    expect(
      files.filter((path) => !/^(dist|src)\/|^(README\.md|LICENSE-\w+|package\.json)$/.test(path)),
    ).toEqual([]);
    expect(existsSync(join(folder, "node_modules/express"))).toBe(false);
  });

  test("works in an empty project", () => {
    const script = `
      import { AuthClient, VERSION } from "ntt-auth-client";
      import { TokenVerifier } from "ntt-auth-client/server";
      import { FakeAuthClient } from "ntt-auth-client/testing";
      import "ntt-auth-client/express"; import "ntt-auth-client/fastify"; import "ntt-auth-client/hono";
      const client = new FakeAuthClient();
      client.server.addUser({ email: "ada@example.com", password: "Correct-Horse-7-Battery" });
      await client.auth.login({ email: "ada@example.com", password: "Correct-Horse-7-Battery" });
      console.log(VERSION, (await client.me.read()).email, client instanceof AuthClient, new TokenVerifier("http://a").issuer);`;
    writeFileSync(join(folder, "module.mjs"), script);
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    expect(run(process.execPath, ["module.mjs"]).trim()).toBe(`${version} ada@example.com true http://a`);
  });

  test("can be required by CommonJS, and typed there", () => {
    const consumer = join(folder, "commonjs");
    mkdirSync(consumer);
    for (const name of ["package.json", "consumer.cts"])
      copyFileSync(`test/package/commonjs/${name}`, join(consumer, name));
    for (const types of ["@types", "undici-types"]) {
      run("ln", ["-sfn", resolve("node_modules", types), join(folder, "node_modules", types)]);
    }
    const options = [
      "--module",
      "nodenext",
      "--target",
      "es2022",
      "--strict",
      "--types",
      "node",
      "--skipLibCheck",
    ];
    run(process.execPath, [TSC, "--ignoreConfig", ...options, "consumer.cts"], consumer);
    const printed = run(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", "consumer.cjs"],
      consumer,
    );
    expect(printed).toBe("user 2 function");
  }, 60_000);
});

describe("the types of the API", () => {
  test("are those of the OpenAPI document, byte for byte", () => {
    const made = join(folder, "openapi.ts");
    mkdirSync(folder, { recursive: true });
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: { types: string } };
    const [program = "", ...given] = scripts.types.split(" ");
    run(`node_modules/.bin/${program}`, [...given.slice(0, -1), made], resolve("."));
    expect(readFileSync(made, "utf8")).toBe(readFileSync("src/core/openapi.ts", "utf8"));
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);
});
