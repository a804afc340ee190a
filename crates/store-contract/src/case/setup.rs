//! First set-up.

use std::sync::Arc;

use ntt_auth_core::model::{Role, Setup, SetupTokenHash};
use ntt_auth_core::store::Store;

use crate::race::{race, winners};
use crate::sample::{at, user};
use crate::work::{apply, insert_user};

async fn offer(store: &Arc<dyn Store>, token: &str, expires: i64) -> bool {
    let token = SetupTokenHash::of(token);
    apply!(store, [token], |tx| tx
        .setup()
        .offer(&token, at(expires))
        .await)
    .unwrap()
}

async fn redeem(store: &Arc<dyn Store>, token: &str, now: i64) -> bool {
    let token = SetupTokenHash::of(token);
    apply!(store, [token], |tx| tx
        .setup()
        .redeem(&token, at(now))
        .await)
    .unwrap()
}

/// Without a token.
pub async fn a_new_store_is_open_for_set_up(store: Arc<dyn Store>) {
    let setup = store.read().setup().get().await.unwrap();
    assert_eq!(
        setup,
        Setup {
            token: None,
            expires_at: None,
            closed_at: None
        }
    );
    assert!(!redeem(&store, "", 0).await);
}

/// The link printed last is the one that counts.
pub async fn a_later_offer_takes_the_place_of_an_earlier_one(store: Arc<dyn Store>) {
    assert!(offer(&store, "first", 100).await);
    assert!(offer(&store, "second", 200).await);
    let setup = store.read().setup().get().await.unwrap();
    assert_eq!(
        setup,
        Setup {
            token: Some(SetupTokenHash::of("second")),
            expires_at: Some(at(200)),
            closed_at: None
        }
    );
    assert!(!redeem(&store, "first", 1).await);
    assert!(redeem(&store, "second", 1).await);
}

/// Once.
pub async fn only_the_offered_token_redeems_and_only_in_time(store: Arc<dyn Store>) {
    offer(&store, "token", 100).await;
    assert!(!redeem(&store, "Token", 1).await);
    assert!(!redeem(&store, "token", 100).await);
    assert!(redeem(&store, "token", 99).await);
    assert!(!redeem(&store, "token", 99).await);
    let setup = store.read().setup().get().await.unwrap();
    assert_eq!(
        setup,
        Setup {
            token: None,
            expires_at: None,
            closed_at: Some(at(99))
        }
    );
}

/// Two browsers with one link make one super admin.
pub async fn of_sixteen_redeemers_one_takes(store: Arc<dyn Store>) {
    offer(&store, "token", 100).await;
    let took = race(|_| {
        let store = Arc::clone(&store);
        async move { redeem(&store, "token", 1).await }
    })
    .await;
    assert_eq!(winners(&took), 1);
}

/// By no means that the trait offers.
pub async fn closed_set_up_never_opens_again(store: Arc<dyn Store>) {
    offer(&store, "token", 100).await;
    assert!(apply!(store, [], |tx| tx.setup().close(at(1)).await).unwrap());
    assert!(!apply!(store, [], |tx| tx.setup().close(at(2)).await).unwrap());
    assert!(!redeem(&store, "token", 1).await);
    assert!(!offer(&store, "other", 100).await);
    let setup = store.read().setup().get().await.unwrap();
    assert_eq!(
        setup,
        Setup {
            token: None,
            expires_at: None,
            closed_at: Some(at(1))
        }
    );
}

/// Each steps down only if another remains; under the lock they cannot all believe so.
pub async fn of_sixteen_resignations_one_super_admin_remains(store: Arc<dyn Store>) {
    let mut admins = Vec::new();
    for number in 0..16 {
        let mut admin = user(&format!("admin{number}@example.com"));
        admin.role = Role::SuperAdmin;
        insert_user(&store, &admin).await.unwrap();
        admins.push(admin);
    }
    let took = race(|number| {
        let (store, mut admin) = (Arc::clone(&store), admins[usize::from(number)].clone());
        async move {
            admin.role = Role::User;
            apply!(store, [admin], |tx| {
                tx.setup().lock_super_admins().await?;
                if tx.users().count_super_admins().await? < 2 {
                    Ok(false)
                } else {
                    tx.users().update(&admin).await
                }
            })
            .unwrap()
        }
    })
    .await;
    assert_eq!(winners(&took), 15);
    assert_eq!(store.read().users().count_super_admins().await.unwrap(), 1);
}
