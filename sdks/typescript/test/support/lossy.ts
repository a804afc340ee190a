/** A network that loses what it carries, the same way for the same seed. */
export class LossyNetwork {
  readonly #loss: number;
  #state: number;
  /** How many answers were lost after the server had done what it was asked for. */
  lostAnswers = 0;
  /** How many requests never arrived. */
  lostRequests = 0;

  constructor(seed: number, loss: number) {
    this.#state = seed;
    this.#loss = loss;
  }

  /** The next number from 0 to 1 (mulberry32). */
  readonly random = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };

  readonly fetch: typeof fetch = async (input, init) => {
    if (this.random() < this.#loss) {
      this.lostRequests += 1;
      throw new TypeError("fetch failed", { cause: { code: "ECONNREFUSED" } });
    }
    const answer = await fetch(input, init);
    if (this.random() < this.#loss) {
      await answer.arrayBuffer();
      this.lostAnswers += 1;
      throw new TypeError("fetch failed", { cause: { code: "ECONNRESET" } });
    }
    return answer;
  };
}
