import { describe, expect, test } from "@jest/globals";
import { ConflictError, NotFoundError, ValidationError } from "../../src/index.js";
import { FakeAuthClient, FakeServer, FakeVerifier } from "../../src/testing/index.js";
import { FakeClock } from "../support/fake_clock.js";

const PASSWORD = "Correct-Horse-7-Battery";

async function signedIn(role: "user" | "admin" | "super_admin" = "user"): Promise<FakeAuthClient> {
  const client = new FakeAuthClient({ clock: new FakeClock("2026-01-01T12:00:00Z") });
  client.server.addUser({ email: "ada@example.com", password: PASSWORD, role });
  await client.auth.login({ email: "ada@example.com", password: PASSWORD });
  return client;
}

describe("the fake client", () => {
  test("signs up, in and out", async () => {
    const client = new FakeAuthClient();
    await expect(client.auth.register({ email: "ada", password: "short" })).rejects.toMatchObject({
      errors: [{ field: "/email" }, { field: "/password" }],
    });
    await client.auth.register({ email: "ada@example.com", password: PASSWORD });
    const again = client.auth.register({ email: "ada@example.com", password: PASSWORD });
    await expect(again).rejects.toThrow(ValidationError);
    const wrong = client.auth.login({ email: "ada@example.com", password: "Wrong" });
    await expect(wrong).rejects.toMatchObject({ code: "invalid_credentials" });
    await client.auth.login({ email: "ada@example.com", password: PASSWORD, deviceName: "a phone" });
    expect((await client.sessions.list()).items).toMatchObject([{ deviceName: "a phone", current: true }]);
    expect(await client.auth.validate()).toMatchObject({ active: true, role: "user" });
    await client.auth.logout();
    await expect(client.me.read()).rejects.toMatchObject({ code: "token_missing" });
  });

  test("has the account of who is signed in", async () => {
    const client = await signedIn();
    expect((await client.me.update({ firstName: "Ada", phone: null })).firstName).toBe("Ada");
    expect((await client.me.export()).profile.firstName).toBe("Ada");
    expect((await client.me.listConsents()).items).toEqual([]);
    await client.auth.changeEmail({ newEmail: "countess@example.com", currentPassword: PASSWORD });
    const wrong = client.auth.changePassword({ currentPassword: "Wrong", newPassword: "Other-Horse-7" });
    await expect(wrong).rejects.toMatchObject({ code: "invalid_credentials" });
    const other = new FakeAuthClient({ server: client.server });
    await other.auth.login({ email: "ada@example.com", password: PASSWORD });
    await client.auth.changePassword({ currentPassword: PASSWORD, newPassword: "Other-Horse-7" });
    await expect(other.me.read()).rejects.toMatchObject({ code: "refresh_token_invalid" });
    const [session] = (await client.sessions.list()).items;
    await expect(client.sessions.end("0199a6f2-8d41-7e0a-8c3b-6f5e4d3c2b1a")).rejects.toThrow(NotFoundError);
    await client.sessions.end(session?.sessionId ?? "");
    await client.auth.login({ email: "ada@example.com", password: "Other-Horse-7" });
    await client.me.delete();
    expect(client.server.accounts.size).toBe(0);
  });

  test("administers", async () => {
    const client = await signedIn("admin");
    const grace = await client.users.create({ email: "grace@example.com", role: "user", firstName: "Grace" });
    await expect(
      client.users.create({ email: "root@example.com", role: "super_admin" }),
    ).rejects.toMatchObject({
      code: "forbidden",
    });
    const { userId } = grace;
    expect((await client.users.read(userId)).email).toBe("grace@example.com");
    expect((await client.users.update(userId, { lastName: "Hopper" })).lastName).toBe("Hopper");
    expect((await client.users.list({ q: "hopper" })).items).toHaveLength(1);
    const everybody: string[] = [];
    for await (const { email } of client.users.iterate({ limit: 1 })) everybody.push(email ?? "");
    expect(everybody).toEqual(["ada@example.com", "grace@example.com"]);
    const token = client.server.tokenFor(userId);
    await client.users.changeRole(userId, "moderator");
    await expect(client.users.changeRole(userId, "moderator")).rejects.toThrow(ConflictError);
    expect(client.server.access(token)).toMatchObject({ code: "token_revoked" });
    client.server.tokenFor(userId);
    expect((await client.users.listSessions(userId)).items).toHaveLength(2);
    await client.users.suspend(userId);
    await client.users.reactivate(userId);
    await client.users.unlock(userId);
    await client.users.logoutAll(userId);
    await client.users.resetPassword(userId);
    await client.users.delete(userId);
    await expect(client.users.read(userId)).rejects.toThrow(NotFoundError);
    expect((await client.audit.list()).items).toEqual([]);
    expect((await client.system.jwks()).keys).toEqual([]);
    await expect(client.system.backup()).rejects.toMatchObject({ code: "not_found" });
    await expect(client.system.listJobs()).rejects.toMatchObject({ code: "forbidden" });
  });

  test("fails when it is told to", async () => {
    const client = await signedIn();
    client.server.failNext({ code: "rate_limited", status: 429 });
    expect((await client.me.read()).email).toBe("ada@example.com");
    client.server.failNext({ code: "forbidden", status: 403 });
    await expect(client.me.read()).rejects.toMatchObject({ code: "forbidden" });
  });
});

describe("the fake verifier", () => {
  test("judges tokens of its server, and those that a test makes up", async () => {
    const server = new FakeServer();
    const verifier = new FakeVerifier(server, { list_users: ["admin"] });
    const { userId } = server.addUser({ email: "ada@example.com", role: "admin" });
    const principal = await verifier.verify(server.tokenFor(userId));
    expect(principal).toMatchObject({ userId, role: "admin" });
    expect(await verifier.permits(principal, "list_users")).toBe(true);
    const made = await verifier.verify(verifier.tokenFor({ role: "guest" }));
    expect([made.role, await verifier.permits(made, "list_users")]).toEqual(["guest", false]);
    await expect(verifier.verify(verifier.tokenFor({ expiresAt: 1 }))).rejects.toMatchObject({
      code: "token_expired",
    });
    await expect(verifier.verify("another")).rejects.toMatchObject({ code: "token_invalid" });
    const token = server.tokenFor(userId);
    server.revoke({ userId });
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: "token_revoked" });
  });
});
