//! Users, one at a time.

use std::sync::Arc;

use ntt_auth_core::model::{Email, Role, Suspension, User, UserId, Username};
use ntt_auth_core::secret::PasswordHash;
use ntt_auth_core::store::{Store, StoreError, Unique};

use crate::race::{race, winners};
use crate::sample::{at, full_user, session, user, uuid};
use crate::work::{apply, insert_user};

async fn found(store: &Arc<dyn Store>, id: UserId) -> User {
    store.read().users().by_id(id).await.unwrap().unwrap()
}

async fn update(store: &Arc<dyn Store>, user: &User) -> Result<bool, StoreError> {
    apply!(store, [user], |tx| tx.users().update(&user).await)
}

fn named(email: &str, name: &str) -> User {
    User {
        username: Some(Username::parse(name).unwrap()),
        ..user(email)
    }
}

fn hash(text: &str) -> PasswordHash {
    PasswordHash::new(text.to_owned())
}

/// For the job that erases them.
pub async fn the_longest_deleted_are_found(store: Arc<dyn Store>) {
    let mut ids = Vec::new();
    for (name, deleted) in [
        ("late", Some(30)),
        ("early", Some(10)),
        ("live", None),
        ("mid", Some(20)),
    ] {
        let mut user = user(&format!("{name}@example.com"));
        user.standing.deleted_at = deleted.map(at);
        insert_user(&store, &user).await.unwrap();
        ids.push(user.id);
    }
    let found = async |before, limit| {
        let mut read = store.read();
        read.users()
            .deleted_before(at(before), limit)
            .await
            .unwrap()
    };
    assert_eq!(found(30, 10).await, [ids[1], ids[3]]);
    assert_eq!(found(31, 10).await, [ids[1], ids[3], ids[0]]);
    assert_eq!(found(31, 1).await, [ids[1]]);
    assert_eq!(found(10, 10).await, []);
}

/// For the job that erases them; whoever verified the address, or is deleted anyway, is not among them.
pub async fn the_longest_unverified_are_found(store: Arc<dyn Store>) {
    let mut ids = Vec::new();
    for (name, verify_by) in [
        ("late", Some(30)),
        ("early", Some(10)),
        ("others-made", None),
        ("verified", Some(5)),
        ("deleted", Some(5)),
        ("mid", Some(20)),
    ] {
        let mut user = user(&format!("{name}@example.com"));
        user.verify_by = verify_by.map(at);
        user.email_verified_at = (name == "verified").then_some(at(1));
        user.standing.deleted_at = (name == "deleted").then_some(at(1));
        insert_user(&store, &user).await.unwrap();
        ids.push(user.id);
    }
    let found = async |before, limit| {
        let mut read = store.read();
        read.users()
            .unverified_before(at(before), limit)
            .await
            .unwrap()
    };
    assert_eq!(found(30, 10).await, [ids[1], ids[5]]);
    assert_eq!(found(31, 10).await, [ids[1], ids[5], ids[0]]);
    assert_eq!(found(31, 1).await, [ids[1]]);
    assert_eq!(found(10, 10).await, []);
}

/// By each of their keys; with everything, and with nothing that is optional.
pub async fn a_user_comes_back_as_they_were(store: Arc<dyn Store>) {
    let (full, bare) = (full_user(), user("bare@example.com"));
    for user in [&full, &bare] {
        insert_user(&store, user).await.unwrap();
        assert_eq!(found(&store, user.id).await, *user);
        assert_eq!(
            store
                .read()
                .users()
                .by_email(&user.email.folded())
                .await
                .unwrap()
                .as_ref(),
            Some(user)
        );
    }
    let name = full.username.as_ref().unwrap().folded();
    assert_eq!(
        store.read().users().by_username(&name).await.unwrap(),
        Some(full)
    );
}

/// That is no error.
pub async fn who_is_absent_is_none(store: Arc<dyn Store>) {
    insert_user(&store, &named("ada@example.com", "ada"))
        .await
        .unwrap();
    let nobody = named("bob@example.com", "bob");
    let mut read = store.read();
    assert_eq!(read.users().by_id(nobody.id).await.unwrap(), None);
    assert_eq!(
        read.users().by_email(&nobody.email.folded()).await.unwrap(),
        None
    );
    assert_eq!(
        read.users()
            .by_username(&nobody.username.unwrap().folded())
            .await
            .unwrap(),
        None
    );
    // Letters that some collations take for each other are not.
    assert_eq!(
        read.users()
            .by_email(&Email::parse("adá@example.com").unwrap().folded())
            .await
            .unwrap(),
        None
    );
}

