import type { Awaitable, User } from "./types.js";

/**
 * Where a session is kept: `localStorage`, `sessionStorage`, React Native's `AsyncStorage`, or whatever gives and takes texts by
 * name, at once or with a promise. What is kept holds tokens: whoever can read it is signed in.
 */
export interface SessionStorage {
  getItem(key: string): Awaitable<string | null>;
  setItem(key: string, value: string): Awaitable<unknown>;
  removeItem(key: string): Awaitable<unknown>;
}

/** Keeps a session in memory: it is gone with the page or the process, and nobody else sees it. */
export class MemoryStorage implements SessionStorage {
  readonly #items = new Map<string, string>();

  getItem(key: string): string | null {
    return this.#items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.#items.set(key, value);
  }

  removeItem(key: string): void {
    this.#items.delete(key);
  }
}

/** What is kept of a session. Times are milliseconds since 1970 by the server's clock. */
export interface StoredSession {
  readonly accessToken: string;
  /** Absent in browser mode, where it is in a cookie. */
  readonly refreshToken?: string;
  readonly csrfToken?: string;
  readonly expiresAt: number;
  /** The whole life of the access token, in milliseconds. */
  readonly lifetime: number;
  readonly refreshExpiresAt: number;
  readonly sessionId: string;
  /** How often the session was refreshed here: of two records of one session, the higher one is the newer. */
  readonly generation: number;
  readonly user: User;
}

/** One place in a storage, read and written as JSON. */
export class Slot {
  readonly #storage: SessionStorage;
  readonly #key: string;

  constructor(storage: SessionStorage, key: string) {
    this.#storage = storage;
    this.#key = key;
  }

  async load(): Promise<StoredSession | null> {
    const text = await this.#storage.getItem(this.#key);
    if (!text) return null;
    try {
      const stored = JSON.parse(text) as StoredSession | null;
      return typeof stored?.accessToken === "string" ? stored : null;
    } catch {
      // Somebody else's text under our name is no session.
      return null;
    }
  }

  async save(stored: StoredSession): Promise<void> {
    await this.#storage.setItem(this.#key, JSON.stringify(stored));
  }

  async clear(): Promise<void> {
    await this.#storage.removeItem(this.#key);
  }

  get device(): Awaitable<string | null> {
    return this.#storage.getItem(`${this.#key}:device`);
  }

  async keepDevice(token: string): Promise<void> {
    await this.#storage.setItem(`${this.#key}:device`, token);
  }
}
