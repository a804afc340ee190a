import {
  AuthenticationError,
  ConflictError,
  type ErrorDetails,
  InvalidRequestError,
  NotFoundError,
  type NttAuthError,
  PermissionDeniedError,
  RateLimitedError,
  ServerError,
  UnexpectedAnswerError,
  ValidationError,
} from "./errors.js";
import { PROBLEMS } from "./problems.js";
import type { FieldProblem, ProblemCode } from "./types.js";

type Constructor = new (details: ErrorDetails) => NttAuthError;

const BY_STATUS: Readonly<Record<number, Constructor>> = {
  401: AuthenticationError,
  403: PermissionDeniedError,
  404: NotFoundError,
  409: ConflictError,
  410: NotFoundError,
  422: ValidationError,
  429: RateLimitedError,
};

/** What is known of an answer before its body is looked at. */
export interface Head {
  readonly operation: string;
  readonly status: number;
  readonly headers: Headers;
  /** The id that was sent; the server's own goes before it. */
  readonly requestId: string;
  /** The time by which `Retry-After` dates are read, in milliseconds. */
  readonly now: number;
}

/** Makes a result of an answer. */
export type Read<Result> = (response: Response, head: Head) => Promise<Result>;

/** The error that an answer is, whatever is in its body. */
export function problem(head: Head, body: string): NttAuthError {
  const { operation, status, headers } = head;
  const members = parsed(body);
  const code = text(members?.code);
  const known = code !== null && Object.hasOwn(PROBLEMS, code) ? PROBLEMS[code as ProblemCode] : null;
  const Class = known ?? BY_STATUS[status] ?? (status < 500 ? InvalidRequestError : ServerError);
  return new Class({
    operation,
    code,
    status,
    requestId: text(members?.requestId) ?? headers.get("x-request-id") ?? head.requestId,
    title: text(members?.title) ?? (code === null ? `The server answered with status ${status}` : null),
    detail: text(members?.detail),
    retryAfter: retryAfter(headers.get("retry-after"), head.now),
    errors: Array.isArray(members?.errors) ? members.errors.filter(isFieldProblem) : [],
  });
}

/** The error of an answer that says it went well, and is not what was asked for. */
export function unexpected(head: Head, detail: string): UnexpectedAnswerError {
  return new UnexpectedAnswerError({
    operation: head.operation,
    status: head.status,
    requestId: head.headers.get("x-request-id") ?? head.requestId,
    title: "This is no answer of an ntt-auth server",
    detail,
  });
}

/** An object in JSON, or `null` if the text is none. */
export function parsed(body: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** `Retry-After` (RFC 9110 § 10.2.3) in seconds, or `null`. */
function retryAfter(value: string | null, now: number): number | null {
  if (value === null) return null;
  if (/^\d+$/.test(value)) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, (at - now) / 1000);
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function isFieldProblem(entry: unknown): entry is FieldProblem {
  const { field, code, message } = (entry ?? {}) as Record<string, unknown>;
  return typeof field === "string" && typeof code === "string" && typeof message === "string";
}
