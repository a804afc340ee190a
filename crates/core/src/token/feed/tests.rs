use futures::FutureExt as _;
use uuid::Uuid;

use super::*;
use crate::model::{SessionId, Timestamp};

fn entry(sequence: i64) -> Revocation {
    Revocation {
        sequence,
        revoked: Revoked::Session(SessionId::from_uuid(Uuid::from_u128(u128::from(
            sequence.unsigned_abs(),
        )))),
        at: Timestamp::from_millis(1000 + sequence),
        expires_at: Timestamp::from_millis(9000),
    }
}

fn feed(entries: impl IntoIterator<Item = i64>) -> RevocationFeed {
    let feed = RevocationFeed::default();
    let entries: Vec<_> = entries.into_iter().map(entry).collect();
    feed.extend(&entries);
    feed.note_read(entries.last().map_or(0, |entry| entry.sequence));
    feed
}

fn numbers(feed: &RevocationFeed, place: Place) -> Result<Vec<i64>, Gap> {
    let entries = feed.after(place, usize::MAX)?;
    Ok(entries.iter().map(|entry| entry.sequence).collect())
}

#[test]
fn a_place_is_read_as_it_is_written_and_in_no_other_way() {
    let place = Place::after(&entry(105));
    assert_eq!(place.to_string().parse(), Ok(place));
    assert_eq!("0-00000000".parse(), Ok(Place::START));
    for text in [
        "",
        "105",
        "105-",
        "-1-00000000",
        "105-1",
        "+105-00000000",
        "0105-00000000",
        "105-0000000G",
        "1-ABCDEF00",
        "99999999999999999999-00000000",
        "105-000000000",
    ] {
        assert_eq!(text.parse::<Place>(), Err(MalformedPlace), "{text}");
    }
}

#[test]
fn entries_are_told_from_any_place_and_no_further_than_asked() {
    let feed = feed(1..=5);
    assert_eq!(numbers(&feed, Place::START), Ok(vec![1, 2, 3, 4, 5]));
    assert_eq!(numbers(&feed, Place::after(&entry(3))), Ok(vec![4, 5]));
    assert_eq!(numbers(&feed, feed.head()), Ok(vec![]));
    assert_eq!(feed.after(Place::START, 2).unwrap().len(), 2);
}

#[test]
fn a_place_that_cannot_be_gone_on_from_is_a_gap() {
    let feed = feed(3..=5);
    assert_eq!(numbers(&feed, Place::START), Err(Gap::Forgotten));
    assert_eq!(numbers(&feed, Place::after(&entry(2))), Err(Gap::Forgotten));
    assert_eq!(numbers(&feed, Place::after(&entry(6))), Err(Gap::Ahead));
    let other = Revocation {
        at: Timestamp::EPOCH,
        ..entry(4)
    };
    assert_eq!(numbers(&feed, Place::after(&other)), Err(Gap::Elsewhere));
    assert_eq!(numbers(&feed, Place::after(&entry(4))), Ok(vec![5]));
}

#[test]
fn the_oldest_entries_make_room_and_whoever_was_there_finds_a_gap() {
    let capacity = i64::try_from(CAPACITY).unwrap();
    let feed = feed(1..=capacity);
    feed.offer(&entry(capacity + 1));
    feed.offer(&entry(capacity + 2));
    assert_eq!(numbers(&feed, Place::after(&entry(1))), Err(Gap::Forgotten));
    let kept = numbers(&feed, Place::after(&entry(2))).unwrap();
    assert_eq!((kept.len(), kept[0]), (CAPACITY, 3));
}

#[test]
fn an_entry_of_this_node_waits_for_those_of_others_before_it() {
    let feed = feed(1..=2);
    feed.offer(&entry(4));
    assert_eq!(feed.head(), Place::after(&entry(2)));
    assert_eq!(feed.extend(&[entry(2), entry(3), entry(4)]), 2);
    feed.offer(&entry(4));
    feed.offer(&entry(5));
    assert_eq!(numbers(&feed, Place::START), Ok(vec![1, 2, 3, 4, 5]));
}

#[test]
fn a_log_whose_entries_have_all_expired_goes_on_from_its_number() {
    let feed = RevocationFeed::default();
    assert!(feed.is_new());
    feed.offer(&entry(1));
    assert_eq!(
        feed.head(),
        Place::START,
        "what came before it is not known"
    );
    feed.note_read(60);
    assert!(!feed.is_new());
    let head = feed.head();
    assert_eq!(head.sequence(), 60);
    feed.offer(&entry(61));
    assert_eq!(numbers(&feed, head), Ok(vec![61]));
    assert_eq!(numbers(&feed, Place::START), Err(Gap::Forgotten));
}

#[test]
fn whoever_waits_is_told_of_an_entry_and_of_a_new_beginning() {
    let feed = feed(1..=2);
    let mut waiting = feed.changed();
    assert!((&mut waiting).now_or_never().is_none());
    feed.extend(&[entry(2)]);
    assert!((&mut waiting).now_or_never().is_none(), "nothing new");
    feed.offer(&entry(3));
    assert!(waiting.now_or_never().is_some());
    let waiting = feed.changed();
    feed.restart();
    assert!(waiting.now_or_never().is_some());
    assert_eq!(numbers(&feed, Place::after(&entry(3))), Err(Gap::Ahead));
}
