//! What keeps a conversation from being read on the way (V12.3).

use ntt_auth_mail::{Credentials, Security, Smtp, SmtpSettings, Stage, Trouble};

use crate::fake::{Fake, Manner};
use crate::message::message;

const STARTTLS: Manner = Manner {
    starttls: true,
    implicit_tls: false,
    auth: true,
    smtputf8: false,
    injects: false,
};

fn with_credentials(mut settings: SmtpSettings) -> SmtpSettings {
    settings.credentials = Some(Credentials {
        username: "user".to_owned(),
        password: "secret".to_owned().into(),
    });
    settings
}

async fn refused(fake: &Fake, settings: SmtpSettings) -> ntt_auth_mail::SmtpError {
    let smtp = Smtp::new(with_credentials(settings)).unwrap();
    let error = smtp.send(&message("ada@example.com")).await.unwrap_err();
    assert!(fake.taken().is_empty());
    let said = fake.said();
    assert!(
        !said
            .iter()
            .any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")),
        "{said:?}"
    );
    assert!(!error.is_permanent(), "the mail waits until it is mended");
    error
}

#[tokio::test]
async fn v12_3_1_where_starttls_was_stripped_nothing_is_said() {
    let fake = Fake::start(Manner {
        starttls: false,
        ..STARTTLS
    })
    .await;
    let error = refused(&fake, fake.settings(Security::StartTls)).await;
    assert_eq!(error.stage, Stage::StartTls);
    assert_eq!(error.trouble, Trouble::NoStartTls);
}

#[tokio::test]
async fn v12_3_1_what_is_injected_before_tls_is_not_read_as_if_it_came_after() {
    let fake = Fake::start(Manner {
        injects: true,
        ..STARTTLS
    })
    .await;
    let error = refused(&fake, fake.settings(Security::StartTls)).await;
    assert_eq!(error.stage, Stage::StartTls);
    assert!(matches!(error.trouble, Trouble::Broken(_)), "{error}");
}

#[tokio::test]
async fn v12_3_2_a_certificate_of_an_unknown_authority_is_refused() {
    for (manner, security, stage) in [
        (STARTTLS, Security::StartTls, Stage::StartTls),
        (
            Manner {
                implicit_tls: true,
                ..STARTTLS
            },
            Security::Tls,
            Stage::Connect,
        ),
    ] {
        let fake = Fake::start(manner).await;
        let mut settings = fake.settings(security);
        settings.authorities = None;
        let error = refused(&fake, settings).await;
        assert_eq!(error.stage, stage);
        assert!(error.to_string().contains("certificate"), "{error}");
        assert!(error.advice().unwrap().contains("mail.smtp.ca_file"));
    }
}

#[tokio::test]
async fn v12_3_2_a_certificate_for_another_name_is_refused() {
    let fake = Fake::start(STARTTLS).await;
    let mut settings = fake.settings(Security::StartTls);
    settings.host = "127.0.0.1".to_owned();
    let error = refused(&fake, settings).await;
    assert!(error.to_string().contains("certificate"), "{error}");
    let mut settings = fake.settings(Security::StartTls);
    settings.authorities = Some(other_authority().into_bytes());
    let error = refused(&fake, settings).await;
    assert!(error.to_string().contains("certificate"), "{error}");
}

fn other_authority() -> String {
    rcgen::generate_simple_self_signed(vec!["localhost".into()])
        .unwrap()
        .cert
        .pem()
}

#[tokio::test]
async fn implicit_tls_with_a_configured_authority() {
    let fake = Fake::start(Manner {
        implicit_tls: true,
        ..STARTTLS
    })
    .await;
    let smtp = Smtp::new(with_credentials(fake.settings(Security::Tls))).unwrap();
    smtp.try_out().await.unwrap();
    smtp.send(&message("ada@example.com")).await.unwrap();
    assert!(fake.taken()[0].encrypted && fake.taken()[0].signed_in);
}

#[tokio::test]
async fn credentials_a_server_does_not_ask_for_are_not_sent() {
    let fake = Fake::start(Manner {
        auth: false,
        ..STARTTLS
    })
    .await;
    let error = refused(&fake, fake.settings(Security::StartTls)).await;
    assert_eq!(error.trouble, Trouble::NoSignIn);
}

#[test]
fn a_file_that_is_no_certificate_is_refused_at_the_start() {
    let settings = |pem: &str| SmtpSettings {
        host: "localhost".to_owned(),
        port: 25,
        security: Security::Tls,
        credentials: None,
        hello: "localhost".to_owned(),
        connect_timeout: std::time::Duration::from_secs(1),
        command_timeout: std::time::Duration::from_secs(1),
        data_timeout: std::time::Duration::from_secs(1),
        pool: 1,
        authorities: Some(pem.as_bytes().to_vec()),
    };
    assert!(Smtp::new(settings("hello")).is_err());
    assert!(
        Smtp::new(settings(
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        ))
        .is_err()
    );
}
