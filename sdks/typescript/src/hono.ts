/**
 * Middleware for Hono, on every runtime that it runs on.
 *
 * @packageDocumentation
 */
import type { Context, MiddlewareHandler } from "hono";
import type { Role } from "./core/types.js";
import {
  authenticate,
  authenticateIfAny,
  type Requirement,
  refusalResponse,
  type Verifies,
} from "./server/guard.js";
import type { Principal } from "./server/principal.js";

/** What handlers behind {@link requireUser} find in their context. */
export interface PrincipalEnv {
  Variables: { principal: Principal };
}

/** What handlers behind {@link optionalUser} find in their context. */
export interface OptionalPrincipalEnv {
  Variables: { principal: Principal | null };
}

/** Lets in whoever has a good access token and meets the requirement, as `c.get("principal")`; others get 401, 403 or 503. */
export function requireUser(verifier: Verifies, requirement?: Requirement): MiddlewareHandler<PrincipalEnv> {
  return async (context, next) => {
    try {
      context.set("principal", await authenticate(verifier, authorization(context), requirement));
    } catch (error) {
      return refusalResponse(error);
    }
    return next();
  };
}

/** Lets everybody in; whoever brings an access token must bring a good one. */
export function optionalUser(verifier: Verifies): MiddlewareHandler<OptionalPrincipalEnv> {
  return async (context, next) => {
    try {
      context.set("principal", await authenticateIfAny(verifier, authorization(context)));
    } catch (error) {
      return refusalResponse(error);
    }
    return next();
  };
}

/** Lets in whoever has this role or a more powerful one. */
export function requireRole(verifier: Verifies, role: Role): MiddlewareHandler<PrincipalEnv> {
  return requireUser(verifier, { role });
}

/** Lets in those whose token may be used for this. */
export function requireScope(verifier: Verifies, scope: string): MiddlewareHandler<PrincipalEnv> {
  return requireUser(verifier, { scope });
}

/** Lets in those whose role is granted this action by the server's table of permissions. */
export function requirePermission(verifier: Verifies, permission: string): MiddlewareHandler<PrincipalEnv> {
  return requireUser(verifier, { permission });
}

function authorization(context: Pick<Context, "req">): string | undefined {
  return context.req.header("authorization");
}
