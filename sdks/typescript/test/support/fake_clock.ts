import type { Clock } from "../../src/core/clock.js";

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** Lets whatever is ready to run, run: promises and their timers of no length. */
export async function settle(turns = 3): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** A clock that moves when it is told to, and, unless it is patient, by every sleep. */
export class FakeClock implements Clock {
  readonly slept: number[] = [];
  readonly #patient: boolean;
  readonly #timers = new Set<Timer>();
  #wall: number;
  #monotonic = 5_000_000;

  constructor(now: string | number, options: { readonly patient?: boolean } = {}) {
    this.#wall = new Date(now).getTime();
    this.#patient = options.patient ?? false;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.slept.push(milliseconds / 1000);
    if (!this.#patient) {
      this.advance(milliseconds);
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const cancel = this.after(milliseconds, resolve);
      signal?.addEventListener("abort", () => {
        cancel();
        reject(signal.reason);
      });
    });
  }

  after(milliseconds: number, callback: () => void): () => void {
    const timer = { at: this.#monotonic + milliseconds, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  set(now: string): void {
    this.#wall = new Date(now).getTime();
  }

  /** Moves both clocks on; what is due meanwhile is done. */
  advance(milliseconds: number): void {
    const end = this.#monotonic + milliseconds;
    for (;;) {
      const due = this.#next();
      if (!due || due.at > end) break;
      this.#timers.delete(due);
      this.#wall += Math.max(0, due.at - this.#monotonic);
      this.#monotonic = Math.max(this.#monotonic, due.at);
      due.callback();
    }
    this.#wall += end - this.#monotonic;
    this.#monotonic = end;
  }

  /** Time passes, and nobody does what is due. */
  drift(milliseconds: number): void {
    this.#wall += milliseconds;
    this.#monotonic += milliseconds;
  }

  /** Moves on to what is due next, if there is anything. */
  skip(): boolean {
    const due = this.#next();
    if (due) this.advance(Math.max(0, due.at - this.#monotonic));
    return due !== undefined;
  }

  #next(): Timer | undefined {
    return [...this.#timers].sort((one, other) => one.at - other.at)[0];
  }
}
