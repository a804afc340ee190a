import { type Head, parsed, problem, type Read, unexpected } from "./answer.js";
import { type Clock, ServerTime, throwIfAborted } from "./clock.js";
import {
  ConnectionFailedError,
  ConnectionLostError,
  NameResolutionError,
  type NetworkError,
  NttAuthError,
  TimedOutError,
} from "./errors.js";

/** Values of a query; those that are `undefined` or `null` are left out. */
export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** A request, before anything is known of tokens. */
export interface Request {
  /** Noun and verb, as `users.list`. */
  readonly operation: string;
  readonly method: string;
  /** From the root of the server, percent-encoded, without the query. */
  readonly path: string;
  readonly query?: Query | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** The body, as a value. */
  readonly json?: unknown;
  /** The body, as it is. */
  readonly body?: BodyInit;
  readonly contentType?: string;
  /** Whether it may be sent again when nobody knows whether it was done. */
  readonly repeatable: boolean;
  /** Another status than 2xx that carries a result. */
  readonly also?: number;
  /** How much longer than others a try may take, in milliseconds. */
  readonly patience?: number;
  /** Whether the answer may take its time once it has begun; then it is not asked for again. */
  readonly stream?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** How requests are sent. Times are milliseconds. */
export interface TransportOptions {
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly random: () => number;
  readonly timeout: number;
  readonly deadline: number;
  readonly tries: number;
  readonly userAgent: string | null;
  readonly credentials: boolean;
}

const LOST = [408, 429, 502, 503, 504];

/** What `fetch` says when the request was certainly not sent. */
const UNSENT: Readonly<Record<string, typeof NetworkError>> = {
  ENOTFOUND: NameResolutionError,
  EAI_AGAIN: NameResolutionError,
  ECONNREFUSED: ConnectionFailedError,
  ConnectionRefused: ConnectionFailedError,
  EHOSTUNREACH: ConnectionFailedError,
  ENETUNREACH: ConnectionFailedError,
  UND_ERR_CONNECT_TIMEOUT: TimedOutError,
};

/** What went wrong with one try, and whether it was certainly not carried out. */
interface Failure {
  readonly error: NttAuthError;
  readonly undone: boolean;
}

/** Sends requests to one server, again where that is right, and reads the answers. */
export class Transport {
  readonly time: ServerTime;
  readonly #url: string;
  readonly #options: TransportOptions;
  readonly #mark: string;
  #sent = 0;

  constructor(url: string, options: TransportOptions) {
    this.#url = url;
    this.#options = options;
    this.time = new ServerTime(options.clock);
    this.#mark = Math.floor(Math.random() * 2 ** 48).toString(16);
  }

  /** An id by which the server's log knows a call, whatever it is sent for. */
  requestId(): string {
    return `${this.#mark}-${(++this.#sent).toString(36)}`;
  }

  /** Sends a request and gives what `read` makes of the answer; rejects with an {@link NttAuthError}. */
  async send<Result>(
    request: Request,
    bearer: string | null,
    read: Read<Result>,
    requestId = this.requestId(),
  ): Promise<Result> {
    const { clock, tries, deadline, random } = this.#options;
    const end = clock.monotonic() + deadline + (request.patience ?? 0);
    for (let tried = 1; ; tried++) {
      const outcome = await this.#attempt(request, bearer, requestId, end, read);
      if ("result" in outcome) return outcome.result;
      const { error, undone } = outcome;
      const { status, retryAfter } = error;
      const again = undone || (request.repeatable && (status === null || LOST.includes(status)));
      const wait = (retryAfter ?? 0) * 1000 + random() * Math.min(5000, 100 * 2 ** tried);
      const once = isStream(request.body) || tried >= tries;
      if (!again || once || clock.monotonic() + wait > end) throw error;
      await clock.sleep(wait, request.signal);
    }
  }

