//! Which programs a step of migrations leaves able to work, so that several versions can serve one database while they are replaced.

/// Whether a program whose newest own step is `newest` can work on a database in which `step`, which it does not know, was taken.
///
/// The name of a step tells: with `0014_avatars_from_0012` can live who knows step 0012. With one whose name tells nothing nobody
/// can who does not know it.
pub fn can_live_with(step: &str, newest: &str) -> bool {
    let from = step
        .rsplit_once("_from_")
        .and_then(|(_, from)| number(from));
    matches!((from, number(newest)), (Some(from), Some(known)) if from <= known)
}

/// The number that a name begins with.
fn number(name: &str) -> Option<u32> {
    name.split('_').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_says_from_which_one_on_programs_can_live_with_it() {
        assert!(can_live_with("0014_avatars_from_0012", "0012_feed"));
        assert!(can_live_with("0014_avatars_from_0012", "0013_more"));
        assert!(!can_live_with("0014_avatars_from_0012", "0011_root_secret"));
        assert!(!can_live_with("0014_avatars", "0013_more"));
        assert!(!can_live_with("0014_avatars_from_here", "0013_more"));
        assert!(!can_live_with("0014_avatars_from_0012", ""));
    }
}
