import type { Clock } from "./clock.js";
import type { Lock } from "./lock.js";
import type { SessionStorage } from "./storage.js";

// A refresh takes far less; whoever dies with the lease must not hold up the others beyond the server's grace of 30 s.
const LEASE = 10_000;
const SETTLE = 25;
const POLL = 50;

/**
 * By a note in the storage, where there are no Web Locks. Two who write it in the same moment each wait for the other's note to
 * arrive and look again. Should both believe they hold it, the server's grace gives both the same successor.
 */
export function leaseLock(storage: SessionStorage, key: string, clock: Clock, random: () => number): Lock {
  return async (work) => {
    const owner = `${clock.monotonic().toString(36)}-${Math.random().toString(36).slice(2)}`;
    for (;;) {
      if (!(await held(storage, key, clock))) {
        await storage.setItem(key, `${clock.now() + LEASE} ${owner}`);
        await clock.sleep(SETTLE * (1 + random()));
        if (await owns(storage, key, owner)) break;
      }
      await clock.sleep(POLL * (1 + random()));
    }
    try {
      return await work();
    } finally {
      if (await owns(storage, key, owner)) await storage.removeItem(key);
    }
  };
}

async function held(storage: SessionStorage, key: string, clock: Clock): Promise<boolean> {
  const left = Number.parseInt((await storage.getItem(key)) ?? "0", 10) - clock.now();
  // More than a whole lease is left only if the clock was set back.
  return left > 0 && left <= LEASE;
}

async function owns(storage: SessionStorage, key: string, owner: string): Promise<boolean> {
  return (await storage.getItem(key))?.endsWith(` ${owner}`) ?? false;
}
