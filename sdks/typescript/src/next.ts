/**
 * Next.js: the session in cookies that no script sees, for route handlers, middleware, server components and actions.
 *
 * @packageDocumentation
 */
import { type NextRequest, NextResponse } from "next/server.js";
import { AuthClient } from "./client.js";
import { AuthenticationError, SessionExpiredError } from "./core/errors.js";
import { refused } from "./core/problems.js";
import type { SessionStorage, StoredSession } from "./core/storage.js";
import type { Login, User } from "./core/types.js";
import { authenticate, authorize, type Requirement, refusalResponse, type Verifies } from "./server/guard.js";
import type { Principal } from "./server/principal.js";
import { TokenVerifier, type TokenVerifierOptions } from "./server/verifier.js";

/** The jar that `cookies()` of `next/headers` gives. */
export interface CookieJar {
  get(name: string): { readonly value: string } | undefined;
  set(name: string, value: string, options: CookieOptions): unknown;
}

/** How the cookie of a session is set. */
export interface CookieOptions {
  readonly httpOnly: boolean;
  readonly secure: boolean;
  readonly sameSite: "lax";
  readonly path: string;
  /** In seconds. */
  readonly maxAge: number;
}

export interface NextAuthOptions extends Omit<TokenVerifierOptions, "transport"> {
  /** The name of the cookie; `ntt_session` if left out. */
  readonly cookie?: string;
  /** Whether the cookie is sent by https alone; true in production if left out. */
  readonly secure?: boolean;
  /** Where pages send those who have to sign in; `/login` if left out. */
  readonly signInPage?: string;
  /** Judges tokens instead of one of our own. */
  readonly verifier?: Verifies;
  /** The jar of the present request; that of `next/headers` if left out. */
  readonly cookies?: () => Promise<CookieJar>;
}

/** A route handler that is told who calls. */
export type UserHandler<Context> = (
  request: NextRequest,
  principal: Principal,
  context: Context,
) => Response | Promise<Response>;

// One for server and edge: the auth server takes a lost refresh for that of the same client by it.
const USER_AGENT = "ntt-auth-client-typescript/next";

/**
 * Signs users of a Next.js application in and keeps them signed in.
 *
 * @example
 * ```ts
 * export const auth = new NextAuth(process.env.AUTH_URL!);
 * export const middleware = auth.middleware({ protect: ["/account"] });
 * ```
 */
export class NextAuth {
  readonly verifier: Verifies;
  readonly #url: string;
  readonly #options: NextAuthOptions;
  readonly #cookie: string;
  readonly #refreshing = new Map<string, Promise<StoredSession>>();

  constructor(url: string | URL, options: NextAuthOptions = {}) {
    this.#url = String(url);
    this.#options = options;
    this.#cookie = options.cookie ?? "ntt_session";
    this.verifier = options.verifier ?? new TokenVerifier(url, options);
  }

