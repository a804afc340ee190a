/**
 * Judging access tokens in services: locally, with revocations honoured within a second.
 *
 * @packageDocumentation
 */
export { isAtLeast, ROLES } from "../core/roles.js";
export {
  authenticate,
  authorize,
  bearer,
  type Refusal,
  type Requirement,
  refusal,
  refusalResponse,
  type Verifies,
} from "./guard.js";
export { Principal, type PrincipalParts } from "./principal.js";
export { TokenVerifier, type TokenVerifierOptions } from "./verifier.js";
