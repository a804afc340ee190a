/** Verbs that give one thing after another. */
const STREAMS = new Set(["iterate", "follow"]);

/**
 * A noun whose code is fetched with its first call: what administers and what follows streams is seldom needed in a page, and need
 * not be loaded with it.
 */
export function lazy<Noun extends object>(load: () => Promise<Noun>): Noun {
  let loading: Promise<Noun> | null = null;
  const loaded = (): Promise<Noun> => {
    loading ??= load().catch((error: unknown) => {
      loading = null;
      throw error;
    });
    return loading;
  };
  return new Proxy({} as Noun, {
    get(_, verb) {
      // What promises, JSON and consoles look for is not there.
      if (typeof verb === "symbol" || verb === "then" || verb === "toJSON") return undefined;
      return (...given: readonly unknown[]) => {
        const called = loaded().then((noun) => (noun as Record<string, Verb>)[verb]?.(...given));
        return STREAMS.has(verb) ? one(called as Promise<AsyncIterable<unknown>>) : called;
      };
    },
  });
}

type Verb = (...given: readonly unknown[]) => unknown;

async function* one(called: Promise<AsyncIterable<unknown>>): AsyncGenerator<unknown> {
  yield* await called;
}