  /** Signs in and sets the cookie; for server actions and route handlers. */
  async login(login: Omit<Login, "session">): Promise<User> {
    return (await this.#acting(await this.#jar()).auth.login(login)).user;
  }

  /** Signs out and takes the cookie back; for server actions and route handlers. */
  async logout(): Promise<void> {
    await this.#acting(await this.#jar()).auth.logout();
  }

  /** Who is signed in, or `null`; for server components, actions and route handlers. */
  async currentUser(): Promise<Principal | null> {
    const stored = read((await this.#jar()).get(this.#cookie)?.value);
    if (!stored) return null;
    try {
      return await this.verifier.verify(stored.accessToken);
    } catch (error) {
      if (error instanceof AuthenticationError) return null;
      throw error;
    }
  }

  /**
   * Who is signed in and meets the requirement.
   * @throws TokenMissingError or another AuthenticationError, ForbiddenError
   */
  async requireUser(requirement?: Requirement): Promise<Principal> {
    const stored = read((await this.#jar()).get(this.#cookie)?.value);
    return authenticate(this.verifier, stored && `Bearer ${stored.accessToken}`, requirement);
  }

  /** A client that acts for who is signed in, with the access token that the request came with; nothing is refreshed by it. */
  async client(): Promise<AuthClient> {
    const stored = read((await this.#jar()).get(this.#cookie)?.value);
    return this.#client(stored ? { accessToken: stored.accessToken } : {});
  }

  /** A route handler for those who meet the requirement, by cookie or by `Authorization`; others get 401, 403 or 503. */
  route<Context>(
    handler: UserHandler<Context>,
    requirement?: Requirement,
  ): (request: NextRequest, context: Context) => Promise<Response> {
    return async (request, context) => {
      let principal: Principal;
      try {
        const header = request.headers.get("authorization");
        if (header === null) refuseForeign(request);
        const stored = read(request.cookies.get(this.#cookie)?.value);
        principal = await authenticate(
          this.verifier,
          header ?? (stored && `Bearer ${stored.accessToken}`),
          requirement,
        );
      } catch (error) {
        return refusalResponse(error);
      }
      return handler(request, principal, context);
    };
  }

  /** `export const { POST } = auth.handlers` in `app/api/auth/[action]/route.ts`: `login` and `logout` for pages with scripts. */
  readonly handlers = {
    POST: async (request: NextRequest): Promise<Response> => {
      try {
        refuseForeign(request);
        if (request.nextUrl.pathname.endsWith("/logout")) {
          await this.logout();
          return new Response(null, { status: 204 });
        }
        if (!request.nextUrl.pathname.endsWith("/login")) return new Response(null, { status: 404 });
        const user = await this.login((await request.json()) as Omit<Login, "session">);
        return Response.json({ user });
      } catch (error) {
        return refusalResponse(error);
      }
    },
  };

  /**
   * Middleware (`proxy.ts` of Next 16) that refreshes the session before pages are made, which may not set cookies themselves. Of the
   * paths that begin with one of `protect`, it sends whoever is not signed in to the sign-in page.
   */
  middleware({
    protect = [],
    requirement = {},
  }: MiddlewareOptions = {}): (request: NextRequest) => Promise<NextResponse> {
    return async (request) => {
      const { stored, changed } = await this.#fresh(request);
      const guarded = protect.some((path) => isBelow(request.nextUrl.pathname, path));
      if (guarded) {
        const refused = await this.#refused(request, stored, requirement);
        if (refused) return changed ? this.#write(refused, stored) : refused;
      }
      if (!changed) return NextResponse.next();
      const headers = new Headers(request.headers);
      headers.set("cookie", request.cookies.toString());
      return this.#write(NextResponse.next({ request: { headers } }), stored);
    };
  }

  async #fresh(request: NextRequest): Promise<{ stored: StoredSession | null; changed: boolean }> {
    const before = read(request.cookies.get(this.#cookie)?.value);
    if (!before) return { stored: null, changed: false };
    const now = (this.#options.clock ?? Date).now();
    if (before.expiresAt - now > Math.min(60_000, before.lifetime / 5))
      return { stored: before, changed: false };
    try {
      const stored = await this.#refresh(before);
      request.cookies.set(this.#cookie, written(stored));
      return { stored, changed: true };
    } catch (error) {
      // Without an answer nobody is signed out.
      if (!(error instanceof SessionExpiredError)) return { stored: before, changed: false };
      request.cookies.delete(this.#cookie);
      return { stored: null, changed: true };
    }
  }

  /** One refresh for all requests that come with the same cookie. */
  #refresh(before: StoredSession): Promise<StoredSession> {
    const key = before.refreshToken ?? "";
    let refreshing = this.#refreshing.get(key);
    if (!refreshing) {
      refreshing = this.#exchange(before).finally(() => this.#refreshing.delete(key));
      this.#refreshing.set(key, refreshing);
    }
    return refreshing;
  }

  async #exchange(before: StoredSession): Promise<StoredSession> {
    let stored = before;
    const storage: SessionStorage = {
      getItem: (key) => (key.endsWith(":device") ? null : JSON.stringify(stored)),
      setItem: (_key, value) => {
        stored = JSON.parse(value) as StoredSession;
      },
      removeItem: () => {},
    };
    await this.#client({ storage, locks: UNLOCKED }).auth.refresh();
    return stored;
  }

  async #refused(
    request: NextRequest,
    stored: StoredSession | null,
    requirement: Requirement,
  ): Promise<NextResponse | null> {
    try {
      const principal = await authenticate(this.verifier, stored && `Bearer ${stored.accessToken}`);
      await authorize(this.verifier, principal, requirement);
      return null;
    } catch (error) {
      if (error instanceof AuthenticationError) {
        const page = new URL(this.#options.signInPage ?? "/login", request.url);
        page.searchParams.set("next", request.nextUrl.pathname + request.nextUrl.search);
        return NextResponse.redirect(page);
      }
      const { status, headers, body } = refusalResponse(error);
      return new NextResponse(body, { status, headers });
    }
  }

  #write(response: NextResponse, stored: StoredSession | null): NextResponse {
    response.cookies.set(this.#cookie, stored ? written(stored) : "", this.#cookieOptions(stored));
    return response;
  }

  #acting(jar: CookieJar): AuthClient {
    const device = `${this.#cookie}_device`;
    const nameOf = (key: string): string => (key.endsWith(":device") ? device : this.#cookie);
    const storage: SessionStorage = {
      getItem: (key) => {
        const value = jar.get(nameOf(key))?.value;
        return nameOf(key) === device ? (value ?? null) : JSON.stringify(read(value));
      },
      setItem: (key, value) => {
        if (nameOf(key) === device)
          return jar.set(device, value, { ...this.#cookieOptions(null), maxAge: DEVICE_LIFE });
        const stored = JSON.parse(value) as StoredSession;
        return jar.set(this.#cookie, written(stored), this.#cookieOptions(stored));
      },
      removeItem: (key) => jar.set(nameOf(key), "", this.#cookieOptions(null)),
    };
    return this.#client({ storage, locks: UNLOCKED });
  }

  #client(options: ConstructorParameters<typeof AuthClient>[1]): AuthClient {
    const { fetch, clock, random } = this.#options;
    return new AuthClient(this.#url, {
      ...(fetch && { fetch }),
      ...(clock && { clock }),
      ...(random && { random }),
      userAgent: USER_AGENT,
      channel: null,
      ...options,
    });
  }

  #cookieOptions(stored: StoredSession | null): CookieOptions {
    const { secure = process.env.NODE_ENV === "production", clock = Date } = this.#options;
    const left = stored ? Math.max(0, Math.floor((stored.refreshExpiresAt - clock.now()) / 1000)) : 0;
    return { httpOnly: true, secure, sameSite: "lax", path: "/", maxAge: left };
  }

  async #jar(): Promise<CookieJar> {
    if (this.#options.cookies) return this.#options.cookies();
    const { cookies } = await import("next/headers.js");
    return cookies();
  }
}

export interface MiddlewareOptions {
  /** Paths that, with all below them, are for those who are signed in. */
  readonly protect?: readonly string[];
  /** What is asked of them besides. */
  readonly requirement?: Requirement;
}

const DEVICE_LIFE = 400 * 86_400;
const UNLOCKED = { request: (_name: string, work: unknown) => (work as () => Promise<never>)() };

/** The session as it stands in the cookie: without the user, who may be large, and is read from the token. */
function written({ user: _user, ...stored }: StoredSession): string {
  return JSON.stringify(stored);
}

function read(value: string | undefined): StoredSession | null {
  if (!value) return null;
  try {
    const stored = JSON.parse(value) as StoredSession | null;
    return typeof stored?.accessToken === "string" ? stored : null;
  } catch {
    return null;
  }
}

/** Cookies are sent along with requests that other pages make; those change nothing here. */
function refuseForeign(request: NextRequest): void {
  const origin = request.headers.get("origin");
  const reads = request.method === "GET" || request.method === "HEAD";
  const hosts = [request.nextUrl.host, request.headers.get("host"), request.headers.get("x-forwarded-host")];
  if (reads || origin === null || hosts.includes(origin.replace(/^https?:\/\//, ""))) return;
  throw refused("csrf_refused", "next.route", "The request comes from a page of another origin", {
    status: 403,
  });
}

function isBelow(path: string, parent: string): boolean {
  return path === parent || path.startsWith(parent.endsWith("/") ? parent : `${parent}/`);
}
