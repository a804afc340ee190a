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
    while let Some(mut batch) = queue.take() {
        let jobs = batch.len();
        for job in &mut batch {
            job.stage.computing(jobs);
        }
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
    compute_by(batch, scratch, &mut interleaved)
}

/// The same, with several bcrypts of one cost computed by `many`.
fn compute_by(
    batch: &[Job],
    scratch: &mut Scratch,
    many: &mut impl FnMut(&[&BcryptWork]) -> Vec<Outcome>,
) -> Vec<Outcome> {
    let bcrypt: Option<Vec<&BcryptWork>> = batch
        .iter()
        .map(|job| match &job.task.work {
            Work::Bcrypt(work) => Some(work),
            Work::Other(_) => None,
        })
        .collect();
    let outcomes = match bcrypt {
        Some(works) => many(&works),
        None => batch
            .iter()
            .map(|job| match &job.task.work {
                Work::Bcrypt(work) => many(&[work]).pop().unwrap_or(Err(UNFIT)),
                Work::Other(work) => work.run(scratch),
            })
            .collect(),
    };
    // What wrong passwords cost besides: those of one batch cost the same, and are interleaved again.
    let mut besides: Vec<_> = batch
        .iter()
        .zip(&outcomes)
        .filter_map(|(job, outcome)| Some(job.task.besides.after(outcome.as_ref().ok()?)))
        .collect();
    while let Some(cost) = besides
        .iter()
        .find_map(|works| works.first())
        .map(BcryptWork::cost)
    {
        let mut round = Vec::with_capacity(besides.len());
        for works in &mut besides {
            if let Some((work, rest)) = works.split_first().filter(|(work, _)| work.cost() == cost)
            {
                round.push(work);
                *works = rest;
            }
        }
        many(&round);
    }
    outcomes
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
    use std::time::Duration;

    use ntt_auth_core::password::{BcryptCost, Encoded, HashingPolicy, Plain, Task};
    use ntt_auth_core::port::Entropy;

    use super::*;
    use crate::hashing::queue::Limits;

    struct Sevens;
    impl Entropy for Sevens {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    #[test]
    fn v6_3_8_what_a_wrong_password_costs_besides_is_computed_in_the_same_turn() {
        let policy = |cost| HashingPolicy::Bcrypt {
            cost: BcryptCost::for_tests(cost).unwrap(),
        };
        let right = Plain::parse("password").unwrap();
        // Of a time in which hashes were cheaper.
        let (work, new) = policy(4).hash(&right, &Sevens);
        let Work::Bcrypt(work) = work else {
            unreachable!()
        };
        let digest = interleaved(&[&work]).remove(0).unwrap();
        let stored: Encoded = new.finish(&digest).expose().parse().unwrap();

        let queue = Queue::new(Limits {
            workers: 1,
            waiting: 4,
            max_wait: Duration::from_mins(1),
            lanes: 5,
        });
        let task = |password: &str| stored.task(&Plain::parse(password).unwrap(), &policy(6)).0;
        let _answers: Vec<_> = ["passwort", "password", "Password"]
            .map(|password| queue.admit(task(password)).unwrap())
            .into();
        let (unknown, _) = policy(6).decoy(&right);
        let _unknown = queue.admit(Task::alone(unknown)).unwrap();

        let mut rounds = Vec::new();
        let mut many = |works: &[&BcryptWork]| {
            rounds.push(works.iter().map(|work| work.cost()).collect::<Vec<_>>());
            interleaved(works)
        };
        for _ in 0..2 {
            let batch = queue.take().unwrap();
            let outcomes = compute_by(&batch, &mut Scratch::new(), &mut many);
            assert_eq!(outcomes.len(), batch.len());
        }
        // 4 + 4 + 5 is as much as one of 6; the right password costs nothing besides.
        let of_the_cheap = [vec![4; 3], vec![4; 2], vec![5; 2]];
        assert_eq!(rounds[..3], of_the_cheap);
        assert_eq!(rounds[3..], [vec![6]]);
    }

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
