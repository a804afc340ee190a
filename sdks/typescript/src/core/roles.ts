import type { Role } from "./types.js";

/** The roles, from the most to the least powerful. */
export const ROLES: readonly Role[] = ["super_admin", "admin", "moderator", "user", "guest"];

/** Whether `role` is `least` or more powerful. */
export function isAtLeast(role: Role, least: Role): boolean {
  return ROLES.indexOf(role) <= ROLES.indexOf(least);
}