/// And only in it.
pub async fn an_address_is_unique_in_its_folded_form(store: Arc<dyn Store>) {
    insert_user(&store, &user("Ada@Example.com")).await.unwrap();
    let refused = insert_user(&store, &user("aDA@example.COM")).await;
    assert!(
        matches!(refused, Err(StoreError::Taken(Unique::Email))),
        "{refused:?}"
    );
    insert_user(&store, &user("adá@example.com")).await.unwrap();
    let folded = Email::parse("ADA@example.com").unwrap().folded();
    assert_eq!(
        store
            .read()
            .users()
            .by_email(&folded)
            .await
            .unwrap()
            .unwrap()
            .email
            .as_str(),
        "Ada@example.com"
    );
}

/// Any number of users have none.
pub async fn a_user_name_is_unique_in_its_folded_form(store: Arc<dyn Store>) {
    insert_user(&store, &user("one@example.com")).await.unwrap();
    insert_user(&store, &user("two@example.com")).await.unwrap();
    insert_user(&store, &named("ada@example.com", "Ada"))
        .await
        .unwrap();
    let refused = insert_user(&store, &named("bob@example.com", "aDA")).await;
    assert!(
        matches!(refused, Err(StoreError::Taken(Unique::Username))),
        "{refused:?}"
    );
}

/// A second use is a defect, and told apart from a taken address.
pub async fn an_id_is_used_once(store: Arc<dyn Store>) {
    let ada = user("ada@example.com");
    insert_user(&store, &ada).await.unwrap();
    let refused = insert_user(
        &store,
        &User {
            id: ada.id,
            ..user("bob@example.com")
        },
    )
    .await;
    assert!(
        matches!(refused, Err(StoreError::Taken(Unique::Id))),
        "{refused:?}"
    );
}

/// So that a refusal can be noted in it.
pub async fn a_taken_address_leaves_the_transaction_usable(store: Arc<dyn Store>) {
    insert_user(&store, &named("ada@example.com", "ada"))
        .await
        .unwrap();
    let (twin, bob) = (user("ada@example.com"), user("bob@example.com"));
    let session = session(bob.id);
    apply!(store, [twin, bob, session], |tx| {
        tx.users().insert(&bob).await?;
        let refused = tx.users().insert(&twin).await;
        assert!(
            matches!(refused, Err(StoreError::Taken(Unique::Email))),
            "{refused:?}"
        );
        let renamed = tx
            .users()
            .update(&User {
                email: twin.email.clone(),
                ..bob.clone()
            })
            .await;
        assert!(
            matches!(renamed, Err(StoreError::Taken(Unique::Email))),
            "{renamed:?}"
        );
        tx.sessions().insert(&session).await
    })
    .unwrap();
    assert_eq!(found(&store, bob.id).await, bob);
    assert!(
        store
            .read()
            .sessions()
            .by_id(session.id)
            .await
            .unwrap()
            .is_some()
    );
}

/// In whatever case it is written.
pub async fn of_sixteen_registrations_of_an_address_one_takes(store: Arc<dyn Store>) {
    let took = race(|number| {
        let (store, user) = (
            Arc::clone(&store),
            user(if number % 2 == 0 {
                "Ada@example.com"
            } else {
                "ada@example.com"
            }),
        );
        async move {
            let outcome = insert_user(&store, &user).await;
            assert!(
                matches!(outcome, Ok(()) | Err(StoreError::Taken(Unique::Email))),
                "{outcome:?}"
            );
            outcome.is_ok()
        }
    })
    .await;
    assert_eq!(winners(&took), 1);
}

/// In whatever case it is written.
pub async fn of_sixteen_registrations_of_a_user_name_one_takes(store: Arc<dyn Store>) {
    let took = race(|number| {
        let (store, user) = (
            Arc::clone(&store),
            named(&format!("user{number}@example.com"), "Ada"),
        );
        async move {
            let outcome = insert_user(&store, &user).await;
            assert!(
                matches!(outcome, Ok(()) | Err(StoreError::Taken(Unique::Username))),
                "{outcome:?}"
            );
            outcome.is_ok()
        }
    })
    .await;
    assert_eq!(winners(&took), 1);
}

