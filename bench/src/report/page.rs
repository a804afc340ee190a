//! What a page says before its tables.

use crate::machine::Machine;

/// One of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// One server on SQLite, beside a bare one.
    Server,
    /// Every engine, and several servers on one.
    Engines,
}

impl Page {
    /// Its heading.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Server => "Performance",
            Self::Engines => "Performance on each engine",
        }
    }

    /// How its figures came about.
    pub(super) fn method(self, machine: &Machine) -> String {
        let cores = machine.cores;
        match self {
            Self::Server => format!(
                "ntt-auth (a `dist` build, its defaults, rate limits off) and a bare server of the same stack (axum on hyper-util, \
                 tokio with one worker a core, mimalloc; it answers a fixed body and headers of the same size) run as processes of their own on one machine, \
                 and so does the client: all three share {cores} cores, which is why only ratios are promised. Rounds alternate; ratios are the median of the rounds'. \
                 In a closed loop a connection sends when it has its answer; in an open loop latency counts from the moment a request was due. \
                 On other databases than SQLite, and with several servers: [performance-engines.md](performance-engines.md)."
            ),
            Self::Engines => format!(
                "ntt-auth (a `dist` build, rate limits off, bcrypt at cost 4) on each engine, in one run. What [performance.md](performance.md) has is not measured again.\n\n\
                 **What shares the cores.** The client, ntt-auth and all database servers run on one machine with {cores} cores, so a database in a process of its own \
                 takes from ntt-auth what it needs itself, and every commit crosses the loopback interface several times. On machines of their own both sides have more; figures here \
                 compare engines, and do not tell how many sign-ins a fleet manages. Between rounds all engines run on, idle; rounds go from engine to engine, and each begins at another one.\n\n\
                 **Durability.** Every engine answers a commit when it is on the disk: SQLite with a write-ahead log and `synchronous=FULL`; \
                 PostgreSQL with `fsync` and `synchronous_commit` on; MariaDB and MySQL with `innodb_flush_log_at_trx_commit=1` and without a binary log; MongoDB as a replica set of one node, \
                 writes acknowledged by the majority and its journal. All have their default sizes of memory, but for MongoDB's cache (256 MiB). Whoever names servers of their own \
                 (`NTT_BENCH_POSTGRES_URL`, `…_MARIADB_URL`, `…_MYSQL_URL`, `…_MONGODB_URL`, `…_REDIS_URL`; databases must be empty) measures what those are set to.\n\n\
                 **Three servers.** Each is kept busy at a fixed rate: of forty requests one is a refresh, one a login, the others are validations. Meanwhile sessions end and tokens are revoked \
                 on one server after another, six at a time, in six ways: by signing out here, everywhere, or another session, by an administrator, by a suspension, by a change of role. \
                 Both other servers are asked for the token each millisecond, from before the revocation until they refuse it. What counts is the time from the moment at which the client has the answer to the \
                 revocation to the moment at which it has the last answer of another server that accepts the token. At the end every server is asked for every revoked token once more, and all must be refused."
            ),
        }
    }
}
