import { compactVerify } from "jose";
import { VERSION } from "../client.js";
import { parsed } from "../core/answer.js";
import { type Clock, systemClock } from "../core/clock.js";
import { AuthenticationError } from "../core/errors.js";
import { refused, type TokenInvalidError } from "../core/problems.js";
import { Transport } from "../core/transport.js";
import type { PermissionMatrix } from "../core/types.js";
import { type Claims, readClaims, readHeader } from "./access_token.js";
import { RevocationFeed } from "./feed.js";
import { KeySet } from "./keys.js";
import type { Principal } from "./principal.js";
import { RevokedSet } from "./revoked.js";
import { fingerprint, LeastRecentlyUsed } from "./token_cache.js";

/** How access tokens are judged. */
export interface TokenVerifierOptions {
  /** For whom tokens must be issued; the server's address if left out, as the server does without `tokens.audience`. */
  readonly audience?: string;
  /** Who must have issued them: the server's `public_url`, if it is reached by another address. */
  readonly issuer?: string;
  /** Algorithms that are allowed: `ES256`, `EdDSA` and `RS256` if left out. */
  readonly algorithms?: readonly ("ES256" | "EdDSA" | "RS256")[];
  /** How far the clocks may differ, in seconds; 5 if left out. */
  readonly leeway?: number;
  /** The secret configured as `revocations.feed_token`. Without it, nothing is known of revocations. */
  readonly feedToken?: string;
  /** How revocations come: by a stream, or asked for again and again where streams do not pass. */
  readonly transport?: "stream" | "poll";
  /** After how many seconds without news of revocations the verifier is stale; 30 if left out. */
  readonly stalenessLimit?: number;
  /** What becomes of good tokens then: refused with 503, asked about one by one, or accepted. */
  readonly onStale?: "refuse" | "ask" | "allow";
  /** How many verified tokens are remembered; 10,000 if left out, 0 for none. */
  readonly cacheSize?: number;
  /** Told of whatever keeps revocations from being followed; goes on by itself. */
  readonly onError?: (error: unknown) => void;
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
  readonly random?: () => number;
}

const OPERATION = "verifier.verify";
/** Signatures by a private key: a public one, which is everybody's, must never serve as a secret. */
const SUPPORTED: readonly string[] = ["ES256", "EdDSA", "RS256"];
const PERMISSIONS_LIFE = 3_600_000;

interface Remembered extends Claims {
  readonly kid: string;
}

/**
 * Judges access tokens by itself, with the server's public keys and its list of revocations: without a request for each.
 *
 * @example
 * ```ts
 * const verifier = new TokenVerifier("https://auth.example.com", { feedToken: process.env.FEED_TOKEN });
 * const principal = await verifier.verify(token);
 * ```
 */
export class TokenVerifier {
  /** Who issues the tokens. */
  readonly issuer: string;
  /** For whom they are. */
  readonly audience: string;
  readonly #options: TokenVerifierOptions;
  readonly #clock: Clock;
  readonly #leeway: number;
  readonly #algorithms: ReadonlySet<string>;
  readonly #transport: Transport;
  readonly #keys: KeySet;
  readonly #revoked = new RevokedSet();
  readonly #feed: RevocationFeed | null;
  readonly #remembered: LeastRecentlyUsed<Remembered>;
  #permissions: { matrix: Promise<PermissionMatrix>; until: number } | null = null;

