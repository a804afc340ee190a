import { useAuthClient } from "ntt-auth-client/react";
import { useActionState } from "react";

export function SignIn() {
  const client = useAuthClient();
  const [error, signIn, pending] = useActionState(async (_before, form) => {
    try {
      await client.auth.login({ email: form.get("email"), password: form.get("password") });
      return null;
    } catch (refused) {
      return refused.code === "invalid_credentials" ? "Email address or password is wrong." : refused.title;
    }
  }, null);
  return (
    <form action={signIn}>
      <h1>Sign in</h1>
      <label>
        Email <input name="email" type="email" autoComplete="username" required />
      </label>
      <label>
        Password <input name="password" type="password" autoComplete="current-password" required />
      </label>
      <button type="submit" disabled={pending}>
        Sign in
      </button>
      {error && <p role="alert">{error}</p>}
    </form>
  );
}
