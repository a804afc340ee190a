//! The longest texts, the last times, and limits of nothing.

use std::sync::Arc;

use ntt_auth_core::model::{
    AuditRecord, AvatarUrl, Code, Consent, DocumentVersion, Email, Erasure, Import, ImportCounts,
    Job, JobState, KeyState, Metadata, PersonName, Profile, Revoked, Role, Said, Search, Session,
    Standing, StoredKey, Suspension, Throttle, Timestamp, User, UserId, Username,
};
use ntt_auth_core::secret::PasswordHash;
use ntt_auth_core::store::{
    AuditFilter, AuditQuery, JobQuery, Store, UserFilter, UserPlace, UserQuery, UserSort,
};

use crate::case::audit::{bare, record};
use crate::case::erasures::{consent, erasure};
use crate::case::imports::import;
use crate::case::keys::key;
use crate::case::throttles::{counter, id};
use crate::sample::{at, client, code, job, session, user, uuid};
use crate::work::{apply, insert_session, insert_user};

const LAST: Timestamp = Timestamp::from_millis(i64::MAX);

/// As long as the model lets them be, in characters of four octets where it lets them be that.
pub async fn the_longest_values_come_back(store: Arc<dyn Store>) {
    let letters = |count| "\u{20bb7}".repeat(count);
    let local = letters(16);
    let label = "a".repeat(60);
    let address = format!("{local}@{label}.{label}.{label}.co");
    let mut members = serde_json::Map::new();
    members.insert("\u{1f511}".repeat(500), letters(3000).into());
    let longest = User {
        email: Email::parse(&address).unwrap(),
        username: Some(Username::from_stored(letters(32))),
        profile: Profile {
            first_name: Some(PersonName::parse(&letters(100)).unwrap()),
            last_name: Some(
                PersonName::parse(&format!("{} {}", letters(49), letters(50))).unwrap(),
            ),
            avatar_url: Some(
                AvatarUrl::parse(&format!("https://x.example/{}", "a".repeat(2030))).unwrap(),
            ),
            metadata: Metadata::parse(members).unwrap(),
            ..Profile::default()
        },
        standing: Standing {
            suspension: Some(Suspension {
                at: at(1),
                until: None,
                reason: Some(letters(1000)),
            }),
            deleted_at: None,
        },
        password: Some(PasswordHash::new("$".repeat(1000))),
        ..user("placeholder@example.com")
    };
    insert_user(&store, &longest).await.unwrap();
    let mut read = store.read();
    let found = read
        .users()
        .by_email(&longest.email.folded())
        .await
        .unwrap();
    assert_eq!(found.as_ref(), Some(&longest));
    let name = longest.username.as_ref().unwrap().folded();
    assert_eq!(read.users().by_username(&name).await.unwrap(), found);
    let query = UserQuery {
        filter: UserFilter {
            search: Search::parse(&letters(100)),
            ..UserFilter::default()
        },
        ..UserQuery::everybody(9, at(0))
    };
    assert_eq!(read.users().page(&query).await.unwrap().len(), 1);

    let mut session = session(longest.id);
    session.client = client(&"\u{1f469}".repeat(512));
    session.client.device_name = Some("\u{1f4f1}".repeat(100));
    insert_session(&store, &session).await;
    assert_eq!(
        read.sessions().by_id(session.id).await.unwrap(),
        Some(session)
    );
    let job = Job {
        payload: (0..=255).cycle().take(60_000).collect(),
        last_error: Some(letters(4000)),
        leased_by: Some(letters(60)),
        ..job()
    };
    apply!(store, [job], |tx| tx.jobs().add(&job).await).unwrap();
    assert_eq!(read.jobs().by_id(job.id).await.unwrap(), Some(job));
    let event = AuditRecord {
        detail: Some(letters(4000)),
        sealed: Some((0..=255).cycle().take(30_000).collect()),
        ..record(1, 0)
    };
    apply!(store, [event], |tx| tx.audit().insert(&event).await).unwrap();
    assert_eq!(read.audit().after(0, 9).await.unwrap(), [event]);
    let mut signing = key("k", "RS256", KeyState::Next, 0);
    signing.sealed = (0..=255).cycle().take(10_000).collect();
    apply!(store, [signing], |tx| tx.keys().insert(&signing).await).unwrap();
    assert_eq!(read.keys().all().await.unwrap()[0].sealed, signing.sealed);
    let document = format!("{}:{}", "d".repeat(64), "v".repeat(64));
    let consent = Consent {
        document: DocumentVersion::parse(&document).unwrap(),
        ..consent(longest.id)
    };
    apply!(store, [consent], |tx| tx.consents().give(&consent).await).unwrap();
    assert_eq!(
        read.consents().of_user(longest.id).await.unwrap(),
        [consent]
    );
}

