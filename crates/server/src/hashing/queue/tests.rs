use std::sync::Arc;

use ntt_auth_core::password::{Argon2Cost, BcryptCost, HashingPolicy, Plain};

use super::*;
use crate::hashing::worker;

const LIMITS: Limits = Limits {
    workers: 1,
    waiting: 6,
    max_wait: Duration::from_secs(3),
    lanes: 5,
};

fn bcrypt(cost: u8) -> Task {
    let policy = HashingPolicy::Bcrypt {
        cost: BcryptCost::for_tests(cost).unwrap(),
    };
    Task::alone(policy.decoy(&Plain::parse("password").unwrap()).0)
}

fn argon2() -> Task {
    let policy = HashingPolicy::Argon2id(Argon2Cost::new(12 << 10, 3, 1).unwrap());
    Task::alone(policy.decoy(&Plain::parse("password").unwrap()).0)
}

fn costs(batch: &[Job]) -> Vec<u8> {
    batch
        .iter()
        .map(|job| match &job.task.work {
            Work::Bcrypt(work) => work.cost(),
            Work::Other(_) => 0,
        })
        .collect()
}

#[test]
fn a_full_queue_refuses_at_once() {
    let queue = Queue::new(LIMITS);
    let waiting: Vec<_> = (0..6).map(|_| queue.admit(bcrypt(4)).unwrap()).collect();
    assert_eq!(
        queue.admit(bcrypt(4)).unwrap_err(),
        HasherError::Overloaded {
            retry_after_secs: 1
        }
    );
    assert_eq!(
        queue.stats(),
        Stats {
            waiting: 6,
            refused: 1,
            ..Stats::default()
        }
    );
    drop(waiting);
    // Nobody waits for those six any more.
    queue.admit(bcrypt(4)).unwrap();
    assert_eq!(
        queue.stats(),
        Stats {
            waiting: 1,
            refused: 1,
            abandoned: 6,
            ..Stats::default()
        }
    );
}

#[test]
fn a_wait_too_long_by_measure_is_refused_with_the_time_it_takes() {
    let queue = Queue::new(LIMITS);
    let first = queue.admit(bcrypt(4)).unwrap();
    let batch = queue.take().unwrap();
    // A lone hash takes 2.5 s here, so one of many takes 1 s.
    queue.finished(batch.len(), Some(Duration::from_millis(2500)));
    let waiting: Vec<_> = (0..4).map_while(|_| queue.admit(bcrypt(4)).ok()).collect();
    assert_eq!(waiting.len(), 4);
    assert_eq!(
        queue.admit(bcrypt(4)).unwrap_err(),
        HasherError::Overloaded {
            retry_after_secs: 4
        }
    );
    let batch = queue.take().unwrap();
    assert_eq!(
        queue.stats(),
        Stats {
            running: 4,
            done: 1,
            batches: 2,
            refused: 1,
            ..Stats::default()
        }
    );
    assert_eq!(
        queue.admit(bcrypt(4)).unwrap_err(),
        HasherError::Overloaded {
            retry_after_secs: 4
        }
    );
    queue.finished(batch.len(), Some(Duration::from_secs(4)));
    queue.admit(bcrypt(4)).unwrap();
    drop((first, waiting));
}

#[test]
fn threads_share_what_waits_and_interleave_the_rest() {
    for (waiting, idle, taken) in [
        (0, 0, 1),
        (1, 0, 1),
        (2, 1, 1),
        (2, 0, 2),
        (3, 1, 2),
        (9, 1, 5),
        (4, 7, 1),
        (50, 0, 5),
    ] {
        assert_eq!(width(waiting, idle, 5), taken, "{waiting} {idle}");
    }
    assert_eq!(width(50, 0, 1), 1);
}

#[test]
fn a_batch_is_bcrypt_of_one_cost_and_the_first_job_is_always_in_it() {
    let queue = Queue::new(Limits {
        waiting: 100,
        ..LIMITS
    });
    let order = [
        bcrypt(4),
        argon2(),
        bcrypt(5),
        bcrypt(4),
        bcrypt(4),
        argon2(),
        bcrypt(4),
        bcrypt(4),
        bcrypt(4),
    ];
    let answers: Vec<_> = order
        .into_iter()
        .map(|work| queue.admit(work).unwrap())
        .collect();
    let batches: Vec<_> = (0..5).map(|_| costs(&queue.take().unwrap())).collect();
    assert_eq!(batches, [vec![4; 5], vec![0], vec![5], vec![0], vec![4]]);
    drop(answers);
}

#[test]
fn work_that_nobody_waits_for_is_not_begun() {
    let queue = Queue::new(LIMITS);
    let mut answers: Vec<_> = (0..6).map(|_| queue.admit(bcrypt(4)).unwrap()).collect();
    answers.truncate(1);
    let begun = queue.take().unwrap();
    assert_eq!(begun.len(), 1);
    assert_eq!(
        queue.stats(),
        Stats {
            running: 1,
            batches: 1,
            abandoned: 5,
            ..Stats::default()
        }
    );
}

#[test]
fn a_closed_queue_lets_nothing_in_and_hands_out_the_rest() {
    let queue = Queue::new(LIMITS);
    let answer = queue.admit(bcrypt(4)).unwrap();
    queue.close();
    assert_eq!(queue.admit(bcrypt(4)).unwrap_err(), HasherError::Closed);
    assert_eq!(queue.take().unwrap().len(), 1);
    assert!(queue.take().is_none());
    drop(answer);
}

#[test]
fn a_waiting_thread_is_woken_by_closing() {
    let queue = Arc::new(Queue::new(LIMITS));
    let waiting = std::thread::spawn({
        let queue = Arc::clone(&queue);
        move || queue.take().is_none()
    });
    while queue.state().idle == 0 {
        std::thread::yield_now();
    }
    queue.close();
    assert!(waiting.join().unwrap());
}

#[test]
fn a_panic_costs_its_batch_and_not_the_thread() {
    let queue = Arc::new(Queue::new(LIMITS));
    let (unlucky, lucky) = (
        queue.admit(argon2()).unwrap(),
        queue.admit(bcrypt(4)).unwrap(),
    );
    queue.close();
    worker::serve(&queue, |batch, scratch| {
        assert!(
            matches!(batch[0].task.work, Work::Bcrypt(_)),
            "the first one, on purpose"
        );
        worker::compute(batch, scratch)
    });
    assert!(unlucky.blocking_recv().is_err());
    assert!(lucky.blocking_recv().unwrap().is_ok());
    assert_eq!(
        queue.stats(),
        Stats {
            done: 1,
            batches: 2,
            ..Stats::default()
        }
    );
}
