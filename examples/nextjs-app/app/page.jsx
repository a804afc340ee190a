import Link from "next/link";
import { auth } from "../auth.js";

export default async function Home() {
  const user = await auth.currentUser();
  return (
    <>
      <h1>Notes</h1>
      {user ? <Link href="/account">Account</Link> : <Link href="/login">Sign in</Link>}
    </>
  );
}
