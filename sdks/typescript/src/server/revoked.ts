import type { Revocation } from "../core/types.js";
import type { Principal } from "./principal.js";

/** What is known to be revoked. Times are milliseconds since 1970. */
export class RevokedSet {
  readonly #sessions = new Map<string, number>();
  readonly #users = new Map<string, { minVersion: number; expiresAt: number }>();

  /** How many entries are in force. */
  get size(): number {
    return this.#sessions.size + this.#users.size;
  }

  /** Takes an entry into account; in any order, and more than once. */
  add({ sessionId, userId, minVersion, expiresAt }: Revocation): void {
    const until = Date.parse(expiresAt);
    if (Number.isNaN(until)) return;
    if (sessionId) this.#sessions.set(sessionId, Math.max(until, this.#sessions.get(sessionId) ?? 0));
    if (userId && minVersion !== undefined) {
      const known = this.#users.get(userId);
      this.#users.set(userId, {
        minVersion: Math.max(minVersion, known?.minVersion ?? minVersion),
        expiresAt: Math.max(until, known?.expiresAt ?? until),
      });
    }
  }

  /** Whether the token that this principal came from is revoked. */
  holds({ sessionId, userId, version }: Principal): boolean {
    const user = this.#users.get(userId);
    return this.#sessions.has(sessionId) || (user !== undefined && version < user.minVersion);
  }

  /** Forgets what concerns no token that is still good. */
  forget(now: number): void {
    for (const [session, until] of this.#sessions) if (until <= now) this.#sessions.delete(session);
    for (const [user, { expiresAt }] of this.#users) if (expiresAt <= now) this.#users.delete(user);
  }
}
