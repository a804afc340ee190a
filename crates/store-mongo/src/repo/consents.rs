//! `consents`

use std::net::IpAddr;

use async_trait::async_trait;
use mongodb::bson::doc;
use ntt_auth_core::model::{Consent, ConsentId, DocumentVersion, Said, UserId};
use ntt_auth_core::store::{Consents, ReadConsents, StoreError};

use crate::error::Error;
use crate::value::{Doc, Fields, id, time};
use crate::view::{Find, View};

const CONSENTS: &str = "consents";

#[async_trait]
impl ReadConsents for View<'_> {
    async fn of_user(&mut self, user: UserId) -> Result<Vec<Consent>, StoreError> {
        let find = Find::new(CONSENTS, doc! { "user_id": id(user.uuid()) });
        self.all(find.sorted(doc! { "given_at": 1, "_id": 1 }), consent)
            .await
    }
}

#[async_trait]
impl Consents for View<'_> {
    async fn give(&mut self, consent: &Consent) -> Result<bool, StoreError> {
        let is_standing = consent.withdrawn.is_none();
        let place = doc! {
            "user_id": id(consent.user_id.uuid()),
            "document": consent.document.document(),
            "version": consent.document.version(),
        };
        let key = id(consent.id.uuid());
        // A key that is met would be the end of the transaction.
        let mut same = vec![doc! { "_id": key.clone() }];
        if is_standing {
            let mut standing = place.clone();
            standing.insert("standing", true);
            same.push(standing);
        }
        let find = Find::new(CONSENTS, doc! { "$or": same }).only(doc! { "_id": 1 });
        if self.first(find, |_| Ok(())).await?.is_some() {
            return Ok(false);
        }
        let mut document = Fields::new()
            .set("_id", key)
            .set("given_at", time(consent.given.at))
            .opt("given_from", address(consent.given.from))
            .opt("withdrawn_at", consent.withdrawn.map(|said| time(said.at)))
            .opt(
                "withdrawn_from",
                address(consent.withdrawn.and_then(|said| said.from)),
            )
            .opt("standing", is_standing.then_some(true))
            .document();
        document.extend(place);
        self.insert(CONSENTS, document).await.map_err(raced)?;
        Ok(true)
    }

    async fn withdraw(
        &mut self,
        user: UserId,
        document: &str,
        said: Said,
    ) -> Result<u64, StoreError> {
        let standing = doc! { "user_id": id(user.uuid()), "document": document, "standing": true };
        let change = Fields::new()
            .set("withdrawn_at", time(said.at))
            .opt("withdrawn_from", address(said.from))
            .opt("standing", None::<bool>)
            .change();
        self.update(CONSENTS, standing, change).await
    }
}

/// What was not there a moment ago was added by somebody else: applied again, the work finds it.
pub(super) fn raced(error: StoreError) -> StoreError {
    match error {
        StoreError::Taken(_) => StoreError::Contention,
        other => other,
    }
}

fn address(from: Option<IpAddr>) -> Option<String> {
    from.map(|address| address.to_string())
}

fn consent(mut doc: Doc) -> Result<Consent, Error> {
    let (document, version) = (doc.text("document")?, doc.text("version")?);
    let withdrawn_at = doc.opt_time("withdrawn_at")?;
    let withdrawn_from = doc.opt_name("withdrawn_from")?;
    Ok(Consent {
        id: ConsentId::from_uuid(doc.id("_id")?),
        user_id: UserId::from_uuid(doc.id("user_id")?),
        document: DocumentVersion::parse(&format!("{document}:{version}"))
            .map_err(|_| doc.corrupt("document"))?,
        given: Said {
            at: doc.time("given_at")?,
            from: doc.opt_name("given_from")?,
        },
        withdrawn: withdrawn_at.map(|at| Said {
            at,
            from: withdrawn_from,
        }),
    })
}