fn last_user() -> User {
    User {
        email_verified_at: Some(LAST),
        standing: Standing {
            suspension: Some(Suspension {
                at: LAST,
                until: Some(LAST),
                reason: None,
            }),
            deleted_at: Some(LAST),
        },
        password_changed_at: Some(LAST),
        token_version: i64::MAX,
        last_login_at: Some(LAST),
        created_at: LAST,
        updated_at: LAST,
        verify_by: Some(LAST),
        revision: i64::MAX,
        role: Role::Guest,
        ..user("ada@example.com")
    }
}

fn last_session(user: UserId) -> Session {
    Session {
        generation: i64::MAX,
        rotated_at: LAST,
        created_at: LAST,
        last_used_at: LAST,
        idle_expires_at: LAST,
        expires_at: LAST,
        ..session(user)
    }
}

fn last_job() -> Job {
    Job {
        due_at: Some(LAST),
        expires_at: Some(LAST),
        created_at: LAST,
        finished_at: Some(LAST),
        attempts: u32::MAX,
        ..job()
    }
}

fn last_code() -> Code {
    Code {
        created_at: LAST,
        expires_at: LAST,
        used_at: Some(LAST),
        ..code(UserId::from_uuid(uuid()))
    }
}

fn last_key() -> StoredKey {
    StoredKey {
        created_at: LAST,
        activated_at: Some(LAST),
        retired_at: Some(LAST),
        expires_at: Some(LAST),
        ..key("k", "ES256", KeyState::Retired, 0)
    }
}

fn last_counter() -> Throttle {
    Throttle {
        guesses: u32::MAX,
        in_a_row: u32::MAX,
        window_ends: LAST,
        locked_until: Some(LAST),
        expires_at: LAST,
    }
}

fn last_erasure() -> Erasure {
    Erasure {
        at: LAST,
        ..erasure(1, 0)
    }
}

/// Of a person, and the greatest numbers with them.
pub async fn the_last_of_times_comes_back(store: Arc<dyn Store>) {
    let ada = last_user();
    insert_user(&store, &ada).await.unwrap();
    let session = last_session(ada.id);
    insert_session(&store, &session).await;
    let said = Said {
        at: LAST,
        from: None,
    };
    let consent = Consent {
        given: said,
        ..consent(ada.id)
    };
    apply!(store, [consent], |tx| tx.consents().give(&consent).await).unwrap();
    let mut read = store.read();
    assert_eq!(read.users().by_id(ada.id).await.unwrap(), Some(ada));
    let found = read.sessions().by_id(session.id).await.unwrap();
    assert_eq!(found, Some(session));
    let found = read.consents().of_user(consent.user_id).await.unwrap();
    assert_eq!(found, [consent]);
}

