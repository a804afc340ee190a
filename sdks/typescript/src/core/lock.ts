/** Runs work while nobody else who shares the session does. */
export type Lock = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** No lock: the session is shared with nobody. */
export const unshared: Lock = (work) => work();

/** By the browser's Web Locks, which a tab that is closed lets go of. */
export function webLock(locks: Pick<LockManager, "request">, name: string): Lock {
  return async (work) => (await locks.request(name, work)) as Awaited<ReturnType<typeof work>>;
}
