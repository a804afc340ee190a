//! Mail that is kept.

use std::fs;

use ntt_auth_core::model::{Email, Timestamp};
use ntt_auth_mail::{Message, Outbox, Rendered, Transport as _};

use crate::message::{job, sender};

fn letter(number: u128) -> Message {
    let rendered = Rendered {
        letter: "verify-email",
        locale: "ja".to_owned(),
        subject: format!("確認 {number}"),
        text: format!("本文 {number}\nhttps://auth.example.com/?token={number}\n"),
        html: format!("<p>本文 {number}</p>"),
    };
    let at = Timestamp::from_millis(1_790_000_000_000 + i64::try_from(number).unwrap() * 1000);
    let to = Email::parse("ada@example.com").unwrap();
    Message::compose(&sender(), job(number), at, &to, rendered).unwrap()
}

#[tokio::test]
async fn what_is_kept_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox");
    let outbox = Outbox::open(&path).unwrap();
    for number in 1..=3 {
        outbox.deliver(&letter(number)).await.unwrap();
    }
    // A second attempt of the same job is the same mail.
    outbox.deliver(&letter(3)).await.unwrap();
    fs::write(path.join("notes.txt"), "mine").unwrap();
    fs::write(path.join(format!("{}.eml", job(9))), "cut o").unwrap();
    let again = Outbox::open(&path).unwrap();
    assert_eq!(again.list(), outbox.list());
    assert_eq!(again.list()[0].id, job(3));
    let mail = again.read(job(2)).unwrap();
    assert_eq!(mail.subject, "確認 2");
    assert_eq!(mail.to, "ada@example.com");
    assert_eq!(mail.letter, "verify-email");
    assert_eq!(mail.locale, "ja");
    assert_eq!(mail.text, "本文 2\nhttps://auth.example.com/?token=2\n");
    assert_eq!(again.clear(), 3);
    assert!(Outbox::open(&path).unwrap().list().is_empty());
    assert!(path.join("notes.txt").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn v14_2_1_nobody_else_reads_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox");
    Outbox::open(&path)
        .unwrap()
        .deliver(&letter(1))
        .await
        .unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    assert_eq!(mode(&path.join(format!("{}.eml", job(1)))), 0o600);
}

#[tokio::test]
async fn the_oldest_go_when_it_is_full() {
    let folder = tempfile::tempdir().unwrap();
    for outbox in [Outbox::open(folder.path()).unwrap(), Outbox::in_memory()] {
        for number in 0..510 {
            outbox.deliver(&letter(number)).await.unwrap();
        }
        let kept = outbox.list();
        assert_eq!(kept.len(), 500);
        assert_eq!(kept[0].id, job(509));
        assert_eq!(outbox.read(job(9)), None);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 500);
}
