import { refused } from "../core/problems.js";
import { isAtLeast } from "../core/roles.js";
import type { Role } from "../core/types.js";

/** What a principal is made of. */
export interface PrincipalParts {
  readonly userId: string;
  readonly sessionId: string;
  readonly role: Role;
  readonly scope: string;
  readonly audience: string;
  readonly expiresAt: number;
  readonly version: number;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Whom a verified access token speaks for. */
export class Principal implements PrincipalParts {
  /** `sub` */
  readonly userId: string;
  /** `sid` */
  readonly sessionId: string;
  readonly role: Role;
  /** What the token may be used for, as words with spaces between (RFC 6749 § 3.3). */
  readonly scope: string;
  /** `aud` */
  readonly audience: string;
  /** When the token expires, in seconds since 1970. */
  readonly expiresAt: number;
  /** `ver`: the version of the user's tokens. */
  readonly version: number;
  /** Everything that the token says, claims of the server's configuration included. */
  readonly claims: Readonly<Record<string, unknown>>;

  constructor(parts: PrincipalParts) {
    this.userId = parts.userId;
    this.sessionId = parts.sessionId;
    this.role = parts.role;
    this.scope = parts.scope;
    this.audience = parts.audience;
    this.expiresAt = parts.expiresAt;
    this.version = parts.version;
    this.claims = parts.claims;
  }

  /** Whether the role is this one or a more powerful one. */
  hasRole(least: Role): boolean {
    return isAtLeast(this.role, least);
  }

  /** Whether the token may be used for this. */
  hasScope(scope: string): boolean {
    return this.scope.split(" ").includes(scope);
  }

  /** @throws ForbiddenError unless the role is this one or a more powerful one */
  requireRole(least: Role): void {
    if (!this.hasRole(least))
      throw refused("forbidden", "verifier.require_role", `This needs the role ${least}`, { status: 403 });
  }

  /** @throws ForbiddenError unless the token may be used for this */
  requireScope(scope: string): void {
    if (!this.hasScope(scope))
      throw refused("forbidden", "verifier.require_scope", `This needs the scope ${scope}`, { status: 403 });
  }
}
