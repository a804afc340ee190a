import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import * as forExpress from "../../src/express.js";
import * as forFastify from "../../src/fastify.js";
import * as forHono from "../../src/hono.js";
import { NameResolutionError, RevocationsStaleError } from "../../src/index.js";
import type { Principal, Verifies } from "../../src/server/index.js";
import { FakeVerifier } from "../../src/testing/index.js";

/** A verifier that can be made unable to judge. */
class Breakable implements Verifies {
  readonly fake = new FakeVerifier(undefined, { list_users: ["admin"] });
  failure: Error | null = null;

  async verify(token: string): Promise<Principal> {
    if (this.failure) throw this.failure;
    return this.fake.verify(token);
  }

  permits(principal: Principal, action: string): Promise<boolean> {
    return this.fake.permits(principal, action);
  }
}

const verifier = new Breakable();
const told = (principal: Principal | null | undefined): object => ({ user: principal?.userId ?? null });

type Started = readonly [url: string, stop: () => Promise<void>];

async function withExpress(): Promise<Started> {
  const app = express();
  app.get("/user", forExpress.requireUser(verifier), (request, response) => {
    response.json(told(forExpress.principalOf(request)));
  });
  app.get("/optional", forExpress.optionalUser(verifier), (request, response) => {
    response.json(told(request.principal));
  });
  app.get("/role", forExpress.requireRole(verifier, "admin"), (request, response) => {
    response.json(told(request.principal));
  });
  app.get("/scope", forExpress.requireScope(verifier, "billing"), (_, response) => {
    response.json({});
  });
  app.get("/permission", forExpress.requirePermission(verifier, "list_users"), (_, response) => {
    response.json({});
  });
  app.get("/forgotten", (request, response) => {
    response.json(told(forExpress.principalOf(request)));
  });
  const server: Server = app.listen(0);
  await new Promise((resolve) => server.once("listening", resolve));
  const stop = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  return [`http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop];
}

async function withFastify(): Promise<Started> {
  const app = fastify();
  const on = (hook: forFastify.AuthenticationHook): { onRequest: forFastify.AuthenticationHook } => ({
    onRequest: hook,
  });
  app.get("/user", on(forFastify.requireUser(verifier)), async (request) =>
    told(forFastify.principalOf(request)),
  );
  app.get("/optional", on(forFastify.optionalUser(verifier)), async (request) => told(request.principal));
  app.get("/role", on(forFastify.requireRole(verifier, "admin")), async (request) => told(request.principal));
  app.get("/scope", on(forFastify.requireScope(verifier, "billing")), async () => ({}));
  app.get("/permission", on(forFastify.requirePermission(verifier, "list_users")), async () => ({}));
  app.get("/forgotten", async (request) => told(forFastify.principalOf(request)));
  return [await app.listen({ port: 0, host: "127.0.0.1" }), () => app.close()];
}

async function withHono(): Promise<Started> {
  const app = new Hono();
  app.get("/user", forHono.requireUser(verifier), (context) => context.json(told(context.get("principal"))));
  app.get("/optional", forHono.optionalUser(verifier), (context) =>
    context.json(told(context.get("principal"))),
  );
  app.get("/role", forHono.requireRole(verifier, "admin"), (context) =>
    context.json(told(context.get("principal"))),
  );
  app.get("/scope", forHono.requireScope(verifier, "billing"), (context) => context.json({}));
  app.get("/permission", forHono.requirePermission(verifier, "list_users"), (context) => context.json({}));
  app.get("/forgotten", () => {
    throw new Error("There is no requireUser before this handler");
  });
  app.onError((error, context) => context.text(error.message, 500));
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => {
      resolve([`http://127.0.0.1:${port}`, () => new Promise((done) => server.close(() => done()))]);
    });
  });
}

describe.each([
  ["Express", withExpress],
  ["Fastify", withFastify],
  ["Hono", withHono],
])("%s", (_, start) => {
  let url = "";
  let stop: () => Promise<void> = async () => {};

  beforeAll(async () => {
    [url, stop] = await start();
  });

  afterAll(() => stop());

  const get = (path: string, token?: string, scheme = "Bearer"): Promise<Response> =>
    fetch(`${url}${path}`, token === undefined ? {} : { headers: { Authorization: `${scheme} ${token}` } });

  test("lets in who has a good token", async () => {
    const token = verifier.fake.tokenFor({ userId: "ada" });
    expect(await (await get("/user", token)).json()).toEqual({ user: "ada" });
    expect(await (await get("/user", token, "bearer")).json()).toEqual({ user: "ada" });
    expect(await (await get("/optional", token)).json()).toEqual({ user: "ada" });
    expect(await (await get("/optional")).json()).toEqual({ user: null });
  });

  test("asks for a token, and says what is wrong with one", async () => {
    const missing = await get("/user");
    expect([missing.status, missing.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    expect(missing.headers.get("content-type")).toContain("application/problem+json");
    expect(await missing.json()).toMatchObject({ code: "token_missing", status: 401 });
    for (const path of ["/user", "/optional"]) {
      const wrong = await get(path, "another");
      expect([wrong.status, wrong.headers.get("www-authenticate")]).toEqual([
        401,
        'Bearer error="invalid_token"',
      ]);
      expect(await wrong.json()).toMatchObject({ code: "token_invalid" });
    }
    expect((await get("/user", "dXNlcjpwYXNz", "Basic")).status).toBe(401);
  });

  test("lets roles, scopes and permissions in", async () => {
    const user = verifier.fake.tokenFor();
    const admin = verifier.fake.tokenFor({ role: "super_admin" });
    const granted = verifier.fake.tokenFor({ role: "admin", scope: "account billing" });
    const refused = await get("/role", user);
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([
      403,
      'Bearer error="insufficient_scope"',
    ]);
    expect((await get("/role", admin)).status).toBe(200);
    expect([(await get("/scope", user)).status, (await get("/scope", granted)).status]).toEqual([403, 200]);
    expect([(await get("/permission", user)).status, (await get("/permission", granted)).status]).toEqual([
      403, 200,
    ]);
  });

  test("says 503 when it cannot judge, and leaves defects to others", async () => {
    const token = verifier.fake.tokenFor();
    const operation = "verifier.verify";
    const failures = [
      new RevocationsStaleError({ operation, code: "revocations_stale", status: 503, retryAfter: 1 }),
      new NameResolutionError({ operation }),
    ];
    for (const failure of failures) {
      verifier.failure = failure;
      for (const path of ["/user", "/optional"]) {
        const answer = await get(path, token);
        expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
      }
    }
    verifier.failure = new Error("a defect");
    expect((await get("/user", token)).status).toBe(500);
    verifier.failure = null;
    expect((await get("/forgotten", token)).status).toBe(500);
  });
});
