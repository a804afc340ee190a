//! The real queue over real conversations: no mail is lost, and none is sent twice but where nobody can know.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ntt_auth::mail::MailRoom;
use ntt_auth_core::flow::{JOB_LEASE, JobsReport, run_jobs};
use ntt_auth_core::model::{Job, JobState};
use ntt_auth_core::store::JobQuery;
use ntt_auth_web::Condition;

use crate::fake::{At, Fake, Fault, Manner, Taken};
use crate::installation::Installation;

const MOST: u32 = 200;

/// What sends the mail of an installation to a server, without patience.
fn mail(installation: &Installation, fake: &Fake) -> MailRoom {
    mail_by_port(installation, fake.address.port())
}

fn mail_by_port(installation: &Installation, port: u16) -> MailRoom {
    installation.mail(&[
        ("mail.smtp.host", "127.0.0.1"),
        ("mail.smtp.port", &port.to_string()),
        ("mail.smtp.security", "none"),
        ("mail.smtp.connect_timeout", "1s"),
        ("mail.smtp.timeout", "1s"),
        ("mail.smtp.data_timeout", "1s"),
    ])
}

async fn run(installation: &Installation, mail: &MailRoom) -> JobsReport {
    run_jobs(&installation.auth, mail.post.as_ref(), "node", MOST)
        .await
        .unwrap()
}

/// Performs jobs and lets time pass until nothing waits any more. The steps are short beside the day after which mail is
/// given up: while a server fails, the breaker lets only a few through in each.
async fn settle(installation: &Installation, mail: &MailRoom) {
    for _ in 0..400 {
        run(installation, mail).await;
        let waiting = jobs(installation)
            .await
            .iter()
            .any(|job| job.due_at.is_some());
        if !waiting {
            return;
        }
        installation.wait(Duration::from_mins(10)).await;
    }
    panic!("mail waits for ever");
}

async fn jobs(installation: &Installation) -> Vec<Job> {
    let query = JobQuery {
        state: None,
        after: None,
        limit: MOST,
    };
    let mut read = installation.auth.store().read();
    read.jobs().page(&query).await.unwrap()
}

/// How often each message arrived, by its `Message-ID`.
fn arrived(fake: &Fake) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    for mail in fake.taken() {
        *count.entry(message_id(&mail)).or_default() += 1;
    }
    count
}

fn message_id(mail: &Taken) -> String {
    let line = mail
        .raw
        .split("\r\n")
        .find(|line| line.starts_with("Message-ID: "));
    line.unwrap().to_owned()
}

/// The ids that the messages of these jobs must have.
fn owed(jobs: &[Job]) -> BTreeSet<String> {
    jobs.iter()
        .map(|job| format!("Message-ID: <{}@auth.example.com>", job.id))
        .collect()
}

const STAGES: [At; 7] = [
    At::Banner,
    At::Ehlo,
    At::Mail,
    At::Rcpt,
    At::Data,
    At::Content,
    At::Dot,
];

#[tokio::test]
async fn whatever_fails_once_the_mail_arrives_once() {
    for at in STAGES {
        for fault in [Fault::Reply("421 4.3.2 later"), Fault::Drop, Fault::Silence] {
            if at == At::Content && matches!(fault, Fault::Reply(_)) {
                // Nobody replies in the midst of a message.
                continue;
            }
            let fake = Fake::start(Manner::default()).await;
            let installation = Installation::new().await;
            let post = mail(&installation, &fake);
            installation.owe_mail(1).await;
            fake.fail(at, fault.clone());
            let report = run(&installation, &post).await;
            assert_eq!(report.postponed, 1, "{at:?} {fault:?}");
            // Not before its time.
            assert_eq!(run(&installation, &post).await, JobsReport::default());
            settle(&installation, &post).await;
            let all = jobs(&installation).await;
            assert_eq!(all[0].state, JobState::Done, "{at:?} {fault:?}");
            // After the final dot the server had it, and we could not know.
            let unknowable = at == At::Dot && !matches!(fault, Fault::Reply(_));
            let expected = if unknowable { 2 } else { 1 };
            let arrived = arrived(&fake);
            assert_eq!(
                arrived.values().copied().collect::<Vec<_>>(),
                [expected],
                "{at:?} {fault:?}"
            );
            assert_eq!(arrived.into_keys().collect::<BTreeSet<_>>(), owed(&all));
        }
    }
}

#[tokio::test]
async fn ops10_a_storm_of_faults_loses_no_mail_and_doubles_none_beyond_the_bound() {
    for seed in 1..=2_u64 {
        let fake = Fake::start(Manner::default()).await;
        let installation = Installation::new().await;
        let post = mail(&installation, &fake);
        installation.owe_mail(40).await;
        let mut draw = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for _ in 0..60 {
            draw ^= draw << 13;
            draw ^= draw >> 7;
            draw ^= draw << 17;
            let at = STAGES[usize::try_from(draw % 7).unwrap()];
            let fault = match (draw >> 8) % 8 {
                0..=4 => Fault::Drop,
                5 if draw >> 16 & 1 == 0 => Fault::Silence,
                _ if at == At::Content => Fault::Drop,
                _ => Fault::Reply("451 4.3.0 later"),
            };
            fake.fail(at, fault);
        }
        settle(&installation, &post).await;
        let all = jobs(&installation).await;
        assert_eq!(all.len(), 40);
        assert!(
            all.iter().all(|job| job.state == JobState::Done),
            "seed {seed}"
        );
        let arrived = arrived(&fake);
        assert_eq!(
            arrived.keys().cloned().collect::<BTreeSet<_>>(),
            owed(&all),
            "seed {seed}: none is lost"
        );
        let failures = fake.failures();
        let unknowable = failures.iter().filter(|at| **at == At::Dot).count();
        let twice = arrived.values().sum::<usize>() - 40;
        assert!(
            failures.len() > 30 && unknowable > 0,
            "seed {seed} tries nothing"
        );
        assert!(twice <= unknowable, "seed {seed}: {twice} of {unknowable}");
        let counts = post.post.counts()["password-changed"];
        assert_eq!(counts.sent, 40);
        assert!(counts.put_off > 0);
    }
}

