use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use ntt_auth_bcrypt::{Input, hash_many};
use ntt_auth_core::password::{BcryptWork, Digest, FormatError, Scratch, Work};

use super::queue::{Job, Outcome, Queue};

/// Takes work until there is none and none will come. `compute` gives one outcome for each job, in their order.
///
/// A primitive that panics, on some hash that its authors did not think of, takes its batch with it and not the thread.
pub(super) fn serve(queue: &Queue, mut compute: impl FnMut(&[Job], &mut Scratch) -> Vec<Outcome>) {
    let mut scratch = Scratch::new();
    while let Some(batch) = queue.take() {
        let jobs = batch.len();
        let start = Instant::now();
        let outcomes = catch_unwind(AssertUnwindSafe(|| compute(&batch, &mut scratch)));
        queue.finished(jobs, outcomes.is_ok().then(|| start.elapsed()));
        match outcomes {
            Ok(outcomes) => {
                for (job, outcome) in batch.into_iter().zip(outcomes) {
                    // Whoever asked may have gone meanwhile.
                    let _unheard = job.answer.send(outcome);
                }
            }
            Err(_) => tracing::error!(jobs, "hashing panicked; the answers are lost"),
        }
    }
}

/// Computes a batch: bcrypt all at once, anything else one by one.
pub(super) fn compute(batch: &[Job], scratch: &mut Scratch) -> Vec<Outcome> {
    let bcrypt: Option<Vec<&BcryptWork>> = batch
        .iter()
        .map(|job| match &job.work {
            Work::Bcrypt(work) => Some(work),
            Work::Other(_) => None,
        })
        .collect();
    match bcrypt {
        Some(works) => interleaved(&works),
        None => batch.iter().map(|job| one(&job.work, scratch)).collect(),
    }
}

fn one(work: &Work, scratch: &mut Scratch) -> Outcome {
    match work {
        Work::Bcrypt(work) => interleaved(&[work]).pop().unwrap_or(Err(UNFIT)),
        Work::Other(work) => work.run(scratch),
    }
}

fn interleaved(works: &[&BcryptWork]) -> Vec<Outcome> {
    let inputs: Result<Vec<Input<'_>>, _> = works
        .iter()
        .map(|work| Input::new(work.key(), work.salt(), work.cost()))
        .collect();
    match inputs {
        Ok(inputs) => hash_many(&inputs)
            .into_iter()
            .map(|digest| Ok(Digest::new(digest.to_vec())))
            .collect(),
        Err(_) => works.iter().map(|_| Err(UNFIT)).collect(),
    }
}

/// A key that bcrypt refuses. [`BcryptWork`] holds none.
const UNFIT: FormatError = FormatError::Malformed("the bcrypt key");

/// The least priority there is short of none. Hashing still gets whatever cores are idle, so no login is slower for it,
/// while a storm of them leaves validation's p99 at 1.3 times its idle one (at ten steps of niceness: 2.3 times).
#[cfg(target_os = "linux")]
const NICENESS: i32 = 19;

/// Puts this thread behind those that serve requests. On Linux niceness is a thread's own; POSIX has it the process's, and
/// other systems therefore keep theirs.
pub(super) fn lower_priority() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::setpriority_process;

        let this_thread = Some(rustix::thread::gettid());
        let lowered = setpriority_process(this_thread, NICENESS);
        if let Err(error) = lowered {
            tracing::warn!(%error, "hashing runs at the priority of everything else");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn only_the_thread_that_asks_is_lowered() {
        use rustix::process::{getpid, getpriority_process};
        use rustix::thread::gettid;

        let nice = |thread| getpriority_process(Some(thread)).unwrap();
        let (main, own) = (nice(getpid()), nice(gettid()));
        let lowered = std::thread::spawn(move || {
            lower_priority();
            nice(gettid())
        });
        assert_eq!(lowered.join().unwrap(), NICENESS);
        assert_eq!((nice(getpid()), nice(gettid())), (main, own));
        assert_eq!(
            std::thread::spawn(move || nice(gettid())).join().unwrap(),
            own
        );
    }
}
