//! `consents`

use std::net::IpAddr;

use async_trait::async_trait;
use ntt_auth_core::model::{Consent, ConsentId, DocumentVersion, Said, UserId};
use ntt_auth_core::store::{Consents, ReadConsents, StoreError, Unique};

use crate::engine::{Error, Row, Statement, Value};
use crate::view::View;

static OF_USER: Statement = Statement::new(
    "consents.of_user",
    "SELECT id, user_id, document, version, given_at, given_from, withdrawn_at, withdrawn_from FROM consents \
     WHERE user_id = ? ORDER BY given_at, id",
);

static GIVE: Statement = Statement::new(
    "consents.give",
    "INSERT INTO consents (id, user_id, document, version, given_at, given_from, withdrawn_at, withdrawn_from, standing) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
)
.may_collide();

static WITHDRAW: Statement = Statement::new(
    "consents.withdraw",
    "UPDATE consents SET withdrawn_at = ?, withdrawn_from = ?, standing = NULL \
     WHERE user_id = ? AND document = ? AND standing = 1",
);

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[&OF_USER, &GIVE, &WITHDRAW];

#[async_trait]
impl ReadConsents for View<'_> {
    async fn of_user(&mut self, user: UserId) -> Result<Vec<Consent>, StoreError> {
        self.all(&OF_USER, &[user.uuid().into()], consent).await
    }
}

#[async_trait]
impl Consents for View<'_> {
    async fn give(&mut self, consent: &Consent) -> Result<bool, StoreError> {
        let standing = consent.withdrawn.is_none().then_some(1_i64);
        let values = [
            consent.id.uuid().into(),
            consent.user_id.uuid().into(),
            consent.document.document().into(),
            consent.document.version().into(),
            consent.given.at.into(),
            address(consent.given.from),
            consent.withdrawn.map(|said| said.at).into(),
            address(consent.withdrawn.and_then(|said| said.from)),
            standing.into(),
        ];
        match self.count(&GIVE, &values).await {
            Ok(_) => Ok(true),
            Err(StoreError::Taken(Unique::Id)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn withdraw(
        &mut self,
        user: UserId,
        document: &str,
        said: Said,
    ) -> Result<u64, StoreError> {
        let values = [
            said.at.into(),
            address(said.from),
            user.uuid().into(),
            document.into(),
        ];
        self.count(&WITHDRAW, &values).await
    }
}

fn address(from: Option<IpAddr>) -> Value {
    from.map(|address| address.to_string()).into()
}

fn consent(mut row: Row) -> Result<Consent, Error> {
    let id = ConsentId::from_uuid(row.id()?);
    let user_id = UserId::from_uuid(row.id()?);
    let (document, version) = (row.text()?, row.text()?);
    let document =
        DocumentVersion::parse(&format!("{document}:{version}")).map_err(|_| row.corrupt())?;
    let given = Said {
        at: row.time()?,
        from: row.opt_name()?,
    };
    let (at, from) = (row.opt_time()?, row.opt_name()?);
    Ok(Consent {
        id,
        user_id,
        document,
        given,
        withdrawn: at.map(|at| Said { at, from }),
    })
}