  async #attempt<Result>(
    request: Request,
    bearer: string | null,
    requestId: string,
    end: number,
    read: Read<Result>,
  ): Promise<{ result: Result } | Failure> {
    const { clock, timeout, fetch } = this.#options;
    const { operation, signal, patience = 0 } = request;
    throwIfAborted(signal);
    const controller = new AbortController();
    const stop = (): void => controller.abort(signal?.reason);
    signal?.addEventListener("abort", stop);
    let overdue = false;
    let begun = false;
    const cancel = clock.after(Math.min(timeout + patience, end - clock.monotonic()), () => {
      overdue = true;
      controller.abort();
    });
    try {
      const response = await fetch(this.#address(request), {
        ...this.#init(request, bearer, requestId),
        signal: controller.signal,
      });
      begun = true;
      const { status, headers } = response;
      const date = headers.get("date");
      this.time.learn(date);
      const head: Head = {
        operation,
        status,
        headers,
        requestId,
        now: Date.parse(date ?? "") || clock.now(),
      };
      if (status >= 400) {
        const body = await response.text();
        if (status === request.also && parsed(body)?.status) {
          return { result: await read(new Response(body), head) };
        }
        const error = problem(head, body);
        return { error, undone: (status === 429 || status === 503) && error.retryAfter !== null };
      }
      if (!response.ok) throw unexpected(head, "It leads elsewhere.");
      if (request.stream) cancel();
      return { result: await read(response, head) };
    } catch (cause) {
      if (cause instanceof NttAuthError) throw cause;
      throwIfAborted(signal);
      const failure = network(operation, requestId, cause, overdue, begun);
      if (request.stream && begun) throw failure.error;
      return failure;
    } finally {
      cancel();
      signal?.removeEventListener("abort", stop);
    }
  }

  #address({ path, query = {} }: Request): string {
    const search = Object.entries(query)
      .filter(([, value]) => value !== undefined && value !== null)
      .map((pair) => pair.map((part) => encodeURIComponent(String(part))).join("="));
    return this.#url + path + (search.length ? "?" : "") + search.join("&");
  }

  #init(request: Request, bearer: string | null, requestId: string): RequestInit {
    const { userAgent, credentials } = this.#options;
    const { json, contentType } = request;
    const body = json === undefined ? request.body : JSON.stringify(json);
    const type = json === undefined ? contentType : "application/json";
    return {
      method: request.method,
      redirect: "manual",
      headers: {
        "X-Request-Id": requestId,
        ...(type && { "Content-Type": type }),
        ...(userAgent && { "User-Agent": userAgent }),
        ...(bearer && { Authorization: `Bearer ${bearer}` }),
        ...request.headers,
      },
      ...(body !== undefined && { body }),
      ...(isStream(body) && { duplex: "half" }),
      // Workers know no credentials and refuse the mere word.
      ...(credentials && { credentials: "include" }),
    };
  }
}

/** A body that can be sent but once. Not every platform knows `ReadableStream`. */
export function isStream(body: BodyInit | undefined): boolean {
  return typeof (body as { getReader?: unknown } | undefined)?.getReader === "function";
}

function network(
  operation: string,
  requestId: string,
  cause: unknown,
  overdue: boolean,
  begun: boolean,
): Failure {
  const outer = cause as Cause;
  const inner = outer.cause;
  const code = inner?.code ?? outer.code;
  const told = typeof code === "string" ? code : "";
  const unsent = begun || overdue ? undefined : UNSENT[told];
  // Browsers do not tell why.
  let Class = unsent ?? (begun || inner || told ? ConnectionLostError : ConnectionFailedError);
  if (overdue || /TIME/.test(told)) Class = TimedOutError;
  const detail = overdue ? "It took too long" : (inner?.message ?? outer.message);
  const error = new Class({ operation, requestId, title: "There is no answer", detail, cause });
  return { error, undone: unsent !== undefined };
}

interface Cause extends Error {
  readonly code?: unknown;
  readonly cause?: { readonly code?: unknown; readonly message?: string };
}
