/** `expect`, as far as the suites use it: with Jest's own comparisons, and without what ties the rest of it to Node. */
import { equals, iterableEquality, subsetEquality, typeEquality } from "@jest/expect-utils";

type Check = (got: unknown, wanted?: unknown, more?: unknown) => boolean;

const LOOSE = [iterableEquality];

const CHECKS: Readonly<Record<string, Check>> = {
  toBe: (got, wanted) => Object.is(got, wanted),
  toEqual: (got, wanted) => equals(got, wanted, LOOSE),
  toStrictEqual: (got, wanted) => equals(got, wanted, [...LOOSE, typeEquality], true),
  toMatchObject: (got, wanted) => equals(got, wanted, [...LOOSE, subsetEquality]),
  toBeNull: (got) => got === null,
  toBeUndefined: (got) => got === undefined,
  toBeTruthy: (got) => Boolean(got),
  toBeInstanceOf: (got, wanted) => got instanceof (wanted as new () => unknown),
  toContain: (got, wanted) => (got as string).includes(wanted as string),
  toMatch: (got, wanted) => new RegExp(wanted as RegExp).test(got as string),
  toHaveLength: (got, wanted) => (got as { length: number }).length === wanted,
  toBeGreaterThan: (got, wanted) => (got as number) > (wanted as number),
  toBeGreaterThanOrEqual: (got, wanted) => (got as number) >= (wanted as number),
  toBeLessThan: (got, wanted) => (got as number) < (wanted as number),
  toBeLessThanOrEqual: (got, wanted) => (got as number) <= (wanted as number),
  toBeCloseTo: (got, wanted, digits = 2) =>
    Math.abs((got as number) - (wanted as number)) < 10 ** -(digits as number) / 2,
  toThrow: (got, wanted) => isError(thrown(got), wanted),
};

function thrown(work: unknown): unknown {
  if (typeof work !== "function") return work;
  try {
    work();
    return null;
  } catch (error) {
    return error;
  }
}

function isError(error: unknown, wanted: unknown): boolean {
  if (error === null || error === undefined) return false;
  if (typeof wanted === "function") return error instanceof wanted;
  return wanted === undefined || String((error as Error).message).includes(String(wanted));
}

type Matchers<Result> = Readonly<Record<string, (wanted?: unknown, more?: unknown) => Result>>;

function matchers(got: unknown, negated: boolean): Matchers<void> {
  const entries = Object.entries(CHECKS).map(([name, check]) => [
    name,
    (wanted?: unknown, more?: unknown) => {
      if (check(got, wanted, more) === negated) {
        throw new Error(`${negated ? "not " : ""}${name}: ${shown(got)} against ${shown(wanted)}`);
      }
    },
  ]);
  return Object.fromEntries(entries);
}

function later(work: Promise<unknown>, rejects: boolean): Matchers<Promise<void>> {
  const settled = async (): Promise<unknown> => {
    const got = await work.then(
      (value) => ({ value, failed: false }),
      (value: unknown) => ({ value, failed: true }),
    );
    if (got.failed !== rejects)
      throw new Error(`${rejects ? "resolved" : "rejected"} with ${shown(got.value)}`);
    return got.value;
  };
  const entries = Object.keys(CHECKS).map((name) => [
    name,
    async (wanted?: unknown, more?: unknown) => matchers(await settled(), false)[name]?.(wanted, more),
  ]);
  return Object.fromEntries(entries);
}

function shown(value: unknown): string {
  if (value instanceof Error) return String(value);
  try {
    return JSON.stringify(value)?.slice(0, 600) ?? String(value);
  } catch {
    return String(value);
  }
}

export const expect = (got: unknown): object => ({
  ...matchers(got, false),
  not: matchers(got, true),
  rejects: later(Promise.resolve(got), true),
  resolves: later(Promise.resolve(got), false),
});
