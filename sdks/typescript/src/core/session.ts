import type { ServerTime } from "./clock.js";
import {
  AuthenticationError,
  attributed,
  NetworkError,
  type NttAuthError,
  PermissionDeniedError,
  SessionExpiredError,
} from "./errors.js";
import type { Lock } from "./lock.js";
import { refused, type TokenMissingError } from "./problems.js";
import type { Slot, StoredSession } from "./storage.js";
import type { SessionEvent, TabChannel, TabMessage } from "./tabs.js";
import type { Tokens, User } from "./types.js";

/** A session as it is shown: no tokens. The same object until something changes. */
export interface SessionState {
  /** `loading` until the storage was read. */
  readonly status: "loading" | "signed_in" | "signed_out";
  readonly user: User | null;
  readonly sessionId: string | null;
}

/** What a session needs of the client that it belongs to. */
export interface SessionParts {
  readonly slot: Slot;
  readonly lock: Lock;
  readonly time: ServerTime;
  readonly channel: TabChannel | null;
  /** Whether the refresh token is in a cookie, which all tabs share. */
  readonly cookie: boolean;
  /** An access token to act with in place of a session. */
  readonly given?: string;
  /** Asks the server for the successors of these tokens. */
  readonly rotate: (stored: Pick<StoredSession, "refreshToken" | "csrfToken">) => Promise<Tokens>;
}

export type SessionListener = (event: SessionEvent) => void;

const LOADING: SessionState = { status: "loading", user: null, sessionId: null };
const SIGNED_OUT: SessionState = { status: "signed_out", user: null, sessionId: null };
const EARLIEST = 60_000;

/** Who is signed in with this client, and the keeper of their tokens. */
export class Session {
  readonly #parts: SessionParts;
  readonly #listeners = new Set<SessionListener>();
  readonly #watchers = new Set<() => void>();
  #state = LOADING;
  #refreshing: Promise<StoredSession> | null = null;

