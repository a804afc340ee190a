import type { SessionStorage, TabChannel, TabMessage } from "../../src/index.js";

type Listener = (event: { readonly data: TabMessage }) => void;

/** What the tabs of one browser share: a storage, channels, and locks. */
export class Browser {
  readonly items = new Map<string, string>();
  readonly #channels = new Set<{ name: string; listeners: Set<Listener> }>();
  #locked: Promise<unknown> = Promise.resolve();
  /** How often a lock was given. */
  locks = 0;

  /** `localStorage`, as each tab sees it. */
  readonly storage: SessionStorage = {
    getItem: (key) => this.items.get(key) ?? null,
    setItem: (key, value) => void this.items.set(key, value),
    removeItem: (key) => void this.items.delete(key),
  };

  /** Web Locks of one name. */
  readonly lockManager = {
    request: (_name: string, work: unknown) => {
      this.locks += 1;
      const mine = this.#locked.then(() => (work as () => Promise<never>)());
      this.#locked = mine.catch(() => {});
      return mine;
    },
  };

  readonly open = (name: string): TabChannel => {
    const channel = { name, listeners: new Set<Listener>() };
    this.#channels.add(channel);
    return {
      postMessage: (message) => {
        // As a browser does: to the others, later, and as a copy.
        const data = structuredClone(message);
        for (const other of this.#channels) {
          if (other === channel || other.name !== name) continue;
          for (const listener of other.listeners) queueMicrotask(() => listener({ data }));
        }
      },
      addEventListener: (_type, listener) => void channel.listeners.add(listener),
      close: () => void this.#channels.delete(channel),
    };
  };
}
