//! Entities to store.

use std::sync::atomic::{AtomicU64, Ordering};

use ntt_auth_core::model::{
    AvatarUrl, Client, ClientMark, Code, CodeHash, CodeKind, Email, Job, JobId, JobKind, JobState,
    LocaleTag, Metadata, PersonName, Phone, Profile, RefreshSeed, Role, Session, SessionId,
    Standing, Suspension, TimeZoneName, Timestamp, User, UserId, Username,
};
use ntt_auth_core::secret::PasswordHash;
use uuid::Uuid;

/// Around 2023-11-14.
const BASE: i64 = 1_700_000_000_000;

/// So many milliseconds after the beginning of all samples.
pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(BASE + millis)
}

/// A new id, greater than all before it.
pub(crate) fn uuid() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Uuid::from_u128(u128::from(NEXT.fetch_add(1, Ordering::Relaxed)) << 8)
}

/// A user of this address with nothing that is optional.
pub(crate) fn user(email: &str) -> User {
    User {
        id: UserId::from_uuid(uuid()),
        email: Email::parse(email).unwrap(),
        email_verified_at: None,
        username: None,
        profile: Profile::default(),
        role: Role::User,
        standing: Standing::default(),
        password: None,
        password_changed_at: None,
        token_version: 0,
        last_login_at: None,
        created_at: at(0),
        updated_at: at(0),
        verify_by: Some(at(90)),
        revision: 0,
    }
}

/// A user with everything, in characters of all lengths.
pub(crate) fn full_user() -> User {
    let metadata =
        serde_json::json!({ "emoji": "👩‍🚀 ' \" \\ ? % _ --", "n": [1, -2.5, null, true], "": {} });
    User {
        email: Email::parse("Ada.Lovelace@bücher.example").unwrap(),
        email_verified_at: Some(at(1)),
        username: Some(Username::parse("Ada.L").unwrap()),
        profile: Profile {
            first_name: Some(PersonName::parse("𝒜da 👩").unwrap()),
            last_name: Some(PersonName::parse("O'Lovelace; DROP TABLE users; --").unwrap()),
            phone: Some(Phone::parse("+81312345678").unwrap()),
            avatar_url: Some(AvatarUrl::parse("https://x.example/a.png?a=b%20c").unwrap()),
            timezone: Some(TimeZoneName::parse("Asia/Tokyo").unwrap()),
            locale: Some(LocaleTag::parse("ja-JP").unwrap()),
            metadata: Metadata::parse(metadata.as_object().unwrap().clone()).unwrap(),
        },
        role: Role::Moderator,
        standing: Standing {
            suspension: Some(Suspension {
                at: at(2),
                until: Some(at(3)),
                reason: Some("\\o/ 山田".to_owned()),
            }),
            deleted_at: Some(at(4)),
        },
        password: Some(PasswordHash::new(
            "$2b$12$abcdefghijklmnopqrstuv".to_owned(),
        )),
        password_changed_at: Some(at(5)),
        token_version: 7,
        last_login_at: Some(at(6)),
        created_at: at(-1),
        updated_at: at(8),
        revision: 9,
        ..user("placeholder@example.com")
    }
}

/// A session of a user, begun at the beginning, good for 1000 ms idle and 5000 ms in all.
pub(crate) fn session(user: UserId) -> Session {
    let client = client("Firefox");
    Session {
        id: SessionId::from_uuid(uuid()),
        user_id: user,
        seed: RefreshSeed::new([7; 32]),
        generation: 0,
        rotated_by: ClientMark::of(&client),
        client,
        rotated_at: at(0),
        created_at: at(0),
        last_used_at: at(0),
        idle_expires_at: at(1000),
        expires_at: at(5000),
        ended: None,
    }
}

/// A job of some user that may be begun at the beginning.
pub(crate) fn job() -> Job {
    Job {
        id: JobId::from_uuid(uuid()),
        kind: JobKind::Mail,
        topic: "verify-email".to_owned(),
        subject: Some(UserId::from_uuid(uuid())),
        payload: vec![1, 2, 3],
        state: JobState::Waiting,
        attempts: 0,
        due_at: Some(at(0)),
        expires_at: None,
        leased_by: None,
        last_error: None,
        created_at: at(0),
        finished_at: None,
    }
}

/// An unused code of a user that verifies an address, good for 1000 ms.
pub(crate) fn code(user: UserId) -> Code {
    let mut hash = [0xa5; 32];
    hash.iter_mut()
        .zip(uuid().as_bytes())
        .for_each(|(to, from)| *to = *from);
    Code {
        user,
        kind: CodeKind::VerifyEmail,
        session: None,
        hash: CodeHash::from_bytes(hash),
        sealed: vec![4, 5, 6],
        created_at: at(0),
        expires_at: at(1000),
        used_at: None,
    }
}

/// A client of this user agent.
pub(crate) fn client(agent: &str) -> Client {
    Client {
        ip_address: Some("2001:db8::7".parse().unwrap()),
        user_agent: Some(agent.to_owned()),
        device_name: Some("Ada's 📱".to_owned()),
        request_id: None,
    }
}