/// Of everything else.
pub async fn the_greatest_of_numbers_comes_back(store: Arc<dyn Store>) {
    let (code, job, signing, counter, erasure) = (
        last_code(),
        last_job(),
        last_key(),
        last_counter(),
        last_erasure(),
    );
    let event = AuditRecord {
        at: LAST,
        ..bare(i64::MAX, 0)
    };
    let most = i64::MAX.unsigned_abs();
    let import = Import {
        offset: most,
        counts: ImportCounts {
            rows: most,
            added: most,
            ..import(1).counts
        },
        finished_at: Some(LAST),
        ..import(1)
    };
    let below = Revoked::UserBelow {
        user: code.user,
        version: i64::MAX,
    };
    apply!(
        store,
        [code, job, signing, event, counter, import, erasure],
        |tx| {
            tx.codes().put(&code).await?;
            tx.jobs().add(&job).await?;
            tx.keys().insert(&signing).await?;
            tx.audit().insert(&event).await?;
            tx.throttles().insert(&id(1), &id(2), &counter).await?;
            tx.imports().begin(&import).await?;
            tx.erasures().insert(&erasure).await?;
            tx.revocations().append(below, LAST, LAST).await.map(drop)
        }
    )
    .unwrap();
    let mut read = store.read();
    let found = read.codes().by_hash(code.kind, &code.hash).await.unwrap();
    assert_eq!(found, Some(code));
    assert_eq!(read.jobs().by_id(job.id).await.unwrap(), Some(job));
    let found = read.keys().all().await.unwrap().remove(0);
    assert_eq!((found.created_at, found.expires_at), (LAST, Some(LAST)));
    assert_eq!(read.audit().after(0, 9).await.unwrap(), [event]);
    assert_eq!(read.throttles().get(&id(1)).await.unwrap(), Some(counter));
    let found = read.imports().by_digest(&import.digest).await.unwrap();
    assert_eq!(found, Some(import));
    assert_eq!(read.erasures().page(None, 9).await.unwrap(), [erasure]);
    let found = read.revocations().after(0, 9).await.unwrap().remove(0);
    assert_eq!(
        (found.at, found.expires_at, found.revoked),
        (LAST, LAST, below)
    );
}

/// Nobody clears it up, or begins it, too early.
pub async fn what_ends_with_time_is_not_over_before_it(store: Arc<dyn Store>) {
    let session = last_session(UserId::from_uuid(uuid()));
    let (code, job, signing, counter, erasure) = (
        last_code(),
        last_job(),
        last_key(),
        last_counter(),
        last_erasure(),
    );
    let revoked = Revoked::Session(session.id);
    apply!(
        store,
        [session, code, job, signing, counter, erasure],
        |tx| {
            tx.sessions().insert(&session).await?;
            tx.codes().put(&code).await?;
            tx.jobs().add(&job).await?;
            tx.keys().insert(&signing).await?;
            tx.throttles().insert(&id(1), &id(2), &counter).await?;
            tx.erasures().insert(&erasure).await?;
            tx.revocations().append(revoked, LAST, LAST).await.map(drop)
        }
    )
    .unwrap();
    let before = Timestamp::from_millis(i64::MAX - 1);
    let mut read = store.read();
    let open = read.sessions().open_of_user(session.user_id, before).await;
    assert_eq!(open.unwrap(), [session]);
    assert_eq!(read.stats().open_sessions(before).await.unwrap(), 1);
    assert_eq!(read.jobs().due(before, 9).await.unwrap(), []);
    assert_eq!(read.jobs().due(LAST, 9).await.unwrap(), [job.id]);
    let purged = apply!(store, [], |tx| Ok([
        tx.sessions().purge(LAST, 9).await?,
        tx.codes().purge(LAST, 9).await?,
        tx.jobs().purge(LAST, LAST, 9).await?,
        tx.throttles().purge(LAST, 9).await?,
        tx.erasures().purge(LAST, 9).await?,
        tx.revocations().purge(LAST, 9).await?,
        tx.keys().purge(before).await?,
    ]));
    assert_eq!(purged.unwrap(), [0; 7]);
}

/// The last page of every order is followed by an empty one.
pub async fn nobody_comes_after_the_last(store: Arc<dyn Store>) {
    let ada = last_user();
    insert_user(&store, &ada).await.unwrap();
    for (sort, place) in [
        (UserSort::CreatedAt, UserPlace::Time(LAST, ada.id)),
        (UserSort::LastLoginAt, UserPlace::Time(LAST, ada.id)),
        (
            UserSort::Email,
            UserPlace::Text("\u{10ffff}".to_owned(), ada.id),
        ),
    ] {
        let query = UserQuery {
            sort,
            after: Some(place),
            ..UserQuery::everybody(9, at(0))
        };
        assert_eq!(store.read().users().page(&query).await.unwrap(), []);
    }
}

