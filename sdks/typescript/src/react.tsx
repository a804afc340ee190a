/**
 * React: who is signed in, for components.
 *
 * @packageDocumentation
 */
import { createContext, type ReactNode, useContext, useEffect, useSyncExternalStore } from "react";
import type { AuthClient } from "./client.js";
import { isAtLeast } from "./core/roles.js";
import type { SessionState } from "./core/session.js";
import type { Role, User } from "./core/types.js";

export { isAtLeast, ROLES } from "./core/roles.js";

/** What the provider needs of a client; `FakeAuthClient` of `ntt-auth-client/testing` has it, too. */
export type ReactClient = Pick<AuthClient, "session" | "auth">;

const ClientContext = createContext<ReactClient | null>(null);

export interface AuthProviderProps {
  /** One for the whole page, made outside of components. */
  readonly client: ReactClient;
  readonly children: ReactNode;
}

/** Makes a client's session known to the components below; who was signed in when the page was left still is. */
export function AuthProvider({ client, children }: AuthProviderProps): ReactNode {
  useEffect(() => {
    // Without an answer nobody is signed out; the next call that needs the session tells why.
    client.session.restore().catch(() => {});
  }, [client]);
  return <ClientContext.Provider value={client}>{children}</ClientContext.Provider>;
}

/** The client of the {@link AuthProvider} above. */
export function useAuthClient<Client extends ReactClient = AuthClient>(): Client {
  const client = useContext(ClientContext);
  if (!client) throw new Error("There is no AuthProvider above this component");
  return client as Client;
}

/** The session as it is now: `loading` until the storage was read, then `signed_in` or `signed_out`, whichever tab it came from. */
export function useSession(): SessionState {
  const { session } = useAuthClient<ReactClient>();
  return useSyncExternalStore(
    session.watch,
    () => session.state,
    () => LOADING,
  );
}

/** Who is signed in, or `null`. */
export function useUser(): User | null {
  return useSession().user;
}

/** Whether who is signed in has this role or a more powerful one. It decides what is shown; the server decides what is done. */
export function useRole(role: Role): boolean {
  const user = useUser();
  return user !== null && isAtLeast(user.role, role);
}

export interface RequireProps {
  readonly children: ReactNode;
  /** What is shown instead; nothing if left out. */
  readonly fallback?: ReactNode;
  /** What is shown until the session is known; nothing if left out. */
  readonly loading?: ReactNode;
}

/** Shows its children to whoever is signed in. */
export function RequireUser({ children, fallback = null, loading = null }: RequireProps): ReactNode {
  const { status } = useSession();
  if (status === "loading") return loading;
  return status === "signed_in" ? children : fallback;
}

/** Shows its children to whoever has this role or a more powerful one. */
export function RequireRole({ role, ...props }: RequireProps & { readonly role: Role }): ReactNode {
  const permitted = useRole(role);
  const { status } = useSession();
  if (status === "loading") return props.loading ?? null;
  return permitted ? props.children : (props.fallback ?? null);
}

const LOADING: SessionState = { status: "loading", user: null, sessionId: null };