  constructor(url: string | URL, options: TokenVerifierOptions = {}) {
    const address = String(url).replace(/\/+$/, "");
    const { clock = systemClock, random = Math.random, feedToken } = options;
    const algorithms = options.algorithms ?? ["ES256", "EdDSA", "RS256"];
    this.issuer = options.issuer ?? address;
    this.audience = options.audience ?? this.issuer;
    const never = algorithms.find((name) => !SUPPORTED.includes(name));
    if (never !== undefined || algorithms.length === 0) {
      throw new TypeError(
        `Access tokens are verified by ${SUPPORTED.join(", ")}; "${never ?? ""}" is not one of them`,
      );
    }
    this.#options = options;
    this.#clock = clock;
    this.#leeway = options.leeway ?? 5;
    this.#algorithms = new Set<string>(algorithms);
    this.#transport = new Transport(address, {
      fetch: options.fetch ?? ((...request) => globalThis.fetch(...request)),
      clock,
      random,
      timeout: 5_000,
      deadline: 5_000,
      // Tokens wait for the answer; keys, feed and questions have their own ways to go on without one.
      tries: 1,
      userAgent: `ntt-auth-client-typescript/${VERSION}`,
      credentials: false,
    });
    this.#keys = new KeySet(this.#transport, clock, algorithms);
    this.#remembered = new LeastRecentlyUsed(options.cacheSize ?? 10_000);
    const { onError = () => {} } = options;
    const poll = options.transport === "poll";
    this.#feed = feedToken
      ? new RevocationFeed(this.#revoked, {
          transport: this.#transport,
          clock,
          random,
          feedToken,
          poll,
          onError,
        })
      : null;
  }

  /** How old the knowledge of revocations is, in seconds; `null` before it is there, or if they are not followed. */
  get staleness(): number | null {
    const { staleness = null } = this.#feed ?? {};
    return staleness === null ? null : staleness / 1000;
  }

  /** Begins to follow revocations and fetches the keys. Resolves when tokens can be judged. */
  async start(options?: { readonly signal?: AbortSignal }): Promise<void> {
    this.#feed?.start();
    await this.#keys.refresh();
    await this.#feed?.ready(options?.signal);
  }

  /** Stops following revocations. */
  async close(): Promise<void> {
    await this.#feed?.close();
  }

  /**
   * Whom an access token speaks for.
   * @throws TokenInvalidError, TokenExpiredError, TokenRevokedError: 401;
   *   RevocationsStaleError, NetworkError: it cannot be judged just now, 503
   */
  async verify(token: string): Promise<Principal> {
    this.#feed?.start();
    const digest = await fingerprint(token);
    const { principal, notBefore } = await this.#signed(token, digest);
    const now = this.#clock.now() / 1000;
    if (notBefore > now + this.#leeway) throw invalid("It is not valid yet");
    if (principal.expiresAt + this.#leeway <= now) {
      this.#remembered.delete(digest);
      throw refused("token_expired", OPERATION, "The access token has expired", { status: 401 });
    }
    if (this.#revoked.holds(principal)) {
      throw refused("token_revoked", OPERATION, "The access token was revoked", { status: 401 });
    }
    if (this.#feed) await this.#judgeStaleness(this.#feed, token);
    return principal;
  }

  /** Whether the role of a principal is granted an action at all, as the server's table of permissions says. */
  async permits(principal: Principal, action: string): Promise<boolean> {
    const { actions } = await this.#matrix();
    const reach = actions.find((row) => row.action === action)?.reach[principal.role];
    return reach !== undefined && reach !== "none";
  }

  async #signed(token: string, digest: string): Promise<Claims> {
    const known = this.#remembered.get(digest);
    if (known && this.#keys.fresh && this.#keys.has(known.kid)) return known;
    const header = readHeader(token);
    const algorithm = header?.algorithm === "Ed25519" ? "EdDSA" : header?.algorithm;
    if (!header || !algorithm || !this.#algorithms.has(algorithm)) throw invalid("It is none");
    const found = await this.#keys.find(header.kid);
    if (found?.algorithm !== algorithm) throw invalid("Its key is not known");
    if (known) return known;
    const { payload } = await compactVerify(token, found.key, { algorithms: [header.algorithm] }).catch(
      () => {
        throw invalid("Its signature is wrong");
      },
    );
    const claims = readClaims(payload, this.issuer, this.audience);
    if (!claims) throw invalid("It is of another kind, or for somebody else");
    this.#remembered.set(digest, { ...claims, kid: header.kid });
    return claims;
  }

  async #judgeStaleness(feed: RevocationFeed, token: string): Promise<void> {
    const { onStale = "refuse", stalenessLimit = 30 } = this.#options;
    const { staleness } = feed;
    if (onStale === "allow" || (staleness !== null && staleness <= stalenessLimit * 1000)) return;
    if (onStale === "ask" && (await this.#ask(token))) return;
    throw refused("revocations_stale", OPERATION, "What was revoked of late is not known", {
      status: 503,
      retryAfter: 1,
    });
  }

  async #ask(token: string): Promise<boolean> {
    const request = {
      operation: "auth.validate",
      method: "GET",
      path: "/api/v1/auth/validate",
      repeatable: false,
    };
    try {
      return await this.#transport.send(request, token, async (response) => {
        return parsed(await response.text())?.active === true;
      });
    } catch (error) {
      if (error instanceof AuthenticationError) throw error;
      return false;
    }
  }

  #matrix(): Promise<PermissionMatrix> {
    const now = this.#clock.monotonic();
    if (!this.#permissions || now >= this.#permissions.until) {
      const request = {
        operation: "auth.permissions",
        method: "GET",
        path: "/api/v1/auth/permissions",
        repeatable: true,
      };
      const matrix = this.#transport.send(
        request,
        null,
        async (response) => (await response.json()) as PermissionMatrix,
      );
      this.#permissions = { matrix, until: now + PERMISSIONS_LIFE };
      matrix.catch(() => {
        this.#permissions = null;
      });
    }
    return this.#permissions.matrix;
  }
}

function invalid(detail: string): TokenInvalidError {
  return refused("token_invalid", OPERATION, "The access token is not valid", { status: 401, detail });
}