/// Until erasure, so that restoring cannot fail.
pub async fn a_deleted_user_keeps_address_and_name(store: Arc<dyn Store>) {
    let mut ada = named("ada@example.com", "ada");
    ada.standing.deleted_at = Some(at(1));
    insert_user(&store, &ada).await.unwrap();
    assert_eq!(found(&store, ada.id).await, ada);
    assert!(
        store
            .read()
            .users()
            .by_email(&ada.email.folded())
            .await
            .unwrap()
            .is_some()
    );
    let refused = insert_user(&store, &user("ada@example.com")).await;
    assert!(
        matches!(refused, Err(StoreError::Taken(Unique::Email))),
        "{refused:?}"
    );
    let refused = insert_user(&store, &named("bob@example.com", "ada")).await;
    assert!(
        matches!(refused, Err(StoreError::Taken(Unique::Username))),
        "{refused:?}"
    );
}

/// In both directions: from nothing to everything, and back.
pub async fn an_update_writes_every_field_and_counts_up(store: Arc<dyn Store>) {
    let bare = user("bare@example.com");
    insert_user(&store, &bare).await.unwrap();
    let full = User {
        id: bare.id,
        revision: 0,
        ..full_user()
    };
    assert!(update(&store, &full).await.unwrap());
    // But when it came to be.
    assert_ne!(full.created_at, bare.created_at);
    assert_eq!(
        found(&store, bare.id).await,
        User {
            revision: 1,
            created_at: bare.created_at,
            ..full.clone()
        }
    );
    assert!(
        update(
            &store,
            &User {
                revision: 1,
                ..bare.clone()
            }
        )
        .await
        .unwrap()
    );
    // A sign-in that was noted is not forgotten.
    let expected = User {
        revision: 2,
        last_login_at: full.last_login_at,
        ..bare
    };
    assert_eq!(found(&store, expected.id).await, expected);
    // The old address is free again.
    insert_user(&store, &full_user()).await.unwrap();
}

/// Nor does one of a user who does not exist.
pub async fn an_update_of_an_older_revision_writes_nothing(store: Arc<dyn Store>) {
    let ada = user("ada@example.com");
    insert_user(&store, &ada).await.unwrap();
    assert!(
        update(
            &store,
            &User {
                token_version: 1,
                ..ada.clone()
            }
        )
        .await
        .unwrap()
    );
    assert!(
        !update(
            &store,
            &User {
                token_version: 2,
                ..ada.clone()
            }
        )
        .await
        .unwrap()
    );
    assert!(
        !update(
            &store,
            &User {
                token_version: 3,
                revision: 2,
                ..ada.clone()
            }
        )
        .await
        .unwrap()
    );
    assert_eq!(
        found(&store, ada.id).await,
        User {
            token_version: 1,
            revision: 1,
            ..ada
        }
    );
    assert!(!update(&store, &user("nobody@example.com")).await.unwrap());
}

/// But may change the case of what they have.
pub async fn an_update_cannot_take_what_another_has(store: Arc<dyn Store>) {
    insert_user(&store, &named("ada@example.com", "ada"))
        .await
        .unwrap();
    let bob = named("bob@example.com", "bob");
    insert_user(&store, &bob).await.unwrap();
    let refused = update(
        &store,
        &User {
            email: Email::parse("ADA@example.com").unwrap(),
            ..bob.clone()
        },
    )
    .await;
    assert!(
        matches!(refused, Err(StoreError::Taken(Unique::Email))),
        "{refused:?}"
    );
    let refused = update(
        &store,
        &User {
            username: Some(Username::parse("Ada").unwrap()),
            ..bob.clone()
        },
    )
    .await;
    assert!(
        matches!(refused, Err(StoreError::Taken(Unique::Username))),
        "{refused:?}"
    );
    assert_eq!(found(&store, bob.id).await, bob);
    assert!(
        update(
            &store,
            &User {
                username: Some(Username::parse("BOB").unwrap()),
                ..bob
            }
        )
        .await
        .unwrap()
    );
}

