/**
 * Middleware for Express.
 *
 * @packageDocumentation
 */
import type { Request, RequestHandler } from "express";
import type { Role } from "./core/types.js";
import { authenticate, authenticateIfAny, type Requirement, refusal, type Verifies } from "./server/guard.js";
import type { Principal } from "./server/principal.js";

declare global {
  namespace Express {
    interface Request {
      /** Whom the request's access token speaks for; `null` if there was none and none was needed. */
      principal?: Principal | null;
    }
  }
}

/** Lets in whoever has a good access token and meets the requirement, as `request.principal`; others get 401, 403 or 503. */
export function requireUser(verifier: Verifies, requirement?: Requirement): RequestHandler {
  return handler((request) => authenticate(verifier, request.headers.authorization, requirement));
}

/** Lets everybody in; whoever brings an access token must bring a good one. */
export function optionalUser(verifier: Verifies): RequestHandler {
  return handler((request) => authenticateIfAny(verifier, request.headers.authorization));
}

/** Lets in whoever has this role or a more powerful one. */
export function requireRole(verifier: Verifies, role: Role): RequestHandler {
  return requireUser(verifier, { role });
}

/** Lets in those whose token may be used for this. */
export function requireScope(verifier: Verifies, scope: string): RequestHandler {
  return requireUser(verifier, { scope });
}

/** Lets in those whose role is granted this action by the server's table of permissions. */
export function requirePermission(verifier: Verifies, permission: string): RequestHandler {
  return requireUser(verifier, { permission });
}

/** Whom a request speaks for that {@link requireUser} let in. */
export function principalOf(request: Request): Principal {
  if (!request.principal) throw new Error("There is no requireUser before this handler");
  return request.principal;
}

function handler(find: (request: Request) => Promise<Principal | null>): RequestHandler {
  return async (request, response, next) => {
    try {
      request.principal = await find(request);
    } catch (error) {
      const answer = refusal(error);
      if (!answer) return next(error);
      response.status(answer.status).set(answer.headers).send(JSON.stringify(answer.body));
      return;
    }
    next();
  };
}
