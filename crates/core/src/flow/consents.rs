//! Consents: what people agreed to, and that they may change their mind (ACC-11).

use async_trait::async_trait;

use crate::flow::auth::Committed;
use crate::flow::event::event;
use crate::flow::fault::faults;
use crate::flow::register::AddUser;
use crate::flow::{Auth, Caller, Fault};
use crate::model::{
    Client, Consent, ConsentId, DocumentVersion, EventKind, FieldErrors, Invalid, Said,
    SecurityEvent, State, UserId,
};
use crate::store::{StoreError, Tx, Unique, Work};

/// Every consent of the caller, withdrawn ones too, in the order they were given.
pub async fn list_consents(auth: &Auth, caller: Caller) -> Result<Vec<Consent>, Fault> {
    Ok(auth.store.read().consents().of_user(caller.user_id).await?)
}

/// Agrees to a version of a document.
#[derive(Debug)]
pub struct GiveConsent {
    /// Who agrees.
    pub caller: Caller,
    /// To what, e.g. `terms:2026-01`, as typed.
    pub document: String,
    /// From where.
    pub client: Client,
}

/// Why a consent was not noted.
#[derive(Debug, thiserror::Error)]
pub enum ConsentError {
    /// Nobody is asked for this document, or not for this version of it.
    #[error("this is not a document that is asked for")]
    Invalid(FieldErrors),
    /// No consent to this document stands.
    #[error("no consent to this document stands")]
    NotFound,
    /// The account cannot be signed in to any more.
    #[error("the account is gone")]
    Gone,
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(ConsentError);

impl GiveConsent {
    /// Notes it, and gives the consent that stands then, and whether it is new: whoever agreed already has agreed.
    pub async fn run(self, auth: &Auth) -> Result<(Consent, bool), ConsentError> {
        let document = asked_for(auth, &self.document)
            .map_err(|invalid| ConsentError::Invalid(("/document", invalid).into()))?;
        let given = Giving::new(auth, self.caller.user_id, document, &self.client);
        auth.commit(Give(given)).await?.ok_or(ConsentError::Gone)
    }
}

/// A document of which this version is asked for now.
fn asked_for(auth: &Auth, text: &str) -> Result<DocumentVersion, Invalid> {
    let given = DocumentVersion::parse(text)?;
    let rules = &auth.rules.accounts;
    let asked: Vec<_> = rules
        .consents
        .iter()
        .chain(&rules.optional_consents)
        .filter(|asked| asked.document() == given.document())
        .collect();
    if asked.contains(&&given) {
        Ok(given)
    } else if asked.is_empty() {
        Err(Invalid::new(
            "unknown_document",
            "Nobody is asked for their consent to this document.",
        ))
    } else {
        Err(Invalid::new(
            "other_version",
            "Another version of this document is asked for.",
        ))
    }
}

/// What whoever registers agrees to: only what is asked for, and all of what must be.
pub(crate) fn at_registration(
    auth: &Auth,
    texts: &[String],
    errors: &mut FieldErrors,
) -> Vec<DocumentVersion> {
    let mut given = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        match asked_for(auth, text) {
            Ok(document) if given.contains(&document) => {}
            Ok(document) => given.push(document),
            Err(invalid) => errors.add(format!("/consents/{index}"), invalid),
        }
    }
    for missing in auth
        .rules
        .accounts
        .consents
        .iter()
        .filter(|required| !given.contains(required))
    {
        let message = format!("Consent to {missing} is required.");
        errors.add("/consents", Invalid::with("consent_required", message));
    }
    given
}

/// A consent with the event that tells of it.
#[derive(Clone)]
pub(crate) struct Giving {
    consent: Consent,
    event: SecurityEvent,
}

impl Giving {
    pub(crate) fn new(
        auth: &Auth,
        user: UserId,
        document: DocumentVersion,
        client: &Client,
    ) -> Self {
        let at = auth.clock.now();
        let told = event(auth, EventKind::ConsentGiven, at, Some(user), client)
            .by(user)
            .detail(document.to_string());
        Self {
            consent: Consent {
                id: ConsentId::new(at, auth.entropy.as_ref()),
                user_id: user,
                document,
                given: Said {
                    at,
                    from: client.ip_address,
                },
                withdrawn: None,
            },
            event: told,
        }
    }

    async fn within(&self, tx: &mut dyn Tx) -> Result<bool, StoreError> {
        let is_new = tx.consents().give(&self.consent).await?;
        if is_new {
            tx.events().append(&self.event).await?;
        }
        Ok(is_new)
    }
}

struct Give(Giving);

#[async_trait]
impl Work for Give {
    /// `None` if the user is gone.
    type Output = Committed<Option<(Consent, bool)>>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let Giving { consent, .. } = &self.0;
        let user = tx.users().by_id(consent.user_id).await?;
        if user.is_none_or(|user| user.state(consent.given.at) != State::Active) {
            return Ok(Committed::plain(None));
        }
        if self.0.within(tx).await? {
            return Ok(Committed::plain(Some((consent.clone(), true))));
        }
        let standing = tx
            .consents()
            .of_user(consent.user_id)
            .await?
            .into_iter()
            .find(|old| old.document == consent.document && old.withdrawn.is_none());
        match standing {
            Some(standing) => Ok(Committed::plain(Some((standing, false)))),
            // Withdrawn between the two.
            None => Err(StoreError::Contention),
        }
    }
}

/// Withdraws the caller's consent to a document, every version of it.
#[derive(Debug)]
pub struct WithdrawConsent {
    /// Who changes their mind.
    pub caller: Caller,
    /// About which document.
    pub document: String,
    /// From where.
    pub client: Client,
}

impl WithdrawConsent {
    /// Withdraws it. What was agreed to, and until when, stays noted.
    pub async fn run(self, auth: &Auth) -> Result<(), ConsentError> {
        // What names nothing is not asked for: some engines refuse a NUL in a text.
        if !DocumentVersion::can_name(&self.document) {
            return Err(ConsentError::NotFound);
        }
        let at = auth.clock.now();
        let user = self.caller.user_id;
        let told = event(
            auth,
            EventKind::ConsentWithdrawn,
            at,
            Some(user),
            &self.client,
        )
        .by(user);
        let withdraw = Withdraw {
            user,
            document: self.document,
            said: Said {
                at,
                from: self.client.ip_address,
            },
            event: told,
        };
        match auth.commit(withdraw).await? {
            0 => Err(ConsentError::NotFound),
            _ => Ok(()),
        }
    }
}

struct Withdraw {
    user: UserId,
    document: String,
    said: Said,
    event: SecurityEvent,
}

#[async_trait]
impl Work for Withdraw {
    type Output = Committed<u64>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let withdrawn = tx
            .consents()
            .withdraw(self.user, &self.document, self.said)
            .await?;
        if withdrawn > 0 {
            // Only now is it known that the text is the name of a document, and nothing else.
            let told = self.event.clone().detail(self.document.as_str());
            tx.events().append(&told).await?;
        }
        Ok(Committed::plain(withdrawn))
    }
}

/// Adds a user together with what they agreed to.
pub(crate) struct AddConsenting {
    pub(crate) add: AddUser,
    pub(crate) consents: Vec<Giving>,
}

#[async_trait]
impl Work for AddConsenting {
    type Output = Committed<Result<(), Vec<Unique>>>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let added = self.add.apply(tx).await?;
        if added.output.is_ok() {
            for consent in &self.consents {
                consent.within(tx).await?;
            }
        }
        Ok(added)
    }
}
