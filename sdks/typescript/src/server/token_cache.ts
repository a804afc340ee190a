/** Remembers so many values, those longest unused going first. */
export class LeastRecentlyUsed<Value> {
  readonly #values = new Map<string, Value>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: string): Value | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    this.#values.delete(key);
    this.#values.set(key, value);
    return value;
  }

  set(key: string, value: Value): void {
    this.#values.delete(key);
    if (this.#values.size >= this.#capacity) {
      const [oldest] = this.#values.keys();
      if (oldest !== undefined) this.#values.delete(oldest);
    }
    if (this.#capacity > 0) this.#values.set(key, value);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }
}

interface NodeCrypto {
  createHash(algorithm: string): { update(text: string): { digest(encoding: "base64"): string } };
}

const node = (
  globalThis as { process?: { getBuiltinModule?: (name: string) => NodeCrypto | undefined } }
).process?.getBuiltinModule?.("node:crypto");

/** The SHA-256 of a token, by which it is remembered: what is in memory opens nothing. */
export const fingerprint: (token: string) => string | Promise<string> = node
  ? // At once, where WebCrypto would take a turn of the event loop.
    (token) => node.createHash("sha256").update(token).digest("base64")
  : async (token) => {
      const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
      return btoa(String.fromCharCode(...new Uint8Array(digest)));
    };
