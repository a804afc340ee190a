import { Caller } from "./core/caller.js";
import { type Clock, systemClock } from "./core/clock.js";
import { lazy } from "./core/lazy.js";
import { type Lock, unshared, webLock } from "./core/lock.js";
import { Session } from "./core/session.js";
import { MemoryStorage, type SessionStorage, Slot } from "./core/storage.js";
import { onStorageEvent, openChannel, type TabChannel } from "./core/tabs.js";
import { Transport } from "./core/transport.js";
import type { Audit } from "./resources/audit.js";
import { Auth, rotate } from "./resources/auth.js";
import { Me } from "./resources/me.js";
import type { Revocations } from "./resources/revocations.js";
import { Sessions } from "./resources/sessions.js";
import type { System } from "./resources/system.js";
import type { Testing } from "./resources/testing.js";
import type { Users } from "./resources/users.js";

/** The version of this package. */
export const VERSION = "0.1.0";

/** How a client differs from one without options. */
export interface AuthClientOptions {
  /** Where the session is kept; in memory if left out. */
  readonly storage?: SessionStorage;
  /**
   * `body`: the client holds the refresh token. `cookie`: the server keeps it in a cookie that no script sees (browser mode); the
   * page must be of the server's site.
   */
  readonly mode?: "body" | "cookie";
  /** Tells apart the sessions of several clients in one storage. */
  readonly name?: string;
  /** An access token to act with, such as that of a request; nothing is kept and nothing refreshed. */
  readonly accessToken?: string;
  /** The secret of services that follow revocations. */
  readonly feedToken?: string;
  /** The secret of whoever reads metrics. */
  readonly metricsToken?: string;
  /** How long one try may take, in milliseconds; 10,000 if left out. */
  readonly timeout?: number;
  /** How long a call may take with all its tries, in milliseconds; 30,000 if left out. */
  readonly deadline?: number;
  /** How often a request is sent at most; 3 if left out. */
  readonly tries?: number;
  /** `User-Agent`, where the platform lets it be set. The server knows a client again by it. */
  readonly userAgent?: string;
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
  /** Random numbers from 0 to 1. */
  readonly random?: () => number;
  /** Web Locks, by which tabs share one refresh; `null` for a lease in the storage instead. */
  readonly locks?: Pick<LockManager, "request"> | null;
  /** Opens the channel by which tabs tell each other; `null` for none. */
  readonly channel?: ((name: string) => TabChannel | null) | null;
}

/**
 * A client of an ntt-auth server. Whatever it throws is an {@link NttAuthError}, or the reason of a signal that was aborted.
 *
 * @example
 * ```ts
 * const client = new AuthClient("https://auth.example.com");
 * await client.auth.login({ email, password });
 * const me = await client.me.read();
 * ```
 */
export class AuthClient {
  /** The server's address, without a slash at the end. */
  readonly url: string;
  /** Who is signed in with this client. */
  readonly session: Session;
  readonly auth: Auth;
  readonly sessions: Sessions;
  readonly me: Me;
  readonly users: Users;
  readonly audit: Audit;
  readonly system: System;
  readonly revocations: Revocations;
  readonly testing: Testing;
  readonly #close: () => void;

  constructor(url: string | URL, options: AuthClientOptions = {}) {
    this.url = String(url).replace(/\/+$/, "");
    const { storage = new MemoryStorage(), clock = systemClock, random = Math.random } = options;
    const cookie = options.mode === "cookie";
    const key = `ntt-auth:${options.name ?? this.url}`;
    const transport = new Transport(this.url, {
      fetch: options.fetch ?? ((...request) => globalThis.fetch(...request)),
      clock,
      random,
      timeout: options.timeout ?? 10_000,
      deadline: options.deadline ?? 30_000,
      tries: options.tries ?? 3,
      userAgent: options.userAgent ?? defaultUserAgent(),
      credentials: cookie,
    });
    const shared = cookie || !(storage instanceof MemoryStorage);
    const slot = new Slot(storage, key);
    const channel = shared && options.channel !== null ? (options.channel ?? openChannel)(key) : null;
    this.session = new Session({
      slot,
      lock: shared ? lockOf(options, storage, key, clock, random) : unshared,
      time: transport.time,
      channel,
      cookie,
      rotate: (stored) => rotate(caller, stored, cookie),
      ...(options.accessToken !== undefined && { given: options.accessToken }),
    });
    const { session } = this;
    const caller = new Caller(transport, session);
    const forget = shared && !channel ? onStorageEvent(key, () => void session.reload()) : () => {};
    this.#close = () => {
      channel?.close();
      forget();
    };
    this.auth = new Auth({ caller, session, slot, cookie });
    this.sessions = new Sessions(caller);
    this.me = new Me(caller, session);
    const { metricsToken = null, feedToken = null } = options;
    this.users = lazy(async () => new (await import("./resources/users.js")).Users(caller));
    this.audit = lazy(async () => new (await import("./resources/audit.js")).Audit(caller));
    this.system = lazy(async () => new (await import("./resources/system.js")).System(caller, metricsToken));
    this.revocations = lazy(
      async () => new (await import("./resources/revocations.js")).Revocations(caller, feedToken),
    );
    this.testing = lazy(async () => new (await import("./resources/testing.js")).Testing(caller));
  }

  /** Stops listening to other tabs. The session is kept. */
  close(): void {
    this.#close();
  }
}

function lockOf(
  options: AuthClientOptions,
  storage: SessionStorage,
  key: string,
  clock: Clock,
  random: () => number,
): Lock {
  // Those of Node reach no further than its process, which a storage of one's own may.
  const inBrowser = options.mode === "cookie" || ("Storage" in globalThis && storage instanceof Storage);
  const locks = options.locks === undefined && inBrowser ? globalThis.navigator?.locks : options.locks;
  if (locks) return webLock(locks, key);
  return async (work) => {
    const { leaseLock } = await import("./core/lease.js");
    return leaseLock(storage, `${key}:lease`, clock, random)(work);
  };
}

/** Browsers send their own, and a header more would have to be permitted by the server. */
function defaultUserAgent(): string | null {
  const versions = (globalThis as { process?: { versions?: { node?: string } } }).process?.versions;
  return versions?.node ? `ntt-auth-client-typescript/${VERSION}` : null;
}
