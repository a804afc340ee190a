import { afterAll, beforeAll } from "@jest/globals";
import { type RealServer, type RealServerOptions, startServer } from "../../src/testing/index.js";

export const PASSWORD = "Correct-Horse-7-Battery";

/** A server for the tests of a file. */
export function realServer(options: RealServerOptions = {}): () => RealServer {
  let server: RealServer | undefined;
  beforeAll(async () => {
    if (!process.env.NTT_AUTH_BIN) throw new Error("NTT_AUTH_BIN must name the server's program");
    server = await startServer(options);
  }, 60_000);
  afterAll(() => server?.stop(), 60_000);
  return () => {
    if (!server) throw new Error("the server was not started");
    return server;
  };
}

/** The value below which so many of a hundred lie. */
export function percentile(values: readonly number[], of: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * of) / 100))] ?? Number.NaN;
}