#[tokio::test]
async fn a_server_that_was_away_for_hours_is_given_everything() {
    let fake = Fake::start(Manner::default()).await;
    let installation = Installation::new().await;
    installation.owe_mail(5).await;
    // Nobody listens on this machine's discard port.
    let nowhere = mail_by_port(&installation, 9);
    for _ in 0..48 {
        run(&installation, &nowhere).await;
        installation.wait(Duration::from_mins(10)).await;
    }
    let all = jobs(&installation).await;
    assert!(
        all.iter()
            .all(|job| job.state == JobState::Waiting && job.attempts > 5)
    );
    for job in &all {
        let told = job.last_error.clone().unwrap();
        assert!(
            told.contains("onnection refused") || told.contains("is left alone"),
            "{told}"
        );
    }
    assert!(nowhere.breaker().unwrap().opened > 0);
    run(&installation, &nowhere).await;
    settle(&installation, &mail(&installation, &fake)).await;
    assert_eq!(
        arrived(&fake).into_keys().collect::<BTreeSet<_>>(),
        owed(&all)
    );
    assert!(arrived(&fake).values().all(|times| *times == 1));
}

#[tokio::test]
async fn a_mail_that_is_refused_for_good_is_given_up_in_sight_and_names_nobody() {
    let fake = Fake::start(Manner::default()).await;
    let installation = Installation::new().await;
    let post = mail(&installation, &fake);
    installation.owe_mail(2).await;
    fake.fail(
        At::Rcpt,
        Fault::Reply("550 5.1.1 <ada@example.com>: no such user ada"),
    );
    let report = run(&installation, &post).await;
    assert_eq!((report.done, report.dead), (1, 1));
    let all = jobs(&installation).await;
    let dead = all.iter().find(|job| job.state == JobState::Dead).unwrap();
    assert_eq!(
        dead.last_error.as_deref(),
        Some("the mail server answered 550 5.1.1 at RCPT TO")
    );
    assert_eq!(fake.taken().len(), 1);
    assert_eq!(post.post.counts()["password-changed"].refused, 1);
    // One mistyped address is no reason to call the operator.
    assert_eq!(post.component().condition, Condition::Ok);
}

#[tokio::test]
async fn several_nodes_send_each_mail_once() {
    let fake = Fake::start(Manner::default()).await;
    let installation = Installation::new().await;
    let posts = [(); 3].map(|()| mail(&installation, &fake));
    installation.owe_mail(30).await;
    let [a, b, c] = &posts;
    let auth = &installation.auth;
    let (a, b, c) = tokio::join!(
        run_jobs(auth, a.post.as_ref(), "a", MOST),
        run_jobs(auth, b.post.as_ref(), "b", MOST),
        run_jobs(auth, c.post.as_ref(), "c", MOST),
    );
    let done = [a, b, c].map(|report| report.unwrap().done);
    assert_eq!(done.iter().sum::<u32>(), 30, "{done:?}");
    assert_eq!(arrived(&fake).len(), 30);
    assert!(arrived(&fake).values().all(|times| *times == 1));
}

#[tokio::test]
async fn what_a_dying_node_had_begun_another_finishes() {
    for (at, times) in [(At::Rcpt, 1), (At::Data, 1), (At::Dot, 2)] {
        let fake = Fake::start(Manner::default()).await;
        let installation = Installation::new().await;
        installation.owe_mail(1).await;
        fake.fail(at, Fault::Silence);
        let dying = installation.mail(&[
            ("mail.smtp.host", "127.0.0.1"),
            ("mail.smtp.port", &fake.address.port().to_string()),
            ("mail.smtp.security", "none"),
        ]);
        let auth = Arc::clone(&installation.auth);
        let node =
            tokio::spawn(async move { run_jobs(&auth, dying.post.as_ref(), "dying", MOST).await });
        fake.failed(at).await;
        node.abort();
        assert!(node.await.unwrap_err().is_cancelled());

        let other = mail(&installation, &fake);
        let last_minute = Duration::from_mins(1);
        installation
            .wait(JOB_LEASE.saturating_sub(last_minute))
            .await;
        assert_eq!(run(&installation, &other).await, JobsReport::default());
        installation.wait(last_minute).await;
        assert_eq!(run(&installation, &other).await.done, 1);
        let arrived = arrived(&fake);
        assert_eq!(
            arrived.values().copied().collect::<Vec<_>>(),
            [times],
            "{at:?}"
        );
    }
}
