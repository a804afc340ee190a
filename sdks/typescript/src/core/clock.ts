/** Time as the client sees it; tests and virtual clocks replace it. */
export interface Clock {
  /** The wall clock, in milliseconds since 1970. */
  now(): number;
  /** A clock that nobody sets, in milliseconds since whenever. */
  monotonic(): number;
  /** Waits for so many milliseconds; rejects with the signal's reason when it is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** Calls back after so many milliseconds, unless what is returned is called before. */
  after(milliseconds: number, callback: () => void): () => void;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      throwIfAborted(signal);
      const timer = setTimeout(done, milliseconds);
      function done(): void {
        signal?.removeEventListener("abort", stop);
        resolve();
      }
      function stop(): void {
        clearTimeout(timer);
        reject(signal?.reason);
      }
      signal?.addEventListener("abort", stop, { once: true });
    }),
  after: (milliseconds, callback) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Throws the reason of a signal that is aborted; React Native's have neither reasons nor this method. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw signal.reason ?? new Error("The call was aborted");
}

/** The server's time, as far as its answers told it. */
export class ServerTime {
  readonly #clock: Clock;
  #ahead = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The server's time, in milliseconds since 1970. */
  now(): number {
    return this.#clock.now() + this.#ahead;
  }

  /** Takes note of the `Date` of an answer that has just come. */
  learn(date: string | null): void {
    const told = Date.parse(date ?? "");
    if (!Number.isNaN(told)) this.#ahead = told - this.#clock.now();
  }
}
