import { type Caller, type CallOptions, part } from "../core/caller.js";
import type {
  Backup,
  DetailedHealth,
  Health,
  JobList,
  JobQuery,
  JsonWebKeySet,
  StatsQuery,
  SystemStats,
} from "../core/types.js";

/** The server itself. */
export class System {
  readonly #caller: Caller;
  readonly #metricsToken: string | null;

  /** @internal */
  constructor(caller: Caller, metricsToken: string | null) {
    this.#caller = caller;
    this.#metricsToken = metricsToken;
  }

  /** How the server is. */
  health(options?: CallOptions): Promise<Health> {
    return this.#open("health", "/health", "status", options);
  }

  /** Whether the process is alive. */
  live(options?: CallOptions): Promise<Health> {
    return this.#open("live", "/health/live", "status", options);
  }

  /** Whether requests may be sent there. A server that is not ready is an answer, and no error: `status` says so. */
  ready(options?: CallOptions): Promise<Health> {
    return this.#open("ready", "/health/ready", "status", options, 503);
  }

  /** How each part of the server is; administrators are told more. */
  detailed(options?: CallOptions): Promise<DetailedHealth> {
    return this.#caller.object("system.detailed GET /health/detailed", "components", options, {
      auth: "optional",
    });
  }

  /** Figures of accounts, sessions and sign-ins. */
  stats(query?: StatsQuery, options?: CallOptions): Promise<SystemStats> {
    return this.#caller.object("system.stats GET system/stats", "accounts", options, { query });
  }

  /** Makes a backup and checks it. */
  backup(options?: CallOptions): Promise<Backup> {
    return this.#caller.object("system.backup POST system/backup", "name", options);
  }

  /** Metrics in the OpenMetrics format, with the client's `metricsToken`. */
  metrics(options?: CallOptions): Promise<string> {
    const auth = { bearer: this.#metricsToken };
    return this.#caller.text("system.metrics GET /metrics", options, { auth });
  }

  /** The public keys that access tokens are signed with (RFC 7517). */
  jwks(options?: CallOptions): Promise<JsonWebKeySet> {
    return this.#open("jwks", "/.well-known/jwks.json", "keys", options);
  }

  /** The server's OpenAPI document. */
  openapi(options?: CallOptions): Promise<Record<string, unknown>> {
    return this.#open("openapi", "/openapi.json", "openapi", options);
  }

  /** One page of jobs, such as mails that wait or were given up. */
  listJobs(query?: JobQuery, options?: CallOptions): Promise<JobList> {
    return this.#caller.object("system.list_jobs GET system/jobs", "items", options, { query });
  }

  /** Has a job tried again. */
  retryJob(jobId: string, options?: CallOptions): Promise<void> {
    return this.#caller.nothing(`system.retry_job POST system/jobs/${part(jobId)}/retry`, options);
  }

  /** Forgets a job. */
  removeJob(jobId: string, options?: CallOptions): Promise<void> {
    return this.#caller.nothing(`system.remove_job DELETE system/jobs/${part(jobId)}`, options);
  }

  #open<Result>(
    verb: string,
    address: `/${string}`,
    member: keyof Result & string,
    options?: CallOptions,
    also?: number,
  ): Promise<Result> {
    return this.#caller.object(`system.${verb} GET ${address}`, member, options, {
      auth: "none",
      ...(also && { also }),
    });
  }
}
