/** What the API speaks of, under the names of its OpenAPI document. */
import type { components, operations } from "./openapi.js";

type Schemas = components["schemas"];

/** The code of a problem that the server answers with. */
export type ProblemCode = Schemas["ProblemCode"];
export type Problem = Schemas["Problem"];
/** One thing that is wrong with an input: a JSON Pointer into the body, a code to branch on, a sentence for people. */
export type FieldProblem = Schemas["FieldProblem"];
/** A role, from the most to the least powerful: `super_admin`, `admin`, `moderator`, `user`, `guest`. */
export type Role = Schemas["RoleChange"]["role"];

export type User = Schemas["User"];
export type Registration = Schemas["Registration"];
export type Login = Schemas["Login"];
export type Tokens = Schemas["Tokens"];
export type Validation = Schemas["Validation"];
export type PasswordChange = Schemas["PasswordChange"];
export type PasswordReset = Schemas["PasswordReset"];
export type PasswordPolicy = Schemas["PasswordPolicy"];
export type EmailChange = Schemas["EmailChange"];
export type PermissionMatrix = Schemas["PermissionMatrix"];
export type DocumentList = Schemas["DocumentList"];
/** One open session of a user: a sign-in and the refreshes that followed it. */
export type SessionInfo = Schemas["Session"];
export type SessionList = Schemas["SessionList"];
export type ProfileChange = Schemas["ProfileChange"];
export type UserExport = Schemas["UserExport"];
export type Consent = Schemas["Consent"];
export type ConsentList = Schemas["ConsentList"];
export type UserList = Schemas["UserList"];
export type UserCreation = Schemas["Creation"];
export type Suspension = Schemas["Suspension"];
export type BulkAction = Schemas["BulkAction"];
export type BulkOutcome = Schemas["BulkOutcome"];
export type ImportReport = Schemas["ImportReport"];
export type AuditEvent = Schemas["AuditEvent"];
export type AuditEventList = Schemas["AuditEventList"];
export type Health = Schemas["Health"];
export type DetailedHealth = Schemas["DetailedHealth"];
export type SystemStats = Schemas["SystemStats"];
export type Backup = Schemas["Backup"];
export type Job = Schemas["Job"];
export type JobList = Schemas["JobList"];
/** One revocation: all that a service needs to refuse the tokens it concerns. */
export interface Revocation extends Omit<Schemas["Revocation"], "kind"> {
  /** The tokens of a session, or those of a user that are older than a version. */
  kind: "session" | "user";
}
export type RevocationHead = Schemas["RevocationHead"];
/** Revocations, and where to go on from. */
export interface RevocationPage extends Omit<Schemas["RevocationPage"], "entries"> {
  entries: Revocation[];
}
export type TestClock = Schemas["TestClock"];
export type TestClockAdvance = Schemas["TestClockAdvance"];
export type TestReset = Schemas["TestReset"];
export type Mail = Schemas["OutboxMail"];
export type MailHead = Schemas["OutboxHead"];
export type MailList = Schemas["OutboxList"];

type QueryOf<Operation extends keyof operations> = NonNullable<operations[Operation]["parameters"]["query"]>;

/** How a list of users is filtered, sorted and paged. */
export type UserQuery = QueryOf<"list_users">;
/** How security events are filtered and paged. */
export type AuditQuery = QueryOf<"list_audit_events">;
export type JobQuery = QueryOf<"list_jobs">;
export type StatsQuery = QueryOf<"system_stats">;
export type RevocationQuery = QueryOf<"list_revocations">;
export type MailQuery = QueryOf<"list_outbox">;
export type ExportQuery = QueryOf<"export_users">;
export type ImportQuery = QueryOf<"import_users">;

/** A public key, as RFC 7517 § 4 writes it. */
export interface JsonWebKey {
  readonly kty: string;
  readonly kid?: string;
  readonly alg?: string;
  readonly use?: string;
  readonly [parameter: string]: unknown;
}

/** A set of public keys, as RFC 7517 § 5 writes it. */
export interface JsonWebKeySet {
  readonly keys: readonly JsonWebKey[];
}

/** A value, or the promise of one: what a store may give without or with waiting. */
export type Awaitable<Value> = Value | Promise<Value>;
