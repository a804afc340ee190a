//! How many files and connections the system lets this process have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors for everything that is not a connection: database, log, listeners, the runtime.
const RESERVED: u64 = 128;

/// Raises the process's own limit as far as the system allows, and says how many of the wanted connections fit.
pub fn room_for(connections: usize) -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: maximum,
            maximum,
        },
    );
    let allowed = if raised.is_ok() { maximum } else { current };
    let Some(allowed) = allowed else {
        return connections;
    };
    let room = usize::try_from(allowed.saturating_sub(RESERVED))
        .unwrap_or(usize::MAX)
        .max(1);
    if room < connections {
        tracing::warn!(
            target: "listen",
            "the system allows {allowed} open files: at most {room} connections are accepted, not {connections}; raise \
             the limit (ulimit -n, LimitNOFILE) or lower http.max_connections"
        );
    }
    room.min(connections)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promises_no_more_than_there_is() {
        assert_eq!(room_for(1), 1);
        let room = room_for(usize::MAX);
        assert!(room > 0);
        if let Some(maximum) = getrlimit(Resource::Nofile).maximum {
            assert!(u64::try_from(room).unwrap() < maximum);
        }
    }
}
