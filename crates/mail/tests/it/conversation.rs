//! Every way in which a conversation can fail, and what is made of it.

use std::sync::Arc;
use std::time::Duration;

use ntt_auth_mail::{
    Credentials, Security, SendError, Smtp, SmtpSettings, Stage, Transport as _, Trouble,
};

use crate::fake::{At, Fake, Fault, Manner};
use crate::message::message;

fn smtp(settings: SmtpSettings) -> Smtp {
    Smtp::new(settings).unwrap()
}

fn credentials(password: &str) -> Credentials {
    Credentials {
        username: "user".to_owned(),
        password: password.to_owned().into(),
    }
}

/// How sending ends when the server fails once as told.
async fn failing(at: At, fault: Fault) -> (Fake, ntt_auth_mail::SmtpError) {
    let fake = Fake::start(Manner {
        starttls: true,
        auth: true,
        ..Manner::default()
    })
    .await;
    let mut settings = fake.settings(Security::StartTls);
    settings.credentials = Some(credentials("secret"));
    if matches!(fault, Fault::Silence) {
        settings.connect_timeout = Duration::from_millis(300);
        settings.command_timeout = Duration::from_millis(300);
        settings.data_timeout = Duration::from_millis(300);
    }
    fake.fail(at, fault);
    let smtp = smtp(settings);
    let error = smtp.send(&message("ada@example.com")).await.unwrap_err();
    // The next mail begins a conversation of its own and goes through.
    smtp.send(&message("grace@example.com")).await.unwrap();
    let last = fake.taken().pop().unwrap();
    assert_eq!(last.to, "grace@example.com");
    assert!(last.raw.contains("grace@example.com"));
    assert_eq!(fake.connections(), 2, "{at:?}");
    (fake, error)
}

const STAGES: [(At, Stage); 8] = [
    (At::Banner, Stage::Greeting),
    (At::Ehlo, Stage::Greeting),
    (At::StartTls, Stage::StartTls),
    (At::Auth, Stage::SignIn),
    (At::Mail, Stage::Sender),
    (At::Rcpt, Stage::Recipient),
    (At::Data, Stage::Data),
    (At::Dot, Stage::Content),
];

#[tokio::test]
async fn a_message_is_handed_over_encrypted_and_signed_in() {
    let fake = Fake::start(Manner {
        starttls: true,
        auth: true,
        ..Manner::default()
    })
    .await;
    let mut settings = fake.settings(Security::StartTls);
    settings.credentials = Some(credentials("secret"));
    let smtp = smtp(settings);
    smtp.send(&message("ada@example.com")).await.unwrap();
    smtp.send(&message("grace@example.com")).await.unwrap();
    let taken = fake.taken();
    assert_eq!(taken.len(), 2);
    assert!(taken.iter().all(|mail| mail.encrypted && mail.signed_in));
    assert_eq!(taken[0].from, "no-reply@example.com");
    assert_eq!(taken[0].to, "ada@example.com");
    assert_eq!(fake.connections(), 1, "the connection is used again");
    assert_eq!(fake.said()[0], "EHLO auth.example.com");
    smtp.close().await;
    assert_eq!(fake.said().pop().unwrap(), "QUIT");
}

#[tokio::test]
async fn connections_are_kept_up_to_the_size_of_the_pool() {
    let fake = Fake::start(Manner::default()).await;
    let smtp = Arc::new(smtp(fake.settings(Security::Plain)));
    let sending = (0..5).map(|_| {
        let smtp = Arc::clone(&smtp);
        tokio::spawn(async move { smtp.send(&message("ada@example.com")).await })
    });
    for sent in sending.collect::<Vec<_>>() {
        sent.await.unwrap().unwrap();
    }
    assert_eq!(fake.taken().len(), 5);
    let before = fake.connections();
    assert!(before <= 5);
    smtp.send(&message("ada@example.com")).await.unwrap();
    assert_eq!(fake.connections(), before);
}

#[tokio::test]
async fn a_kept_connection_that_was_just_closed_costs_no_attempt() {
    for fault in [Fault::Drop, Fault::Reply("421 4.4.2 idle for too long")] {
        let fake = Fake::start(Manner::default()).await;
        let smtp = smtp(fake.settings(Security::Plain));
        smtp.send(&message("ada@example.com")).await.unwrap();
        fake.fail(At::Mail, fault);
        smtp.send(&message("grace@example.com")).await.unwrap();
        assert_eq!(fake.taken().len(), 2);
        assert_eq!(fake.connections(), 2);
    }
}

#[tokio::test]
async fn a_4xx_reply_at_any_stage_is_worth_another_try() {
    for (at, stage) in STAGES {
        let (fake, error) = failing(at, Fault::Reply("451 4.3.0 later, <ada@example.com>")).await;
        assert_eq!(error.stage, stage);
        assert!(!error.is_permanent(), "{at:?}");
        assert!(error.to_string().contains("451 4.3.0"), "{error}");
        assert!(!error.to_string().contains("ada"), "{error}");
        assert_eq!(fake.taken().len(), 1, "{at:?}");
    }
}

