import type { StoredSession } from "./storage.js";

/** What listeners are told of a session. */
export type SessionEvent = "signed_in" | "refreshed" | "signed_out" | "session_expired" | "user_changed";

/** What one tab tells the others. */
export interface TabMessage {
  readonly event: SessionEvent;
  /** The session as it is now, or `null` if there is none any more. */
  readonly stored: StoredSession | null;
  /** Whose session it is about. */
  readonly sessionId: string | null;
}

/** A way to the other tabs: a `BroadcastChannel`, or what behaves like one. */
export interface TabChannel {
  postMessage(message: TabMessage): void;
  addEventListener(type: "message", listener: (event: { readonly data: TabMessage }) => void): void;
  close(): void;
}

/** Opens the channel of this name, where the platform has channels. */
export function openChannel(name: string): TabChannel | null {
  if (typeof BroadcastChannel === "undefined") return null;
  const channel = new BroadcastChannel(name);
  // In Node, an open channel would keep the process from ending.
  (channel as { unref?: () => void }).unref?.();
  return channel as unknown as TabChannel;
}

/** Hears of changes that another tab made to `localStorage`, where there is no channel. */
export function onStorageEvent(key: string, changed: () => void): () => void {
  if (typeof addEventListener === "undefined") return () => {};
  const listen = (event: Event): void => {
    if ((event as StorageEvent).key === key) changed();
  };
  addEventListener("storage", listen);
  return () => removeEventListener("storage", listen);
}
