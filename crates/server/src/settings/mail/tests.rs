use super::*;
use crate::settings::{Inputs, Problem, Settings, load, print};

fn with(pairs: &[(&str, &str)]) -> Result<Settings, Vec<Problem>> {
    let flags = pairs
        .iter()
        .map(|(key, text)| ("--set".to_owned(), (*key).to_owned(), (*text).to_owned()))
        .collect();
    load(&Inputs {
        flags,
        ..Inputs::default()
    })
    .map_err(|problems| problems.0)
}

/// The mistakes of a configuration with a mail server, which is valid without `pairs`.
fn mistakes(pairs: &[(&str, &str)]) -> Vec<String> {
    let mut all = vec![
        ("mail.smtp.host", "smtp.example.com"),
        ("mail.from", "no-reply@example.com"),
    ];
    all.extend(pairs);
    with(&all).map_or_else(
        |problems| {
            problems
                .into_iter()
                .filter_map(|problem| problem.key)
                .collect()
        },
        |_| Vec::new(),
    )
}

const PRODUCTION: [(&str, &str); 3] = [
    ("profile", "production"),
    ("public_url", "https://auth.example.com"),
    (
        "keys.master_key",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    ),
];

#[test]
fn without_a_server_mail_is_kept_and_in_production_that_is_a_mistake() {
    let delivery = |settings: Settings| settings.mail.delivery;
    assert!(matches!(delivery(with(&[]).unwrap()), Delivery::Outbox));
    assert!(matches!(
        delivery(with(&[("mail.enabled", "false")]).unwrap()),
        Delivery::Off
    ));
    let problems = with(&PRODUCTION).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].key.as_deref(), Some("mail.smtp.host"));
    assert!(problems[0].cure.contains("mail.enabled = false"));
    let mut off = PRODUCTION.to_vec();
    off.push(("mail.enabled", "false"));
    assert!(matches!(delivery(with(&off).unwrap()), Delivery::Off));
}

#[test]
fn a_server_is_read_with_what_belongs_to_it() {
    let settings = with(&[
        ("mail.smtp.host", "SMTP.Example.com"),
        ("mail.from", "no-reply@example.com"),
        ("mail.smtp.username", "user"),
        ("mail.smtp.password", "very secret"),
    ])
    .unwrap();
    assert!(!format!("{settings:?}").contains("very secret"));
    let Delivery::Smtp(smtp) = settings.mail.delivery else {
        panic!("no server");
    };
    assert_eq!(smtp.host, "smtp.example.com");
    assert_eq!((smtp.port, smtp.security), (587, Security::StartTls));
    assert_eq!(smtp.longest(), Duration::from_secs(250));
    let shown = print(
        &Inputs {
            flags: vec![(
                "--set".to_owned(),
                "mail.smtp.password".to_owned(),
                "very secret".to_owned(),
            )],
            ..Inputs::default()
        },
        false,
    );
    let shown = shown.unwrap();
    assert!(!shown.contains("very secret") && shown.contains("********"));
}

#[test]
fn each_mistake_is_named() {
    assert_eq!(mistakes(&[]), [""; 0]);
    for (pairs, key) in [
        (&[("mail.from", "")][..], "mail.from"),
        (&[("mail.from", "nobody")], "mail.from"),
        (&[("mail.from_name", "a\nb")], "mail.from_name"),
        (&[("mail.reply_to", "x")], "mail.reply_to"),
        (&[("mail.locale", "x_y")], "mail.locale"),
        (&[("mail.locale", "fr")], "mail.locale"),
        (&[("mail.templates", "/nowhere/at/all")], "mail.templates"),
        (&[("mail.smtp.host", "a b")], "mail.smtp.host"),
        (&[("mail.smtp.port", "0")], "mail.smtp.port"),
        (&[("mail.smtp.security", "ssl")], "mail.smtp.security"),
        (&[("mail.smtp.username", "user")], "mail.smtp.password"),
        (&[("mail.smtp.password", "x")], "mail.smtp.username"),
        (&[("mail.smtp.hello", "a b")], "mail.smtp.hello"),
        (&[("mail.smtp.ca_file", "/nowhere")], "mail.smtp.ca_file"),
        (&[("mail.smtp.ca_file", "Cargo.toml")], "mail.smtp.ca_file"),
        (
            &[("mail.smtp.data_timeout", "4 min")],
            "mail.smtp.data_timeout",
        ),
        (&[("mail.breaker.failures", "30")], "mail.breaker.failures"),
    ] {
        assert_eq!(mistakes(pairs), [key], "{pairs:?}");
    }
    assert_eq!(mistakes(&[("mail.locale", "ja-JP")]), [""; 0]);
}

#[test]
fn v12_3_1_a_password_does_not_travel_in_plain() {
    let login = [
        ("mail.smtp.security", "none"),
        ("mail.smtp.username", "user"),
        ("mail.smtp.password", "secret"),
    ];
    assert_eq!(mistakes(&login), ["mail.smtp.security"]);
    for host in ["localhost", "127.0.0.1", "::1"] {
        let mut local = login.to_vec();
        local.push(("mail.smtp.host", host));
        assert_eq!(mistakes(&local), [""; 0], "{host}");
    }
}

#[test]
fn v12_3_1_production_refuses_plain_smtp_to_another_machine() {
    let mut plain = PRODUCTION.to_vec();
    plain.push(("mail.smtp.security", "none"));
    assert_eq!(mistakes(&plain), ["mail.smtp.security"]);
    plain.push(("mail.smtp.host", "127.0.0.1"));
    assert_eq!(mistakes(&plain), [""; 0]);
    // While developing, a server that catches mail is often on another machine.
    assert_eq!(mistakes(&[("mail.smtp.security", "none")]), [""; 0]);
}

#[test]
fn a_broken_template_is_a_mistake_of_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("en")).unwrap();
    let file = folder.path().join("en/verify-email.txt");
    std::fs::write(&file, "Subject: x\n\n{{ lnk }}\n").unwrap();
    let problems = with(&[("mail.templates", folder.path().to_str().unwrap())]).unwrap_err();
    assert_eq!(problems[0].key.as_deref(), Some("mail.templates"));
    let expected = format!("{}:3: undefined value", file.display());
    assert!(
        problems[0].what.starts_with(&expected),
        "{}",
        problems[0].what
    );
}