  /** @internal */
  constructor(parts: SessionParts) {
    this.#parts = parts;
    parts.channel?.addEventListener("message", ({ data }) => void this.#heard(data));
  }

  /** What there is to show, at once; for React's `useSyncExternalStore`. */
  get state(): SessionState {
    return this.#state;
  }

  /** Who is signed in, as far as the storage was read. */
  get user(): User | null {
    return this.#state.user;
  }

  /** Has `listener` told of every change, until what is returned is called. Tabs tell each other. */
  readonly subscribe = joining(this.#listeners);

  /** Has `listener` called whenever {@link Session.state} is another, until what is returned is called. */
  readonly watch = joining(this.#watchers);

  /** Finds out who was signed in when the page was left, and still is: by the storage, or in browser mode by the cookie. */
  async restore(): Promise<SessionState> {
    const { cookie, lock, slot, rotate } = this.#parts;
    const csrfToken = cookie ? csrfCookie() : undefined;
    if (csrfToken && !(await slot.load())) {
      await lock(async () => {
        if (await slot.load()) return;
        await this.#keep(this.#record(await rotate({ csrfToken })), "signed_in");
      }).catch((error: unknown) => {
        this.#show(null);
        if (!(error instanceof AuthenticationError || error instanceof PermissionDeniedError)) throw error;
      });
    }
    await this.stored();
    return this.#state;
  }

  /** Takes up tokens that were handed out elsewhere, as `auth.login` does with its answer. */
  async accept(tokens: Tokens): Promise<void> {
    await this.#keep(this.#record(tokens), "signed_in");
  }

  /** An access token that is good for a while yet, refreshed if need be; for requests to services of one's own. */
  async accessToken(): Promise<string> {
    return this.tokenFor("session.access_token");
  }

  /** @internal */
  async stored(): Promise<StoredSession | null> {
    const stored = await this.#parts.slot.load();
    this.#show(stored);
    return stored;
  }

  /** @internal */
  async hasToken(): Promise<boolean> {
    return this.#parts.given !== undefined || (await this.stored()) !== null;
  }

  /** @internal */
  async storedFor(operation: string): Promise<StoredSession> {
    const stored = await this.stored();
    if (!stored) throw missing(operation);
    return stored;
  }

  /** @internal A token for an operation, or the error that says nobody is signed in. */
  async tokenFor(operation: string): Promise<string> {
    const { given } = this.#parts;
    if (given !== undefined) return given;
    const stored = await this.storedFor(operation);
    const left = stored.expiresAt - this.#parts.time.now();
    if (left > Math.min(EARLIEST, stored.lifetime / 5)) return stored.accessToken;
    try {
      return (await this.refresh(stored, operation)).accessToken;
    } catch (error) {
      // It was only to be refreshed early.
      if (stored.expiresAt > this.#parts.time.now() && isPassing(error)) return stored.accessToken;
      throw error;
    }
  }

  /** @internal The token to try again with after `refused` was refused; `null` if nobody is signed in any more. */
  async tokenAfter(refused: string, operation: string): Promise<string | null> {
    if (refused === this.#parts.given) return null;
    const stored = await this.stored();
    if (!stored) return null;
    if (stored.accessToken !== refused) return stored.accessToken;
    return (await this.refresh(stored, operation)).accessToken;
  }

  /** @internal Exchanges the tokens, once for all who ask meanwhile. */
  async refresh(stale: StoredSession, operation: string): Promise<StoredSession> {
    this.#refreshing ??= this.#parts
      .lock(() => this.#rotate(stale, operation))
      .finally(() => {
        this.#refreshing = null;
      });
    try {
      return await this.#refreshing;
    } catch (error) {
      throw attributed(error, operation);
    }
  }

  /** @internal */
  async drop(event: "signed_out" | "session_expired"): Promise<void> {
    const { sessionId } = this.#state;
    await this.#parts.slot.clear();
    this.#show(null);
    this.#tell({ event, stored: null, sessionId });
  }

  /** @internal Keeps what was learnt of the user, if it is the one who is signed in. */
  async keepUser(user: User): Promise<void> {
    const { lock, slot } = this.#parts;
    const known = (stored: StoredSession | null): boolean =>
      stored?.user.userId !== user.userId || JSON.stringify(stored.user) === JSON.stringify(user);
    if (known(await slot.load())) return;
    // Nobody else may refresh meanwhile, whose tokens would be written over.
    await lock(async () => {
      const stored = await slot.load();
      if (stored && !known(stored)) await this.#keep({ ...stored, user }, "user_changed");
    });
  }

  /** @internal The storage was changed by another tab. */
  async reload(): Promise<void> {
    const before = this.#state;
    const stored = await this.stored();
    if (before.sessionId === (stored?.sessionId ?? null)) return;
    for (const listener of this.#listeners) listener(stored ? "signed_in" : "signed_out");
  }

  async #rotate(stale: StoredSession, operation: string): Promise<StoredSession> {
    const { slot } = this.#parts;
    const current = await this.storedFor(operation);
    if (current.accessToken !== stale.accessToken) return current;
    let tokens: Tokens;
    try {
      tokens = await this.#parts.rotate(current);
    } catch (error) {
      if (!(error instanceof SessionExpiredError)) throw error;
      const other = await slot.load();
      if (other && !same(other, current)) return other;
      await this.drop("session_expired");
      throw error;
    }
    const other = await slot.load();
    // Whoever signed out or in meanwhile had the last word.
    if (!other) throw missing(operation);
    if (!same(other, current)) return other;
    const next = this.#record(tokens, current);
    await this.#keep(next, "refreshed");
    return next;
  }

  #record(tokens: Tokens, before?: StoredSession): StoredSession {
    const { accessToken, refreshToken, sessionId, user } = tokens;
    const csrfToken = tokens.csrfToken ?? before?.csrfToken;
    const now = this.#parts.time.now();
    return {
      accessToken,
      ...(refreshToken !== undefined && { refreshToken }),
      ...(csrfToken !== undefined && { csrfToken }),
      expiresAt: now + tokens.expiresIn * 1000,
      lifetime: tokens.expiresIn * 1000,
      refreshExpiresAt: now + tokens.refreshExpiresIn * 1000,
      sessionId,
      generation: (before?.generation ?? 0) + 1,
      user,
    };
  }

  async #keep(stored: StoredSession, event: SessionEvent): Promise<void> {
    await this.#parts.slot.save(stored);
    this.#show(stored);
    this.#tell({ event, stored, sessionId: stored.sessionId });
  }

  #show(stored: StoredSession | null): void {
    const { user, sessionId } = stored ?? SIGNED_OUT;
    const state: SessionState = stored ? { status: "signed_in", user, sessionId } : SIGNED_OUT;
    if (JSON.stringify(state) === JSON.stringify(this.#state)) return;
    this.#state = state;
    for (const watcher of this.#watchers) watcher();
  }

  #tell(message: TabMessage): void {
    this.#parts.channel?.postMessage(message);
    for (const listener of this.#listeners) listener(message.event);
  }

  async #heard({ event, stored, sessionId }: TabMessage): Promise<void> {
    const { slot, cookie } = this.#parts;
    const before = this.#state.sessionId;
    const mine = await slot.load();
    const same = mine?.sessionId === sessionId;
    // Tabs that keep tokens apart follow the one session that they share: by its cookie, or as copies of one tab. A message that
    // comes late must not bring used tokens back.
    if (stored && (same ? stored.generation > mine.generation : cookie)) await slot.save(stored);
    else if (!stored && same) await slot.clear();
    const after = await this.stored();
    const changed = before !== (after?.sessionId ?? null);
    if (changed || (after && after.sessionId === sessionId))
      for (const listener of this.#listeners) listener(event);
  }
}

/** Adds to a set, and gives how to be taken out of it again. */
function joining<Member>(members: Set<Member>): (member: Member) => () => void {
  return (member) => {
    members.add(member);
    return () => void members.delete(member);
  };
}

function same(one: StoredSession, other: StoredSession): boolean {
  return one.accessToken === other.accessToken && one.refreshToken === other.refreshToken;
}

function isPassing(error: unknown): boolean {
  const status = (error as NttAuthError).status ?? 0;
  return error instanceof NetworkError || status === 408 || status === 429 || status >= 500;
}

function missing(operation: string): TokenMissingError {
  return refused("token_missing", operation, "Nobody is signed in");
}

/** The `csrfToken` of browser mode, which pages of the server's origin can read. */
function csrfCookie(): string | undefined {
  return /(?:^|; )__Host-ntt_csrf=([^;]+)/.exec(globalThis.document?.cookie ?? "")?.[1];
}
