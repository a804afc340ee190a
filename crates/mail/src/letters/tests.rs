use std::fs;

use ntt_auth_core::model::{Letter, PersonName};
use ntt_auth_core::secret::Bearer;

use super::*;

fn site() -> Site {
    Site {
        name: "Example".to_owned(),
        url: "https://auth.example.com".to_owned(),
    }
}

fn built_in() -> Letters {
    Letters::load(site(), "en", None).unwrap()
}

fn mail(letter: &str) -> Mail {
    sample(letter, true).unwrap()
}

/// A folder of templates with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn broken(files: &[(&str, &str)]) -> String {
    let folder = folder(files);
    let error = Letters::load(site(), "en", Some(folder.path())).unwrap_err();
    error
        .to_string()
        .replace(&folder.path().display().to_string(), "DIR")
}

#[test]
fn every_letter_is_written_in_every_language() {
    let letters = built_in();
    assert_eq!(
        letters.locales().into_iter().collect::<Vec<_>>(),
        ["en", "ja"]
    );
    for locale in ["en", "ja"] {
        for letter in letter_names() {
            let mut mail = mail(letter);
            mail.locale = Some(LocaleTag::parse(locale).unwrap());
            let rendered = letters.render(&mail).unwrap();
            assert_eq!(rendered.locale, locale, "{letter}");
            assert!(rendered.text.contains("Example"), "{letter}");
            assert!(
                rendered.html.contains(&format!("<html lang=\"{locale}\">")),
                "{letter}"
            );
            let link = "token=EXAMPLE";
            assert_eq!(
                rendered.text.contains(link),
                rendered.html.contains(link),
                "{letter}"
            );
            for text in [&rendered.text, &rendered.html] {
                assert!(
                    !text.contains(" none<") && !text.contains(": none\n") && !text.contains("{{"),
                    "{text}"
                );
                assert!(!text.contains("\n\n\n"), "{letter} {locale}:\n{text}");
            }
            // RFC 5322 § 2.1.1, before any encoding; an address may be longer.
            assert!(
                rendered
                    .text
                    .lines()
                    .all(|line| line.chars().count() <= 78 || line.contains("://"))
            );
        }
    }
}

#[test]
fn a_mail_reads_well() {
    let mut mail = mail("new-device");
    let rendered = built_in().render(&mail).unwrap();
    assert_eq!(rendered.subject, "New sign-in to your account");
    assert_eq!(
        rendered.text,
        "\
Hello Ada,

Somebody signed in to your account at Example from a device that has
not been used before:

  When: 10 December 2025, 12:00 UTC
  Device: Firefox on Linux
  From: 192.0.2.17

If it was you, there is nothing to do. If it was not you, say so: that
ends every sign-in to your account and lets you choose a new password.

https://auth.example.com/not-me?token=EXAMPLE

This works once, until 11 December 2025, 12:00 UTC.

—
This message was sent automatically by Example, https://auth.example.com .
Example never asks for your password by mail.
"
    );
    mail.locale = Some(LocaleTag::parse("ja-JP").unwrap());
    let rendered = built_in().render(&mail).unwrap();
    assert!(rendered.text.starts_with("Ada 様\n\n"), "{}", rendered.text);
    assert!(rendered.text.contains("2025年12月10日 12:00(UTC)"));
}

#[test]
fn the_language_is_the_nearest_there_is() {
    let folder = folder(&[
        (
            "de/verify-email.txt",
            "Subject: Bitte bestätigen\n\n{{ link }} {{ expires_at|time }} {{ expires_at|time('%d.%m.%Y') }}",
        ),
        ("de/verify-email.html", "<p>{{ link }}</p>"),
    ]);
    let letters = Letters::load(site(), "ja", Some(folder.path())).unwrap();
    for (asked, letter, given) in [
        (Some("ja"), "verify-email", "ja"),
        (Some("ja-JP"), "verify-email", "ja"),
        (Some("en-GB"), "verify-email", "en"),
        (Some("de-CH"), "verify-email", "de"),
        // The operator's German lacks this letter.
        (Some("de"), "reset-password", "ja"),
        (Some("fr"), "verify-email", "ja"),
        (None, "verify-email", "ja"),
    ] {
        let mut mail = mail(letter);
        mail.locale = asked.map(|tag| LocaleTag::parse(tag).unwrap());
        assert_eq!(
            letters.render(&mail).unwrap().locale,
            given,
            "{asked:?} {letter}"
        );
    }
    let mut mail = mail("verify-email");
    mail.locale = Some(LocaleTag::parse("de").unwrap());
    let rendered = letters.render(&mail).unwrap();
    assert_eq!(rendered.subject, "Bitte bestätigen");
    assert!(
        rendered.text.ends_with("2025-12-11 12:00 UTC 11.12.2025\n"),
        "{}",
        rendered.text
    );
}

