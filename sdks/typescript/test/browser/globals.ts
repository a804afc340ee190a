/** What the tests import from `@jest/globals`, for a page: `expect`, and a runner of its own. */
import { expect } from "./expect.js";

type Work = () => unknown;

interface Block {
  readonly name: string;
  readonly parent: Block | null;
  readonly hooks: Readonly<Record<"beforeAll" | "afterAll" | "beforeEach" | "afterEach", Work[]>>;
  readonly items: (Block | Test)[];
}

interface Test {
  readonly title: string;
  readonly work: Work;
}

/** What became of a test. */
export interface Result {
  readonly name: string;
  readonly failure: string | null;
}

function block(name: string, parent: Block | null): Block {
  return { name, parent, hooks: { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] }, items: [] };
}

const root = block("", null);
let current = root;

function describe(name: string, body: Work): void {
  const inner = block(name, current);
  current.items.push(inner);
  current = inner;
  body();
  current = inner.parent ?? root;
}

function test(title: string, work: Work): void {
  current.items.push({ title, work });
}

/** One item for each row, whose values are put into the name. */
const each =
  (define: (name: string, body: Work) => void) =>
  (rows: readonly unknown[]) =>
  (name: string, body: (...row: readonly unknown[]) => unknown): void => {
    for (const row of rows) {
      const values = Array.isArray(row) ? row : [row];
      define(name.replace(/%[sp]/, String(values[0])), () => body(...values));
    }
  };

const hook =
  (kind: keyof Block["hooks"]) =>
  (work: Work): void => {
    current.hooks[kind].push(work);
  };

async function run(of: Block, path: readonly string[], results: Result[]): Promise<void> {
  for (const work of of.hooks.beforeAll) await work();
  for (const item of of.items) {
    if ("items" in item) await run(item, [...path, item.name], results);
    else results.push({ name: [...path, item.title].join(" › "), failure: await outcome(of, item) });
  }
  for (const work of of.hooks.afterAll) await work();
}

async function outcome(of: Block, { work }: Test): Promise<string | null> {
  try {
    for (const before of of.hooks.beforeEach) await before();
    await Promise.race([work(), late()]);
    for (const after of of.hooks.afterEach) await after();
    return null;
  } catch (error) {
    return error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
  }
}

const late = (): Promise<never> =>
  new Promise((_, reject) => setTimeout(() => reject(new Error("took more than 20 s")), 20_000));

const scope = globalThis as unknown as { runTests: () => Promise<Result[]> };
scope.runTests = async () => {
  const results: Result[] = [];
  await run(root, [], results);
  return results;
};

const describeEach = Object.assign(describe, { each: each(describe) });
const testEach = Object.assign(test, { each: each(test) });
const [beforeAll, afterAll] = [hook("beforeAll"), hook("afterAll")];
const [beforeEach, afterEach] = [hook("beforeEach"), hook("afterEach")];

export { afterAll, afterEach, beforeAll, beforeEach, describeEach as describe, expect, testEach as test };
