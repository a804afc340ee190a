import type { FieldProblem, ProblemCode } from "../core/types.js";

/** A refusal, as the real server words it. */
export class FakeProblem {
  readonly code: ProblemCode;
  readonly status: number;
  readonly detail: string;
  readonly errors: readonly FieldProblem[];

  constructor(code: ProblemCode, status: number, detail = "", errors: readonly FieldProblem[] = []) {
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.errors = errors;
  }
}
