/**
 * For tests of what is built on the client: a server in memory, and the real one.
 *
 * @packageDocumentation
 */
export { FakeAuthClient } from "./fake_client.js";
export { FakeProblem } from "./fake_problem.js";
export {
  type FakeAccess,
  type FakeFailure,
  FakeServer,
  type FakeUser,
} from "./fake_server.js";
export { FakeVerifier } from "./fake_verifier.js";
export { RealServer, type RealServerOptions, startServer } from "./real_server.js";
export { VirtualClock } from "./virtual_clock.js";
