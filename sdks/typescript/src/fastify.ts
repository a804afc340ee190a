/**
 * Hooks for Fastify.
 *
 * @packageDocumentation
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Role } from "./core/types.js";
import { authenticate, authenticateIfAny, type Requirement, refusal, type Verifies } from "./server/guard.js";
import type { Principal } from "./server/principal.js";

declare module "fastify" {
  interface FastifyRequest {
    /** Whom the request's access token speaks for; `null` if there was none and none was needed. */
    principal?: Principal | null;
  }
}

/** A hook, for `onRequest` or `preHandler`. */
export type AuthenticationHook = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** Lets in whoever has a good access token and meets the requirement, as `request.principal`; others get 401, 403 or 503. */
export function requireUser(verifier: Verifies, requirement?: Requirement): AuthenticationHook {
  return hook((request) => authenticate(verifier, request.headers.authorization, requirement));
}

/** Lets everybody in; whoever brings an access token must bring a good one. */
export function optionalUser(verifier: Verifies): AuthenticationHook {
  return hook((request) => authenticateIfAny(verifier, request.headers.authorization));
}

/** Lets in whoever has this role or a more powerful one. */
export function requireRole(verifier: Verifies, role: Role): AuthenticationHook {
  return requireUser(verifier, { role });
}

/** Lets in those whose token may be used for this. */
export function requireScope(verifier: Verifies, scope: string): AuthenticationHook {
  return requireUser(verifier, { scope });
}

/** Lets in those whose role is granted this action by the server's table of permissions. */
export function requirePermission(verifier: Verifies, permission: string): AuthenticationHook {
  return requireUser(verifier, { permission });
}

/** Whom a request speaks for that {@link requireUser} let in. */
export function principalOf(request: FastifyRequest): Principal {
  if (!request.principal) throw new Error("There is no requireUser before this handler");
  return request.principal;
}

function hook(find: (request: FastifyRequest) => Promise<Principal | null>): AuthenticationHook {
  return async (request, reply) => {
    try {
      request.principal = await find(request);
      return undefined;
    } catch (error) {
      const answer = refusal(error);
      if (!answer) throw error;
      // A reply that is returned ends the request.
      return reply.code(answer.status).headers(answer.headers).send(JSON.stringify(answer.body));
    }
  };
}
