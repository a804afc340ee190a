import { AuthClient, type AuthClientOptions } from "../client.js";
import { FakeServer } from "./fake_server.js";

/** A client as {@link AuthClient} is one, whose server is in memory. */
export class FakeAuthClient extends AuthClient {
  /** The server that answers: make accounts there, and let requests fail. */
  readonly server: FakeServer;

  constructor(options: AuthClientOptions & { readonly server?: FakeServer } = {}) {
    const { server = new FakeServer(options.clock ? { clock: options.clock } : {}), ...rest } = options;
    super(server.url, { ...rest, fetch: server.fetch });
    this.server = server;
  }
}
