import { refused } from "../core/problems.js";
import type { Role } from "../core/types.js";
import type { Verifies } from "../server/guard.js";
import { Principal, type PrincipalParts } from "../server/principal.js";
import { FakeProblem } from "./fake_problem.js";
import { FakeServer } from "./fake_server.js";

/** Judges the tokens of a {@link FakeServer}, and such as a test makes up; takes the place of a `TokenVerifier`. */
export class FakeVerifier implements Verifies {
  readonly #server: FakeServer;
  readonly #made = new Map<string, Principal>();
  readonly #permissions: Readonly<Record<string, readonly Role[]>>;

  /** `permissions` names the roles that are granted an action. */
  constructor(
    server: FakeServer = new FakeServer(),
    permissions: Readonly<Record<string, readonly Role[]>> = {},
  ) {
    this.#server = server;
    this.#permissions = permissions;
  }

  /** A token that speaks for whomever the test says. */
  tokenFor(parts: Partial<PrincipalParts> = {}): string {
    const token = `fake.made.${this.#made.size + 1}`;
    this.#made.set(
      token,
      new Principal({
        userId: "0199a6f2-0000-7000-8000-0000000000aa",
        sessionId: "0199a6f2-0000-7000-8000-0000000000bb",
        role: "user",
        scope: "account",
        audience: this.#server.url,
        expiresAt: Math.floor(this.#server.clock.now() / 1000) + 3600,
        version: 1,
        claims: {},
        ...parts,
      }),
    );
    return token;
  }

  /** Whom a token speaks for; throws what the real one throws. */
  async verify(token: string): Promise<Principal> {
    const made = this.#made.get(token);
    if (made) {
      if (made.expiresAt * 1000 > this.#server.clock.now()) return made;
      throw refused("token_expired", "verifier.verify", "The access token has expired", { status: 401 });
    }
    const access = this.#server.access(token);
    if (access instanceof FakeProblem) {
      throw refused(access.code, "verifier.verify", "The access token was refused", {
        status: access.status,
      });
    }
    const { userId, sessionId, expiresAt, version } = access;
    const { role } = this.#server.account(userId).user;
    const audience = this.#server.url;
    const parts = { userId, sessionId, role, scope: "account", audience, version, claims: {} };
    return new Principal({ ...parts, expiresAt: Math.floor(expiresAt / 1000) });
  }

  async permits({ role }: Principal, action: string): Promise<boolean> {
    return this.#permissions[action]?.includes(role) ?? false;
  }
}
