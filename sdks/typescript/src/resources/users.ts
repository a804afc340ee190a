import { type Caller, type CallOptions, part } from "../core/caller.js";
import type {
  BulkAction,
  BulkOutcome,
  ExportQuery,
  ImportQuery,
  ImportReport,
  ProfileChange,
  Role,
  SessionList,
  Suspension,
  User,
  UserCreation,
  UserExport,
  UserList,
  UserQuery,
} from "../core/types.js";

/** All accounts, for administrators; what each role may do says `auth.permissions`. */
export class Users {
  readonly #caller: Caller;

  /** @internal */
  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** One page of users. */
  list(query?: UserQuery, options?: CallOptions): Promise<UserList> {
    return this.#caller.object("users.list GET users", "items", options, { query });
  }

  /** All users that the query finds, page by page. */
  iterate(query?: Omit<UserQuery, "cursor">, options?: CallOptions): AsyncGenerator<User, void, undefined> {
    return this.#caller.pages("users.iterate GET users", options, { query });
  }

  /** Makes an account of any role that the caller may grant. */
  create(creation: UserCreation, options?: CallOptions): Promise<User> {
    return this.#caller.object("users.create POST users", "userId", options, { json: creation });
  }

  /** Reads an account. */
  read(userId: string, options?: CallOptions): Promise<User> {
    return this.#caller.object(`users.read GET users/${part(userId)}`, "userId", options);
  }

  /** Changes the profile of an account: a field left out is kept, `null` clears it. */
  update(userId: string, change: ProfileChange, options?: CallOptions): Promise<User> {
    return this.#caller.object(`users.update PATCH users/${part(userId)}`, "userId", options, {
      json: change,
    });
  }

  /** Deletes an account, which can be restored for a while. */
  delete(userId: string, options?: CallOptions): Promise<void> {
    return this.#caller.nothing(`users.delete DELETE users/${part(userId)}`, options);
  }

  /** Erases an account for good, with everything that is held on its owner. */
  erase(userId: string, options?: CallOptions): Promise<void> {
    return this.#caller.nothing(`users.erase DELETE users/${part(userId)}`, options, {
      query: { erase: true },
    });
  }

  /** Gives an account another role; tokens with the old one are refused at once. */
  changeRole(userId: string, role: Role, options?: CallOptions): Promise<User> {
    return this.#caller.object(`users.change_role PATCH users/${part(userId)}/role`, "userId", options, {
      json: { role },
    });
  }

  /** Suspends an account and ends its sessions; until a time, or until it is reactivated. */
  suspend(userId: string, suspension: Suspension = {}, options?: CallOptions): Promise<User> {
    return this.#caller.object(`users.suspend POST users/${part(userId)}/suspend`, "userId", options, {
      json: suspension,
    });
  }

  /** Lifts a suspension. */
  reactivate(userId: string, options?: CallOptions): Promise<User> {
    return this.#act("reactivate", userId, options);
  }

  /** Brings a deleted account back. */
  restore(userId: string, options?: CallOptions): Promise<User> {
    return this.#act("restore", userId, options);
  }

  /** Forgets the wrong passwords that locked an account. */
  unlock(userId: string, options?: CallOptions): Promise<User> {
    return this.#act("unlock", userId, options);
  }

  /** The open sessions of a user. */
  listSessions(userId: string, options?: CallOptions): Promise<SessionList> {
    return this.#caller.object(`users.list_sessions GET users/${part(userId)}/sessions`, "items", options);
  }

  /** Ends all sessions of a user. */
  logoutAll(userId: string, options?: CallOptions): Promise<void> {
    return this.#caller.nothing(`users.logout_all POST users/${part(userId)}/logout-all`, options, {
      repeatable: true,
    });
  }

  /** Has a link sent by which the user chooses a new password. */
  resetPassword(userId: string, options?: CallOptions): Promise<void> {
    return this.#caller.nothing(`users.reset_password POST users/${part(userId)}/reset-password`, options);
  }

  /** Has another link sent that verifies the user's address. */
  resendVerification(userId: string, options?: CallOptions): Promise<void> {
    return this.#caller.nothing(
      `users.resend_verification POST users/${part(userId)}/resend-verification`,
      options,
    );
  }

  /** Everything that is held on a user. */
  export(userId: string, options?: CallOptions): Promise<UserExport> {
    return this.#caller.object(`users.export GET users/${part(userId)}/export`, "profile", options);
  }

  /** Does one thing to up to 200 users, each judged alone. */
  bulk(
    action: BulkAction["action"],
    userIds: readonly string[],
    details?: Omit<BulkAction, "action" | "userIds">,
    options?: CallOptions,
  ): Promise<BulkOutcome> {
    return this.#caller.object("users.bulk POST users/bulk", "results", options, {
      json: { action, userIds, ...details },
    });
  }

  /** All users as text: JSON Lines, or CSV. */
  exportAll(query?: ExportQuery, options?: CallOptions): Promise<string> {
    return this.#caller.text("users.export_all GET users/export", options, { query, stream: true });
  }

  /** Moves users in from a file: a text, a `Blob`, or a stream, which is read as it is sent. */
  importUsers(
    source: string | Blob | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
    query: ImportQuery,
    options?: CallOptions,
  ): Promise<ImportReport> {
    return this.#caller.object("users.import_users POST users/import", "rows", options, {
      query,
      body: source,
      contentType: CONTENT_TYPES[query.format] ?? "application/json",
      // The server reads and writes row after row.
      patience: 600_000,
    });
  }

  #act(verb: "reactivate" | "restore" | "unlock", userId: string, options?: CallOptions): Promise<User> {
    return this.#caller.object(`users.${verb} POST users/${part(userId)}/${verb}`, "userId", options);
  }
}

const CONTENT_TYPES: Partial<Record<ImportQuery["format"], string>> = {
  jsonl: "application/x-ndjson",
  csv: "text/csv",
};