#[test]
fn a_file_of_the_operator_takes_the_place_of_the_built_in_one() {
    let folder = folder(&[
        (
            "en/base.txt",
            "Subject: [{{ site }}] {% block subject %}{% endblock %}\n\n{% block body %}{% endblock %}",
        ),
        (
            "layout.html",
            "<b>{{ subject }}</b>{% block content %}{% endblock %}",
        ),
        (".git", "not looked at"),
    ]);
    let letters = Letters::load(site(), "en", Some(folder.path())).unwrap();
    let rendered = letters.render(&mail("verify-email")).unwrap();
    assert_eq!(rendered.subject, "[Example] Confirm your email address");
    assert!(
        rendered.html.starts_with("<b>[Example] Confirm"),
        "{}",
        rendered.html
    );
}

#[test]
fn a_broken_template_is_found_at_the_start_with_file_and_line() {
    assert_eq!(
        broken(&[("en/verify-email.txt", "Subject: x\n\n{{ link }\n")]),
        "DIR/en/verify-email.txt:3: syntax error: unexpected `}`, expected end of variable block"
    );
    assert!(
        broken(&[("ja/new-device.html", "<p>\n{{ devise }}\n</p>")])
            .starts_with("DIR/ja/new-device.html:2: undefined value"),
    );
    // Only without a name is this one reached.
    assert!(
        broken(&[(
            "en/base.txt",
            "Subject: x\n\n{% if not name %}\n{{ nobody }}{% endif %}{% block body %}{% endblock %}"
        )])
        .starts_with("DIR/en/base.txt:4: undefined value"),
    );
    assert!(
        broken(&[("en/verify-email.html", "{% extends 'base.html' %}")])
            .starts_with("DIR/en/verify-email.html:1: template not found"),
    );
    assert!(
        broken(&[("en/verify-email.txt", "Confirm!\n\n{{ link }}\n")]).starts_with(
            "DIR/en/verify-email.txt: invalid operation: the first line of a text is its subject"
        )
    );
    assert!(
        broken(&[(
            "en/verify-email.txt",
            "Subject: x\n{{ expires_at|time('%!') }}"
        )])
        .starts_with("DIR/en/verify-email.txt:2: invalid operation: this pattern of a time"),
    );
    assert!(
        broken(&[("de/verify-email.txt", "Subject: x\n")])
            .ends_with("a mail has a text and an HTML form; de/verify-email.html is not there"),
    );
}

#[test]
fn what_is_no_template_is_refused_by_name() {
    for (file, why) in [
        (
            "en/verify-mail.txt",
            "DIR/en/verify-mail.txt is no template: there is base, button,",
        ),
        (
            "english/base.txt",
            "DIR/english is no template: a folder is named by a language",
        ),
        (
            "pt-br/base.txt",
            "DIR/pt-br is no template: a folder is named by a language",
        ),
        (
            "README",
            "DIR/README is no template: beside layout.html there are only folders",
        ),
    ] {
        let told = broken(&[(file, "x")]);
        assert!(told.starts_with(why), "{told}");
    }
    let missing = Letters::load(site(), "en", Some(Path::new("/nowhere/at/all"))).unwrap_err();
    assert!(
        missing
            .to_string()
            .starts_with("/nowhere/at/all cannot be read: ")
    );
}

#[test]
fn v1_3_7_what_people_give_is_never_a_template() {
    let mut mail = mail("new-device");
    mail.name = Some(PersonName::from_stored(
        "{{7*7}} {% include 'x' %}".to_owned(),
    ));
    mail.letter = Letter::NewDevice {
        at: ntt_auth_core::model::Timestamp::EPOCH,
        ip_address: None,
        device: Some("{{ 7*7 }}{{ link }}".to_owned()),
        link: Bearer::new("https://auth.example.com/x?a=1&b={{7*7}}".to_owned()),
        expires_at: ntt_auth_core::model::Timestamp::EPOCH,
    };
    let rendered = built_in().render(&mail).unwrap();
    for text in [&rendered.text, &rendered.html] {
        assert!(text.contains("{{7*7}} {% include "), "{text}");
        assert!(text.contains("{{ 7*7 }}{{ link }}"), "{text}");
        assert!(!text.contains("49"), "{text}");
    }
}

#[test]
fn v1_2_1_what_people_give_is_escaped_in_html() {
    let mut mail = mail("new-device");
    mail.name = Some(PersonName::from_stored("<img src=x onerror=a>".to_owned()));
    let rendered = built_in().render(&mail).unwrap();
    assert!(rendered.text.contains("Hello <img src=x onerror=a>,"));
    assert!(rendered.html.contains("Hello &lt;img src=x onerror=a&gt;,"));
    assert!(!rendered.html.contains("<img"));
}

#[test]
fn no_mail_loads_anything_from_anywhere() {
    for (name, template) in default_templates() {
        for remote in [
            "src=", "url(", "@import", "<link", "<script", "http:", "https:",
        ] {
            assert!(!template.contains(remote), "{name} has {remote}");
        }
    }
}
