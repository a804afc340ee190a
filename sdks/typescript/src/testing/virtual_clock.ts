import { type Clock, systemClock } from "../core/clock.js";

/** The machine's wall clock, moved forward as a test server's is. Waits take real time, and so does what is measured by no wall clock. */
export class VirtualClock implements Clock {
  #ahead = 0;

  now(): number {
    return systemClock.now() + this.#ahead;
  }

  monotonic(): number {
    return systemClock.monotonic();
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(milliseconds, signal);
  }

  after(milliseconds: number, callback: () => void): () => void {
    return systemClock.after(milliseconds, callback);
  }

  /** Moves it so many milliseconds forward. */
  advance(milliseconds: number): void {
    this.#ahead += milliseconds;
  }
}