/// No change is lost.
pub async fn of_sixteen_updates_of_a_revision_one_takes(store: Arc<dyn Store>) {
    let ada = user("ada@example.com");
    insert_user(&store, &ada).await.unwrap();
    let took = race(|number| {
        let (store, changed) = (
            Arc::clone(&store),
            User {
                token_version: number.into(),
                ..ada.clone()
            },
        );
        async move { update(&store, &changed).await.unwrap() }
    })
    .await;
    assert_eq!(winners(&took), 1);
    let expected = i64::try_from(took.iter().position(|took| *took).unwrap()).unwrap();
    assert_eq!(
        found(&store, ada.id).await,
        User {
            token_version: expected,
            revision: 1,
            ..ada
        }
    );
}

/// So that a sign-in does not make an administrator's change fail, nor is undone by it.
pub async fn a_sign_in_is_noted_without_a_revision(store: Arc<dyn Store>) {
    let ada = user("ada@example.com");
    insert_user(&store, &ada).await.unwrap();
    apply!(store, [], |tx| tx
        .users()
        .note_sign_in(ada.id, at(50))
        .await)
    .unwrap();
    assert_eq!(
        found(&store, ada.id).await,
        User {
            last_login_at: Some(at(50)),
            ..ada.clone()
        }
    );
    assert!(update(&store, &ada).await.unwrap());
    assert_eq!(found(&store, ada.id).await.last_login_at, Some(at(50)));
    apply!(store, [], |tx| tx
        .users()
        .note_sign_in(UserId::from_uuid(uuid()), at(50))
        .await)
    .unwrap();
}

/// Without a revision, too.
pub async fn a_password_is_upgraded_if_it_still_is_the_old_one(store: Arc<dyn Store>) {
    let ada = User {
        password: Some(hash("old")),
        ..user("ada@example.com")
    };
    let bare = user("bare@example.com");
    insert_user(&store, &ada).await.unwrap();
    insert_user(&store, &bare).await.unwrap();
    let upgrade = |id: UserId, old: &'static str, new: &'static str| {
        let store = Arc::clone(&store);
        async move {
            apply!(store, [], |tx| tx
                .users()
                .upgrade_password(id, &hash(old), &hash(new))
                .await)
            .unwrap()
        }
    };
    assert!(!upgrade(ada.id, "OLD", "new").await);
    assert!(upgrade(ada.id, "old", "new").await);
    assert!(!upgrade(ada.id, "old", "newer").await);
    assert!(!upgrade(bare.id, "old", "new").await);
    assert_eq!(
        found(&store, ada.id).await,
        User {
            password: Some(hash("new")),
            ..ada
        }
    );
    assert_eq!(found(&store, bare.id).await, bare);
}

/// The others keep quiet.
pub async fn of_sixteen_upgrades_of_a_password_one_takes(store: Arc<dyn Store>) {
    let ada = User {
        password: Some(hash("old")),
        ..user("ada@example.com")
    };
    insert_user(&store, &ada).await.unwrap();
    let took = race(|number| {
        let (store, id) = (Arc::clone(&store), ada.id);
        async move {
            let (old, new) = (hash("old"), hash(&format!("new{number}")));
            apply!(store, [old, new], |tx| tx
                .users()
                .upgrade_password(id, &old, &new)
                .await)
            .unwrap()
        }
    })
    .await;
    assert_eq!(winners(&took), 1);
}

/// But not those who are deleted or suspended without an end: they could not help.
pub async fn super_admins_are_counted(store: Arc<dyn Store>) {
    let suspended = |until| {
        Some(Suspension {
            at: at(0),
            until,
            reason: None,
        })
    };
    for (number, role, suspension, deleted_at) in [
        (0, Role::SuperAdmin, None, None),
        (1, Role::SuperAdmin, suspended(Some(at(9))), None),
        (2, Role::SuperAdmin, suspended(None), None),
        (3, Role::SuperAdmin, None, Some(at(1))),
        (4, Role::Admin, None, None),
    ] {
        let mut user = user(&format!("user{number}@example.com"));
        user.role = role;
        user.standing.suspension = suspension;
        user.standing.deleted_at = deleted_at;
        insert_user(&store, &user).await.unwrap();
    }
    assert_eq!(store.read().users().count_super_admins().await.unwrap(), 2);
}
