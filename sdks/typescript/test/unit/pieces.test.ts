import { describe, expect, test } from "@jest/globals";
import { systemClock } from "../../src/core/clock.js";
import { lazy } from "../../src/core/lazy.js";
import { events } from "../../src/core/sse.js";
import { AuthClient, NetworkError } from "../../src/index.js";
import { decode } from "../../src/server/base64url.js";
import { strictObject } from "../../src/server/json.js";
import { RevokedSet } from "../../src/server/revoked.js";
import { fingerprint, LeastRecentlyUsed } from "../../src/server/token_cache.js";
import { FakeAuthClient } from "../../src/testing/index.js";
import { settle } from "../support/fake_clock.js";

const octets = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

describe("JSON, read strictly", () => {
  test.each(['{"a":1}', '{"a":{"b":[1,{"a":2}]},"b":"a\\"}:"}', "{}"])("%s is an object", (text) => {
    expect(strictObject(octets(text))?.members).toEqual(JSON.parse(text));
  });

  test.each([
    '{"a":1,"a":2}',
    '{"b":{"a":1,"\\u0061":2}}',
    "[]",
    "null",
    "7",
    '"a"',
    "{",
    "{}{}",
    "\u{feff}{}",
  ])("%s is none", (text) => expect(strictObject(octets(text))).toBeNull());

  test("numbers are told apart as they are written", () => {
    const { numbers } = strictObject(octets('{"a":1,"b":1.0,"c":{"a":2},"d":[3],"e":1e3}')) ?? {};
    expect([...(numbers ?? [])]).toEqual([
      ["a", "1"],
      ["b", "1.0"],
      ["e", "1e3"],
    ]);
  });

  test("octets that are no UTF-8, and nesting without end, are refused", () => {
    expect(strictObject(Uint8Array.of(0x7b, 0xff, 0x7d))).toBeNull();
    expect(strictObject(octets(`{"a":${"[".repeat(200)}${"]".repeat(200)}}`))).toBeNull();
  });
});

describe("base64url", () => {
  test.each(["", "Zg", "Zm8", "Zm9v", "-_-_"])("%p is read", (text) => expect(decode(text)).not.toBeNull());
  test.each(["Z", "Zh", "Zm9=", "Zm9v=", "Zm 9", "Zm+v", "Zm9vZ"])("%p is refused", (text) => {
    expect(decode(text)).toBeNull();
  });
});

describe("what is remembered", () => {
  test("stays within bounds, the longest unused going first", () => {
    const values = new LeastRecentlyUsed<number>(2);
    values.set("a", 1);
    values.set("b", 2);
    values.get("a");
    values.set("c", 3);
    expect([values.get("a"), values.get("b"), values.get("c"), values.size]).toEqual([1, undefined, 3, 2]);
    values.delete("a");
    expect(values.size).toBe(1);
    const none = new LeastRecentlyUsed<number>(0);
    none.set("a", 1);
    expect(none.get("a")).toBeUndefined();
  });

  test("is found by a digest", async () => {
    expect(await fingerprint("abc")).toBe("ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
  });

  test("a revocation whose time cannot be read, or of an unknown kind, is passed over", () => {
    const revoked = new RevokedSet();
    revoked.add({ kind: "session", sessionId: "s", expiresAt: "soon" });
    revoked.add({ kind: "user", userId: "u", expiresAt: "2030-01-01T00:00:00Z" });
    expect(revoked.size).toBe(0);
    revoked.add({ kind: "session", sessionId: "s", expiresAt: "2030-01-01T00:00:00Z" });
    revoked.forget(Date.parse("2030-01-01T00:00:00Z"));
    expect(revoked.size).toBe(0);
  });
});

describe("a stream of events", () => {
  const stream = (...pieces: readonly string[]): ReadableStream<Uint8Array> =>
    new ReadableStream({
      start(controller) {
        for (const piece of pieces) controller.enqueue(octets(piece));
        controller.close();
      },
    });

  test("is read however it is cut", async () => {
    const text =
      "event: a\r\nid: 1\r\ndata: {\r\ndata: }\r\n\r\ndata:x\n\n: comment\n\nretry: 7\rdata\r\rdata: cut off";
    const whole = [];
    for await (const event of events(stream(text))) whole.push(event);
    expect(whole).toEqual([
      { event: "a", id: "1", data: "{\n}" },
      { event: "message", id: null, data: "x" },
      { event: "message", id: null, data: "", retry: 7 },
    ]);
    const letters = [];
    for await (const event of events(stream(...text))) letters.push(event);
    expect(letters).toEqual(whole);
  });

  test("ends when its signal is aborted", async () => {
    const stop = new AbortController();
    const read = (async () => {
      for await (const _ of events(new ReadableStream(), stop.signal)) break;
    })();
    await settle();
    stop.abort(new Error("enough"));
    await expect(read).rejects.toThrow("enough");
  });
});

describe("a noun that is fetched when it is needed", () => {
  test("is fetched once, and again after a failure", async () => {
    let loads = 0;
    const noun = lazy(async () => {
      loads += 1;
      if (loads === 1) throw new Error("offline");
      return { read: async () => 7 };
    });
    await expect(noun.read()).rejects.toThrow("offline");
    expect([await noun.read(), await noun.read(), loads]).toEqual([7, 7, 2]);
    expect(await noun).toBe(noun);
    expect(JSON.stringify(noun)).toBe("{}");
  });
});

describe("the machine's clock", () => {
  test("waits, and stops waiting when it is told to", async () => {
    await systemClock.sleep(1);
    const stop = new AbortController();
    const waiting = systemClock.sleep(60_000, stop.signal);
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await expect(systemClock.sleep(1, stop.signal)).rejects.toThrow("enough");
    expect(systemClock.now()).toBeGreaterThan(1_700_000_000_000);
    expect(systemClock.monotonic()).toBeLessThanOrEqual(systemClock.monotonic());
    let called = false;
    systemClock.after(60_000, () => {
      called = true;
    })();
    expect(called).toBe(false);
  });
});

describe("a call", () => {
  test("ends when its signal is aborted, with the signal's reason", async () => {
    const client = new FakeAuthClient();
    client.server.failNext("timeout");
    const stop = new AbortController();
    const call = client.auth.passwordPolicy({ signal: stop.signal });
    await settle();
    stop.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
    await expect(client.auth.documents({ signal: stop.signal })).rejects.toThrow("enough");
  });

  test("refuses an id that would lead elsewhere", async () => {
    const client = new FakeAuthClient();
    for (const id of ["", ".", ".."]) await expect(client.users.read(id)).rejects.toThrow(TypeError);
  });

  test("with a body that is read as it is sent is not sent twice", async () => {
    let sent = 0;
    const client = new AuthClient("http://auth.test", {
      accessToken: "token",
      fetch: async () => {
        sent += 1;
        throw new TypeError("fetch failed", { cause: { code: "ECONNREFUSED" } });
      },
    });
    const rows = new ReadableStream<Uint8Array>();
    await expect(client.users.importUsers(rows, { format: "jsonl" })).rejects.toThrow(NetworkError);
    expect(sent).toBe(1);
  });

  test("takes the platform's own fetch", async () => {
    const kept = globalThis.fetch;
    try {
      globalThis.fetch = async () => Response.json({ status: "ok", timestamp: "", version: "1" });
      expect(await new AuthClient("http://auth.test/").system.live()).toMatchObject({ status: "ok" });
    } finally {
      globalThis.fetch = kept;
    }
  });
});
