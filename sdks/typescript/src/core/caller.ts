import { parsed, type Read, unexpected } from "./answer.js";
import { AuthenticationError } from "./errors.js";
import type { Session } from "./session.js";
import { isStream, type Query, type Request, type Transport } from "./transport.js";

/** Which token goes with a request. */
export type Authorization =
  | "none"
  /** That of the session, refreshed if need be. */
  | "session"
  /** That of the session, if there is one. */
  | "optional"
  /** This one, and nothing is refreshed; `null` for none. */
  | { readonly bearer: string | null };

/** Noun and verb, method, and path, as `users.list GET users`. A path without a slash before it is below `/api/v1/`. */
export type Route = `${string}.${string} ${"GET" | "POST" | "PATCH" | "DELETE"} ${string}`;

/** What else there is to a call of an operation. */
export interface Call {
  /** `session` if left out. */
  readonly auth?: Authorization;
  readonly query?: Query | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly body?: BodyInit;
  readonly contentType?: string;
  /** Where it differs from what the method says: `GET` and `DELETE` may be repeated. */
  readonly repeatable?: boolean;
  /** Another status than 2xx that carries a result. */
  readonly also?: number;
  /** How much longer than others a try may take, in milliseconds. */
  readonly patience?: number;
  /** Whether the answer may take its time once it has begun. */
  readonly stream?: boolean;
}

/** What every operation takes besides its own arguments. */
export interface CallOptions {
  /** Ends the call; it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

const RENEWABLE = new Set<unknown>(["token_expired", "token_invalid", "token_revoked"]);

/** Makes requests of calls: with the session's token, renewed once if it is refused, and answers of the right shape. */
export class Caller {
  readonly #transport: Transport;
  readonly #session: Session;

  constructor(transport: Transport, session: Session) {
    this.#transport = transport;
    this.#session = session;
  }

  /** Calls, and expects an object that has this member. */
  object<Result>(
    route: Route,
    member: keyof Result & string,
    options?: CallOptions,
    call?: Call,
  ): Promise<Result> {
    return this.send(route, objectWith<Result>(member), options, call);
  }

  /** Calls, and expects nothing. */
  nothing(route: Route, options?: CallOptions, call?: Call): Promise<void> {
    return this.send(route, async (response) => void (await response.text()), options, call);
  }

  /** Calls, and expects text. */
  text(route: Route, options?: CallOptions, call?: Call): Promise<string> {
    return this.send(route, (response) => response.text(), options, call);
  }

  /** Calls, and reads the answer as it comes. */
  async send<Result>(
    route: Route,
    read: Read<Result>,
    options?: CallOptions,
    call: Call = {},
  ): Promise<Result> {
    const [operation, method, path] = route.split(" ") as [string, string, string];
    const { auth = "session", repeatable = method === "GET" || method === "DELETE" } = call;
    const request: Request = {
      ...call,
      operation,
      method,
      path: path.startsWith("/") ? path : `/api/v1/${path}`,
      repeatable,
      signal: options?.signal,
    };
    const token = await this.#token(auth, operation);
    const requestId = this.#transport.requestId();
    try {
      return await this.#transport.send(request, token, read, requestId);
    } catch (error) {
      const refused = token !== null && error instanceof AuthenticationError && RENEWABLE.has(error.code);
      if (!refused || typeof auth === "object" || isStream(call.body)) throw error;
      const renewed = await this.#session.tokenAfter(token, operation);
      if (renewed === null) throw error;
      return this.#transport.send(request, renewed, read, requestId);
    }
  }

  /** Everything that a list holds, page by page as it is asked for. */
  async *pages<Item>(
    route: Route,
    options?: CallOptions,
    call?: Call,
  ): AsyncGenerator<Item, void, undefined> {
    let cursor: string | null = null;
    do {
      const query: Query = { ...call?.query, cursor };
      const page: Page<Item> = await this.object<Page<Item>>(route, "items", options, { ...call, query });
      yield* page.items;
      cursor = page.nextCursor ?? null;
    } while (cursor !== null);
  }

  async #token(auth: Authorization, operation: string): Promise<string | null> {
    if (typeof auth === "object") return auth.bearer;
    if (auth === "none" || (auth === "optional" && !(await this.#session.hasToken()))) return null;
    return this.#session.tokenFor(operation);
  }
}

/** One page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Gives the next page as `cursor`; `null` after the last. */
  readonly nextCursor?: string | null;
}

/** Reads an object that has this member. */
export function objectWith<Result>(member: keyof Result & string): Read<Result> {
  return async (response, head) => {
    const value = parsed(await response.text());
    if (value?.[member] === undefined) throw unexpected(head, `"${member}" was expected.`);
    return value as Result;
  };
}

/** An id or a name as a part of a path, percent-encoded. What would lead to another path is refused. */
export function part(name: string): string {
  if (/^\.{0,2}$/.test(name)) throw new TypeError(`"${name}" is no id`);
  return encodeURIComponent(name);
}
