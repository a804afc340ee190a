import { type CryptoKey, importJWK, type JWK } from "jose";
import { type Head, parsed, unexpected } from "../core/answer.js";
import type { Clock } from "../core/clock.js";
import type { Transport } from "../core/transport.js";
import type { JsonWebKeySet } from "../core/types.js";

/** A public key, and the one algorithm that it is for. */
export interface VerifyingKey {
  readonly algorithm: string;
  readonly key: CryptoKey;
}

const PRIVATE = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
const LIFE = 900_000;
const LONGEST_LIFE = 86_400_000;
/** Keys are not believed any more so long after their time. */
const GRACE = 86_400_000;
/** How often the server is asked at most, however short the keys live and however many unknown names of keys strangers invent. */
const COOLDOWN = 10_000;

/** The server's public keys: fetched once, kept as long as the server says, and fetched again for a `kid` that is new. */
export class KeySet {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #algorithms: ReadonlySet<string>;
  #keys: ReadonlyMap<string, VerifyingKey> | null = null;
  #fetched: Instant;
  #life = 0;
  #failed: Instant | null = null;
  #unknown: { readonly asked: Instant; readonly failure: unknown } | null = null;
  #fetching: Promise<void> | null = null;

  constructor(transport: Transport, clock: Clock, algorithms: readonly string[]) {
    this.#transport = transport;
    this.#clock = clock;
    this.#algorithms = new Set(algorithms);
    this.#fetched = instant(clock);
  }

  /** Whether the keys need not be asked for before a token is judged. */
  get fresh(): boolean {
    if (!this.#keys) return false;
    const age = this.#since(this.#fetched);
    return (
      age < this.#life || (this.#failed !== null && age < this.#life + GRACE && this.#cooling(this.#failed))
    );
  }

  /** Whether this key was there when the server was last asked. */
  has(kid: string): boolean {
    return this.#keys?.has(kid) ?? false;
  }

  /** Asks for the keys unless they are fresh, and tells whether it has. Rejects only if there are none that may still be used. */
  async refresh(): Promise<boolean> {
    if (this.fresh) return false;
    try {
      await this.#fetch();
      return true;
    } catch (error) {
      // A server that is away for a while must not take its services with it.
      if (!this.#keys || this.#since(this.#fetched) >= this.#life + GRACE) throw error;
      this.#failed = instant(this.#clock);
      return false;
    }
  }

  /** The key of this name, or `null` if the server has none. Rejects if that cannot be said. */
  async find(kid: string): Promise<VerifyingKey | null> {
    const asked = await this.refresh();
    if (!asked && !this.has(kid)) await this.#look();
    return this.#keys?.get(kid) ?? null;
  }

  async #look(): Promise<void> {
    if (this.#fetching) return this.#fetching;
    if (!this.#unknown || !this.#cooling(this.#unknown.asked)) {
      const asked = instant(this.#clock);
      this.#unknown = { asked, failure: null };
      try {
        await this.#fetch();
      } catch (failure) {
        this.#unknown = { asked, failure };
      }
    }
    if (this.#unknown.failure) throw this.#unknown.failure;
  }

  #cooling(since: Instant): boolean {
    return this.#since(since) < COOLDOWN;
  }

  /** By whichever clock is ahead: one that nobody sets may stand still while the machine sleeps. */
  #since({ wall, monotonic }: Instant): number {
    return Math.max(this.#clock.now() - wall, this.#clock.monotonic() - monotonic);
  }

  #fetch(): Promise<void> {
    this.#fetching ??= this.#ask().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  async #ask(): Promise<void> {
    const answer = await this.#transport.send(
      {
        operation: "system.jwks",
        method: "GET",
        path: "/.well-known/jwks.json",
        repeatable: true,
      },
      null,
      readKeys,
    );
    this.#keys = await this.#usable(answer.set);
    this.#fetched = instant(this.#clock);
    this.#life = Math.max(answer.life, COOLDOWN);
    this.#failed = null;
  }

  async #usable(set: JsonWebKeySet): Promise<Map<string, VerifyingKey>> {
    const keys = new Map<string, VerifyingKey>();
    for (const jwk of set.keys) {
      const { kid, alg, use = "sig", key_ops: operations = ["verify"] } = jwk;
      const usable = kid && alg && this.#algorithms.has(alg) && use === "sig";
      const verifies = Array.isArray(operations) && operations.includes("verify");
      if (!usable || !verifies || PRIVATE.some((member) => member in jwk)) continue;
      // One strange key must not hide the others.
      const key = await importJWK(jwk as JWK, alg).catch(() => null);
      if (key && !(key instanceof Uint8Array)) keys.set(kid, { algorithm: alg, key });
    }
    return keys;
  }
}

interface Instant {
  readonly wall: number;
  readonly monotonic: number;
}

function instant(clock: Clock): Instant {
  return { wall: clock.now(), monotonic: clock.monotonic() };
}

interface KeysAnswer {
  readonly set: JsonWebKeySet;
  /** For how long the server says that they hold, in milliseconds. */
  readonly life: number;
}

async function readKeys(response: Response, head: Head): Promise<KeysAnswer> {
  const seconds = /(?:^|[\s,])max-age=(\d+)/i.exec(head.headers.get("cache-control") ?? "")?.[1];
  const life = seconds === undefined ? LIFE : Math.min(Number(seconds) * 1000, LONGEST_LIFE);
  const set = parsed(await response.text());
  if (!Array.isArray(set?.keys)) throw unexpected(head, "A JWK Set was expected.");
  return { set: { keys: set.keys.filter((key) => typeof key === "object" && key !== null) }, life };
}
