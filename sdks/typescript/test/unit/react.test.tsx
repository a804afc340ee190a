/** @jest-environment ./test/support/jsdom_environment.mjs */
import { afterEach, describe, expect, test } from "@jest/globals";
import { act, cleanup, render, screen } from "@testing-library/react";
import type { ReactNode } from "react";
import { renderToString } from "react-dom/server";
import {
  AuthProvider,
  RequireRole,
  RequireUser,
  useAuthClient,
  useRole,
  useSession,
  useUser,
} from "../../src/react.js";
import { FakeAuthClient } from "../../src/testing/index.js";

const CREDENTIALS = { email: "ada@example.com", password: "Correct-Horse-7-Battery" };

function Page(): ReactNode {
  const { status } = useSession();
  const user = useUser();
  const client = useAuthClient();
  return (
    <main>
      <p data-testid="status">{`${status} ${user?.email ?? "nobody"} ${useRole("admin")}`}</p>
      <RequireUser fallback={<p>Sign in</p>} loading={<p>Wait</p>}>
        <button type="button" onClick={() => void client.auth.logout()}>
          Sign out
        </button>
      </RequireUser>
      <RequireRole role="admin" fallback={<p>For administrators</p>} loading={<p>Who?</p>}>
        <p>Administration</p>
      </RequireRole>
    </main>
  );
}

const page = (auth: FakeAuthClient): ReactNode => (
  <AuthProvider client={auth}>
    <Page />
  </AuthProvider>
);

function client(role: "user" | "admin"): FakeAuthClient {
  const made = new FakeAuthClient();
  made.server.addUser({ ...CREDENTIALS, role });
  return made;
}

const shown = (): string => document.body.textContent ?? "";

describe("React", () => {
  afterEach(cleanup);

  test("shows who is signed in, and who may what", async () => {
    const auth = client("user");
    await act(async () => render(page(auth)));
    expect(screen.getByTestId("status").textContent).toBe("signed_out nobody false");
    expect(shown()).toContain("Sign in");
    await act(async () => {
      await auth.auth.login(CREDENTIALS);
    });
    expect(screen.getByTestId("status").textContent).toBe("signed_in ada@example.com false");
    expect(shown()).toContain("For administrators");
    await act(async () => screen.getByRole("button").click());
    expect(screen.getByTestId("status").textContent).toBe("signed_out nobody false");
  });

  test("shows more to a role that may more", async () => {
    const auth = client("admin");
    await auth.auth.login(CREDENTIALS);
    await act(async () => render(page(auth)));
    expect(shown()).toContain("Administration");
    expect(screen.getByTestId("status").textContent).toBe("signed_in ada@example.com true");
  });

  test("waits until the session is known, and on a server always", async () => {
    const auth = client("user");
    expect(renderToString(page(auth))).toContain("Wait");
    render(page(auth));
    expect(shown()).toContain("Who?");
    await act(async () => {});
    expect(shown()).toContain("Sign in");
  });

  test("needs a provider", () => {
    expect(() => renderToString(<Page />)).toThrow("There is no AuthProvider above this component");
  });
});
