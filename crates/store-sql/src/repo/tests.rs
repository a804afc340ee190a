//! Every statement is one that every engine understands.

use std::sync::Arc;

use ntt_auth_core::model::{EventKind, Mark, Role, Search, SessionId, Timestamp, UserId, WordKind};
use ntt_auth_core::store::{AuditFilter, AuditQuery, UserFilter, UserPlace, UserQuery, UserSort};
use uuid::Uuid;

use super::users_page::{Way, Word};
use super::{
    audit, audit_page, codes, consents, copying, erasures, imports, jobs, keys, restored,
    revocations, root, sessions, setup, stats, throttles, user_search, users, users_page,
};
use crate::engine::tests::engines;
use crate::engine::{self, Engine};
use crate::migrate;
use crate::migrate::tests::NextStep;

#[tokio::test]
async fn every_statement_can_be_prepared_on_every_engine() {
    prepare_on(async |engine| {
        migrate::run(engine).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn every_statement_can_be_prepared_when_a_newer_program_has_added_to_every_table() {
    prepare_on(async |engine| {
        migrate::run(engine).await.unwrap();
        let next = NextStep(engine.dialect());
        engine::run(engine, Arc::new(next)).await.unwrap();
        assert_eq!(migrate::run(engine).await.unwrap(), 0);
        assert_eq!(migrate::pending_steps(engine).await.unwrap(), 0);
    })
    .await;
}

async fn prepare_on(migrated: impl AsyncFn(&dyn Engine)) {
    for engine in engines().await {
        migrated(&**engine).await;
        for noun in [
            codes::ALL,
            consents::ALL,
            copying::ALL,
            erasures::ALL,
            audit::ALL,
            imports::ALL,
            jobs::ALL,
            keys::ALL,
            restored::ALL,
            revocations::ALL,
            root::ALL,
            sessions::ALL,
            setup::ALL,
            throttles::ALL,
            stats::ALL,
            user_search::ALL,
            users::ALL,
        ] {
            for statement in noun {
                let prepared = engine.prepare(statement).await;
                prepared.unwrap_or_else(|error| panic!("{}: {error:?}", statement.name()));
            }
        }
        for query in audit_pages() {
            let (statement, _) = audit_page::select(&query);
            let prepared = engine.prepare(&statement).await;
            prepared.unwrap_or_else(|error| panic!("{}: {error:?}", statement.text()));
        }
        for query in pages() {
            let rare = users_page::Rare::of(&query);
            let mut ways = vec![Way::Walked];
            let mut statements = Vec::new();
            if !rare.is_empty() {
                statements.push(users_page::count(&rare, 1).0);
            }
            ways.extend(rare.into_iter().map(Way::Taken));
            if let Some(search) = &query.filter.search
                && query.sort == UserSort::CreatedAt
            {
                statements.push(users_page::beginning(search).0);
                let words = ["a", "ab"].map(|token| Word::new(WordKind::Shown, token));
                ways.push(Way::Read("a", words[..1].to_vec()));
                ways.push(Way::Read("a", words.to_vec()));
            }
            for way in &ways {
                statements.push(users_page::select(&query, way).unwrap().0);
            }
            statements.push(user_search::insert(3));
            for statement in statements {
                let prepared = engine.prepare(&statement).await;
                prepared.unwrap_or_else(|error| panic!("{}: {error:?}", statement.text()));
            }
        }
    }
}

/// So that no statement is written that the test above does not know.
#[test]
fn every_statement_is_listed() {
    let directory = format!("{}/src/repo", env!("CARGO_MANIFEST_DIR"));
    for file in std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
    {
        let source = std::fs::read_to_string(&file).unwrap();
        let written =
            source.matches("Statement = ").count() + source.matches("Statement =\n").count();
        let list = source
            .split_once("ALL: &[&Statement]")
            .map_or("", |(_, rest)| rest.split(';').next().unwrap());
        let listed = list.matches('&').count().saturating_sub(1);
        if file.file_name().unwrap() != "tests.rs" {
            assert_eq!(written, listed, "{}", file.display());
        }
    }
}

fn pages() -> Vec<UserQuery> {
    let (now, id) = (Timestamp::EPOCH, UserId::from_uuid(Uuid::nil()));
    let filter = UserFilter {
        search: Search::parse("a b"),
        role: Some(Role::Admin),
        active: Some(false),
        email_verified: Some(true),
        created_after: Some(now),
        created_before: Some(now),
        include_deleted: true,
    };
    let active = UserFilter {
        active: Some(true),
        email_verified: Some(false),
        ..UserFilter::default()
    };
    let places = [
        (UserSort::CreatedAt, UserPlace::Time(now, id)),
        (UserSort::LastLoginAt, UserPlace::Time(now, id)),
        (UserSort::Email, UserPlace::Text("a".into(), id)),
    ];
    let mut pages = Vec::new();
    for (sort, place) in places {
        for descending in [false, true] {
            for filter in [&filter, &active] {
                for after in [None, Some(place.clone())] {
                    pages.push(UserQuery {
                        filter: filter.clone(),
                        sort,
                        descending,
                        after,
                        limit: 1,
                        now,
                    });
                }
            }
        }
    }
    pages
}

fn audit_pages() -> Vec<AuditQuery> {
    let (now, id) = (Timestamp::EPOCH, Uuid::nil());
    let everything = AuditFilter {
        kinds: EventKind::ALL.to_vec(),
        actor: Some(UserId::from_uuid(id)),
        subject: Some(UserId::from_uuid(id)),
        session: Some(SessionId::from_uuid(id)),
        address: Some(Mark::from_bytes([0; 16])),
        after: Some(now),
        before: Some(now),
    };
    let one = AuditFilter {
        kinds: vec![EventKind::SignedIn],
        ..AuditFilter::default()
    };
    [
        (everything, Some((now, 1))),
        (one, None),
        (AuditFilter::default(), None),
    ]
    .into_iter()
    .map(|(filter, place)| AuditQuery {
        filter,
        place,
        limit: 1,
    })
    .collect()
}
