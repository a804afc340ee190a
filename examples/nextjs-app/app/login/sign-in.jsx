"use client";
import { useActionState } from "react";
import { signIn } from "./actions.js";

export function SignIn({ next }) {
  const [error, action, pending] = useActionState(signIn, null);
  return (
    <form action={action}>
      <input type="hidden" name="next" value={next ?? "/account"} />
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
