import { auth } from "../../auth.js";
import { signOut } from "../login/actions.js";

export default async function Account() {
  const principal = await auth.requireUser();
  const client = await auth.client();
  const user = await client.me.read();
  return (
    <>
      <h1>Hello, {user.firstName ?? user.email}</h1>
      <p>{principal.hasRole("admin") ? "You may see to other users." : "Only administrators see more."}</p>
      <form action={signOut}>
        <button type="submit">Sign out</button>
      </form>
    </>
  );
}
