import { AuthClient } from "ntt-auth-client";
import { AuthProvider, RequireUser } from "ntt-auth-client/react";
import { createRoot } from "react-dom/client";
import { Account } from "./account.jsx";
import { SignIn } from "./sign-in.jsx";

// Browser mode: the refresh token is in a cookie that no script can read.
const client = new AuthClient(import.meta.env.VITE_NTT_AUTH_URL ?? "http://localhost:8080", {
  mode: "cookie",
  storage: localStorage,
});

createRoot(document.getElementById("root")).render(
  <AuthProvider client={client}>
    <main>
      <RequireUser fallback={<SignIn />} loading={<p>One moment …</p>}>
        <Account />
      </RequireUser>
    </main>
  </AuthProvider>,
);
