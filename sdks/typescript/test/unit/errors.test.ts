import { describe, expect, test } from "@jest/globals";
import openapi from "../../../../openapi/ntt-auth.json" with { type: "json" };
import { PROBLEMS } from "../../src/core/problems.js";
import * as library from "../../src/index.js";
import { type AuthError, isAuthError, NttAuthError, RateLimitedError } from "../../src/index.js";

const CLASSES = new Map<string, unknown>(Object.entries(library));

describe("errors", () => {
  test("every code of the server has a class of its own, and no other has", () => {
    expect(Object.keys(PROBLEMS).sort()).toEqual([...openapi.components.schemas.ProblemCode.enum].sort());
    expect(new Set(Object.values(PROBLEMS)).size).toBe(Object.keys(PROBLEMS).length);
  });

  test.each(Object.entries(PROBLEMS))("%s is exported, has its name and a hint", (code, Class) => {
    const error = new Class({ operation: "auth.login", code });
    expect(CLASSES.get(error.name)).toBe(Class);
    expect(error).toBeInstanceOf(NttAuthError);
    expect(error.hint.length).toBeGreaterThanOrEqual(10);
    expect(error.code).toBe(code);
  });

  test("the text names operation, code and request", () => {
    const error = new RateLimitedError({
      operation: "auth.login",
      code: "rate_limited",
      requestId: "req-7",
      title: "Too many requests",
      detail: "From one address.",
    });
    expect(String(error)).toBe(
      "RateLimitedError: auth.login: Too many requests: From one address. (rate_limited, request req-7)",
    );
    expect(String(new NttAuthError({ operation: "me.read" }))).toBe("NttAuthError: me.read: failed");
  });

  test("a switch over the code finds the class", () => {
    const error: unknown = new library.ValidationFailedError({
      operation: "auth.register",
      code: "validation_failed",
      errors: [{ field: "/email", code: "invalid", message: "This is no address." }],
    });
    expect(isAuthError(error) && told(error)).toBe("/email");
    expect(isAuthError(new Error("another"))).toBe(false);
  });
});

function told(error: AuthError): string {
  switch (error.code) {
    case "validation_failed":
      return error.errors.map(({ field }) => field).join();
    case "rate_limited":
      return `in ${error.retryAfter} s`;
    case null:
      return "no answer";
    default:
      return error.code;
  }
}