/// Whoever all rows of [`filled`] are about.
async fn filled(store: &Arc<dyn Store>) -> UserId {
    let mut ada = user("ada@example.com");
    ada.standing.deleted_at = Some(at(1));
    insert_user(store, &ada).await.unwrap();
    let bob = user("bob@example.com");
    insert_user(store, &bob).await.unwrap();
    let sessions = [session(ada.id), session(ada.id)];
    let (code, counter) = (code(ada.id), counter(1, 0));
    let waiting = Job {
        subject: Some(ada.id),
        ..job()
    };
    let done = Job {
        subject: Some(ada.id),
        state: JobState::Done,
        due_at: None,
        finished_at: Some(at(0)),
        ..job()
    };
    let revoked = Revoked::Session(sessions[0].id);
    apply!(store, [sessions, code, counter, waiting, done], |tx| {
        for session in &sessions {
            tx.sessions().insert(session).await?;
        }
        tx.codes().put(&code).await?;
        tx.throttles().insert(&id(1), &id(2), &counter).await?;
        tx.jobs().add(&waiting).await?;
        tx.jobs().add(&done).await?;
        tx.audit().insert(&bare(1, 0)).await?;
        tx.erasures().insert(&erasure(1, 0)).await?;
        tx.revocations()
            .append(revoked, at(0), at(0))
            .await
            .map(drop)
    })
    .unwrap();
    ada.id
}

/// Neither is a limit that is greater than what is there a mistake.
pub async fn a_limit_of_nothing_gives_nothing(store: Arc<dyn Store>) {
    let who = filled(&store).await;
    let later = at(1_000_000);
    for (limit, most) in [(0, 0), (1, 1), (u32::MAX, 2)] {
        let mut read = store.read();
        let users = UserQuery::everybody(limit, later);
        let jobs = JobQuery {
            state: None,
            after: None,
            limit,
        };
        let events = AuditQuery {
            filter: AuditFilter::default(),
            place: None,
            limit,
        };
        let deleted = read.users().deleted_before(later, limit).await.unwrap();
        let unverified = read.users().unverified_before(later, limit).await.unwrap();
        let sessions = read.sessions().of_user(who, None, limit).await.unwrap();
        let mails = read.jobs().of_subject(who, limit).await.unwrap();
        let ids = read.erasures().users_after(None, limit).await.unwrap();
        let found = [
            (2, read.users().page(&users).await.unwrap().len()),
            (1, deleted.len()),
            (1, unverified.len()),
            (2, sessions.len()),
            (1, read.jobs().due(later, limit).await.unwrap().len()),
            (2, read.jobs().page(&jobs).await.unwrap().len()),
            (2, mails.len()),
            (1, read.audit().after(0, limit).await.unwrap().len()),
            (1, read.audit().page(&events).await.unwrap().len()),
            (0, read.audit().checkpoints(0, limit).await.unwrap().len()),
            (0, read.audit().unchained(limit).await.unwrap().len()),
            (1, read.erasures().page(None, limit).await.unwrap().len()),
            (2, ids.len()),
            (1, read.revocations().after(0, limit).await.unwrap().len()),
        ];
        for (number, (there, found)) in found.into_iter().enumerate() {
            assert_eq!(found, most.min(there), "{number}");
        }
    }
}

/// However much there is.
pub async fn a_limit_of_nothing_clears_up_nothing(store: Arc<dyn Store>) {
    filled(&store).await;
    let later = at(1_000_000);
    let purge = async |limit: u32| {
        apply!(store, [], |tx| Ok([
            tx.sessions().purge(later, limit).await?,
            tx.codes().purge(later, limit).await?,
            tx.jobs().purge(later, later, limit).await?,
            tx.throttles().purge(later, limit).await?,
            tx.erasures().purge(later, limit).await?,
            tx.revocations().purge(later, limit).await?,
        ]))
        .unwrap()
    };
    assert_eq!(purge(0).await, [0; 6]);
    assert_eq!(purge(u32::MAX).await, [2, 1, 1, 1, 1, 1]);
    assert_eq!(purge(u32::MAX).await, [0; 6]);
}
