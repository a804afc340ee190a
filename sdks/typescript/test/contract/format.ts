/** The format of `sdks/contract`, as far as the runners read it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type Members = Readonly<Record<string, Json>>;

export interface ExpectedRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string | null | { readonly token: string }>>;
  readonly json?: Json;
  readonly text?: string;
}

export interface GivenResponse {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: Json;
  readonly text?: string;
  readonly problem?: Members & { readonly code: string };
  readonly failure?: string;
  readonly after?: number;
  readonly keySet?: string;
  readonly maxAge?: number;
  readonly events?: string;
  /** What somebody else puts into the token store before the answer comes. */
  readonly store?: Members | null;
}

export interface Exchange {
  readonly request: ExpectedRequest;
  readonly response: GivenResponse;
  readonly times?: readonly [number, number];
}

export interface ExpectedError {
  readonly class?: string | readonly string[];
  readonly group?: string;
  readonly requestId?: string | null | { readonly sent: true };
  readonly code?: string | null;
  readonly [member: string]: unknown;
}

export interface Expectation {
  readonly result?: Json;
  readonly error?: ExpectedError;
  readonly tokens?: Members | null;
  readonly slept?: readonly number[];
  readonly told?: readonly string[];
}

export interface CallStep {
  readonly call: string;
  readonly arguments?: Members;
  readonly exchange?: readonly Exchange[];
  readonly expect?: Expectation;
}

export type ClientStep =
  | CallStep
  | { readonly advance: number }
  | { readonly setClock: string }
  | { readonly store: Members | null }
  | {
      readonly parallel: readonly CallStep[];
      readonly exchange?: readonly Exchange[];
      readonly expect?: Expectation;
    };

export interface ClientCase {
  readonly name: string;
  readonly why: string;
  readonly only?: readonly string[];
  readonly client?: {
    readonly now?: string;
    readonly random?: number;
    readonly signedIn?: Members | null;
    readonly mode?: "body" | "cookie";
    readonly feedToken?: string;
    readonly metricsToken?: string;
  };
  readonly steps: readonly ClientStep[];
}

export interface Operation {
  readonly operationId: string;
  readonly positional: readonly string[];
  readonly options: readonly string[];
  readonly auth: string;
  readonly repeatable: boolean;
  readonly result: string | null;
}
