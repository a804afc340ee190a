import { RequireRole, useAuthClient, useUser } from "ntt-auth-client/react";
import { useEffect, useState } from "react";

export function Account() {
  const client = useAuthClient();
  const user = useUser();
  const [sessions, setSessions] = useState([]);
  useEffect(() => {
    // Whoever was signed out elsewhere is told by the session; there is nothing to show then.
    client.sessions.list().then(
      (page) => setSessions(page.items),
      () => setSessions([]),
    );
  }, [client]);
  return (
    <>
      <h1>Hello, {user.firstName ?? user.email}</h1>
      <ul aria-label="Devices">
        {sessions.map((session) => (
          <li key={session.sessionId}>
            {session.userAgent} {session.current && "(this one)"}
          </li>
        ))}
      </ul>
      <RequireRole role="admin" fallback={<p>Only administrators see more.</p>}>
        <p>You may see to other users.</p>
      </RequireRole>
      <button type="button" onClick={() => client.auth.logout()}>
        Sign out
      </button>
    </>
  );
}
