// For Deno and Bun, and Node itself.
import process from "node:process";
import { smoke } from "./smoke.mjs";

const [url, feedToken, email, password] = process.argv.slice(2);
process.stdout.write(await smoke(url, feedToken, email, password));