#[tokio::test]
async fn a_5xx_reply_about_the_mail_is_for_good_and_one_about_us_is_not() {
    for (at, stage) in STAGES {
        let (fake, error) = failing(at, Fault::Reply("554 5.7.1 no, <ada@example.com>")).await;
        assert_eq!(error.stage, stage);
        let about_the_mail = matches!(at, At::Mail | At::Rcpt | At::Data | At::Dot);
        assert_eq!(error.is_permanent(), about_the_mail, "{at:?}");
        assert_eq!(error.is_outage(), !about_the_mail, "{at:?}");
        assert!(!error.to_string().contains("ada"), "{error}");
        assert_eq!(fake.taken().len(), 1, "{at:?}");
    }
}

#[tokio::test]
async fn a_dropped_connection_is_worth_another_try() {
    for (at, stage) in STAGES.into_iter().chain([(At::Content, Stage::Content)]) {
        let (fake, error) = failing(at, Fault::Drop).await;
        assert_eq!(error.stage, stage);
        assert!(error.is_outage() && !error.is_permanent(), "{at:?}");
        // After the final dot the server has the mail, and we cannot know.
        let expected = if at == At::Dot { 2 } else { 1 };
        assert_eq!(fake.taken().len(), expected, "{at:?}");
    }
}

#[tokio::test]
async fn a_silent_server_is_given_up_on_in_time() {
    for (at, stage) in STAGES.into_iter().chain([(At::Content, Stage::Content)]) {
        let (_, error) = failing(at, Fault::Silence).await;
        assert_eq!(error.stage, stage);
        assert_eq!(error.trouble, Trouble::TimedOut, "{at:?}");
        assert!(error.is_outage() && !error.is_permanent(), "{at:?}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_worth_another_try() {
    let gone = Fake::start(Manner::default()).await;
    let settings = gone.settings(Security::Plain);
    drop(gone);
    // The listener goes with its task.
    while tokio::net::TcpStream::connect(("127.0.0.1", settings.port))
        .await
        .is_ok()
    {
        tokio::task::yield_now().await;
    }
    let error = smtp(settings)
        .send(&message("ada@example.com"))
        .await
        .unwrap_err();
    assert_eq!(error.stage, Stage::Connect);
    assert!(error.to_string().contains("onnection refused"), "{error}");
    assert!(error.is_outage() && !error.is_permanent());
}

#[tokio::test]
async fn a_wrong_password_is_about_us_and_never_told() {
    let fake = Fake::start(Manner {
        starttls: true,
        auth: true,
        ..Manner::default()
    })
    .await;
    let mut settings = fake.settings(Security::StartTls);
    settings.credentials = Some(credentials("mistaken"));
    assert!(!format!("{settings:?}").contains("mistaken"));
    let error = smtp(settings)
        .send(&message("ada@example.com"))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the mail server answered 535 5.7.8 at signing in"
    );
    assert!(!error.is_permanent() && error.is_outage());
    assert!(error.advice().unwrap().contains("mail.smtp.password"));
}

#[tokio::test]
async fn a_cancelled_mail_leaves_nothing_for_the_next_one() {
    let fake = Fake::start(Manner::default()).await;
    let smtp = Arc::new(smtp(fake.settings(Security::Plain)));
    fake.fail(At::Data, Fault::Silence);
    let sending = tokio::spawn({
        let smtp = Arc::clone(&smtp);
        async move { smtp.send(&message("ada@example.com")).await }
    });
    fake.connected(1).await;
    while !fake.said().iter().any(|line| line == "DATA") {
        tokio::task::yield_now().await;
    }
    sending.abort();
    assert!(sending.await.unwrap_err().is_cancelled());
    smtp.send(&message("grace@example.com")).await.unwrap();
    assert_eq!(fake.taken().len(), 1);
    assert!(!fake.taken()[0].raw.contains("NOOP"));
}

#[tokio::test]
async fn addresses_beyond_ascii_go_only_where_they_are_known() {
    let old = Fake::start(Manner::default()).await;
    let error = smtp(old.settings(Security::Plain))
        .deliver(&message("jürgen@example.com"))
        .await
        .unwrap_err();
    assert!(error.is_permanent());
    assert!(matches!(error, SendError::Smtp(error) if error.trouble == Trouble::NoSmtpUtf8));
    let new = Fake::start(Manner {
        smtputf8: true,
        ..Manner::default()
    })
    .await;
    let smtp = smtp(new.settings(Security::Plain));
    smtp.send(&message("jürgen@example.com")).await.unwrap();
    assert_eq!(new.taken()[0].to, "jürgen@example.com");
    assert!(
        new.said()
            .iter()
            .any(|line| line.ends_with("SMTPUTF8 BODY=8BITMIME"))
    );
    // A domain of this kind was turned to ASCII when the address was read, and needs nothing.
    smtp.send(&message("x@bücher.example")).await.unwrap();
    assert_eq!(new.taken()[1].to, "x@xn--bcher-kva.example");
}
