//! What a message looks like on the way.

use mail_parser::MessageParser;
use ntt_auth_core::model::{Email, JobId, Timestamp};
use ntt_auth_mail::{Message, Rendered, Sender};

/// A job's id that is the same in every test.
pub(crate) fn job(number: u128) -> JobId {
    format!("01987654-3210-7000-8000-{number:012x}")
        .parse()
        .unwrap()
}

pub(crate) fn sender() -> Sender {
    Sender {
        from: Email::parse("no-reply@example.com").unwrap(),
        from_name: Some("Example".to_owned()),
        reply_to: None,
        host: "auth.example.com".to_owned(),
    }
}

fn rendered() -> Rendered {
    Rendered {
        letter: "verify-email",
        locale: "en".to_owned(),
        subject: "Confirm your address".to_owned(),
        text: "Open this:\nhttps://auth.example.com/verify-email?token=T\n.\n..\n".to_owned(),
        html: "<p>Open <a href=\"https://auth.example.com/\">this</a>\n.\n</p>".to_owned(),
    }
}

/// A message to somebody.
pub(crate) fn message(to: &str) -> Message {
    composed(to, rendered())
}

fn composed(to: &str, rendered: Rendered) -> Message {
    let at = Timestamp::parse("2026-11-24T10:18:17Z").unwrap();
    let to = Email::parse(to).unwrap();
    Message::compose(&sender(), job(1), at, &to, rendered).unwrap()
}

#[test]
fn the_same_job_makes_the_same_octets() {
    let (one, two) = (message("ada@example.com"), message("ada@example.com"));
    assert_eq!(one.raw(), two.raw());
    let text = String::from_utf8(one.raw().to_vec()).unwrap();
    for line in [
        "From: Example <no-reply@example.com>",
        "To: ada@example.com",
        "Subject: Confirm your address",
        "Date: Tue, 24 Nov 2026 10:18:17 +0000",
        "Message-ID: <01987654-3210-7000-8000-000000000001@auth.example.com>",
        "Auto-Submitted: auto-generated",
        "Content-Language: en",
        "X-Letter: verify-email",
        "MIME-Version: 1.0",
    ] {
        assert!(text.contains(&format!("{line}\r\n")), "{line}\n{text}");
    }
    assert!(text.lines().all(|line| line.len() <= 998));
}

#[test]
fn nothing_that_is_logged_by_accident_holds_a_link_or_an_address() {
    let told = format!("{:?}", message("ada@example.com"));
    assert!(!told.contains("token") && !told.contains("ada"), "{told}");
}

#[test]
fn another_parser_reads_what_was_written() {
    let mut words = rendered();
    words.subject =
        "メールアドレスの確認 – confirmé, a subject that is long enough to be folded twice"
            .to_owned();
    words.text = "日本語の本文\n".repeat(30);
    let message = composed("jürgen@example.com", words.clone());
    let parsed = MessageParser::default().parse(message.raw()).unwrap();
    assert_eq!(parsed.subject().unwrap(), words.subject);
    assert_eq!(
        parsed.body_text(0).unwrap().replace("\r\n", "\n").trim(),
        words.text.trim()
    );
    assert_eq!(
        parsed.body_html(0).unwrap().replace("\r\n", "\n"),
        words.html
    );
    assert_eq!(
        parsed.to().unwrap().first().unwrap().address().unwrap(),
        "jürgen@example.com"
    );
}

#[test]
fn v1_3_11_no_value_makes_a_header_of_its_own() {
    let evil = "x\r\nBcc: eve@example.com\r\n\r\nbody";
    let mut words = rendered();
    words.subject = evil.to_owned();
    words.locale = evil.to_owned();
    let mut sender = sender();
    sender.from_name = Some(evil.to_owned());
    let to = Email::parse("ada@example.com").unwrap();
    let message = Message::compose(&sender, job(1), Timestamp::EPOCH, &to, words).unwrap();
    let text = String::from_utf8(message.raw().to_vec()).unwrap();
    let head = text.split("\r\n\r\n").next().unwrap();
    assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
    assert!(!head.lines().any(|line| line.trim() == "body"), "{head}");
    let parsed = MessageParser::default().parse(message.raw()).unwrap();
    assert!(parsed.bcc().is_none());
    assert_eq!(
        parsed.to().unwrap().first().unwrap().address().unwrap(),
        "ada@example.com"
    );
    // An address with such a thing in it cannot be had.
    assert!(Email::parse("ada@example.com\r\nBcc: eve@example.com").is_err());
    let forged = Email::from_stored("ada@example.com>\r\nRCPT TO:<eve@example.com".to_owned());
    let refused = Message::compose(
        &self::sender(),
        job(1),
        Timestamp::EPOCH,
        &forged,
        rendered(),
    );
    assert!(refused.is_err());
}
