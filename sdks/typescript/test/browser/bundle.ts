import { readdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import { type Browser, chromium } from "playwright-core";

const ROOT = process.cwd();

async function bundle(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: ROOT, loader: "ts" },
    bundle: true,
    // The package promises to have no side effects; tests are nothing else.
    ignoreAnnotations: true,
    write: false,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"test"', global: "globalThis" },
    banner: { js: "globalThis.IS_REACT_ACT_ENVIRONMENT = true;" },
    alias: { "@jest/globals": join(ROOT, "test/browser/globals.ts") },
    logLevel: "error",
  });
  return outputFiles[0]?.text ?? "";
}

/** The suites that need nothing of Node, as one script. */
export function suites(): Promise<string> {
  const files = ["contract", "unit"].flatMap((folder) =>
    readdirSync(join(ROOT, "test", folder))
      .filter((name) => /\.test\.tsx?$/.test(name))
      .map((name) => `import "./test/${folder}/${name}";`),
  );
  return bundle(files.join("\n"));
}

/** The library, as `globalThis.library`. */
export function library(): Promise<string> {
  return bundle('import * as library from "./src/index.ts"; globalThis.library = library;');
}

/** A site that serves a page with a script, at every path. */
export async function site(script: string): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const isScript = request.url === "/script.js";
    response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html; charset=utf-8");
    response.end(isScript ? script : '<!doctype html><body><script type="module" src="/script.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  return { url: `http://localhost:${port}`, close };
}

/** The system's Chromium. */
export function launch(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
}
