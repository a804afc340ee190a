// What is published: the tarball is looked at by publint and are-the-types-wrong, and the browser entry is weighed.
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const CACHE = ".cache";
const run = (program, ...given) => execFileSync(program, given, { stdio: "inherit" });
const bin = (name) => `node_modules/.bin/${name}`;

rmSync(CACHE, { recursive: true, force: true });
mkdirSync(CACHE);
const [{ filename }] = JSON.parse(
  execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", CACHE], {
    encoding: "utf8",
  }),
);
const tarball = `${CACHE}/${filename}`;

run(bin("publint"), "run", tarball, "--strict");
// Whoever can require() this package can require() modules.
run(bin("attw"), tarball, "--profile", "esm-only");

// What a page loads with its first import; the rest comes when it is called for.
const { outputFiles } = await build({
  entryPoints: ["dist/index.js"],
  bundle: true,
  minify: true,
  write: false,
  format: "esm",
  target: "es2022",
  plugins: [
    {
      name: "later",
      setup(bundler) {
        bundler.onResolve({ filter: /.*/ }, ({ path, kind }) =>
          kind === "dynamic-import" ? { path, external: true } : undefined,
        );
      },
    },
  ],
});
writeFileSync(`${CACHE}/entry.js`, outputFiles[0].contents);
writeFileSync(
  `${CACHE}/.size-limit.json`,
  JSON.stringify([{ name: "browser entry", path: "entry.js", limit: "8 kB", gzip: true }]),
);
execFileSync("../node_modules/.bin/size-limit", { cwd: CACHE, stdio: "inherit" });
