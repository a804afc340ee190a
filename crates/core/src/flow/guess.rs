//! Guesses at a password, counted before they are looked at (PRO-2, ASVS V6.3.1). Every path that checks one goes
//! through here, so that none of them has guesses to spare.
//!
//! A guess is counted by account *and* source: the device, if it is a known one; the session, if the guesser has one;
//! the network otherwise. Whoever exhausts that is locked out from there alone. Guesses of strangers (no device, no
//! session) are added up over all their networks as well, so that ten thousand addresses have no more of them a day than
//! one, while the owner's own devices have counters of their own.
//!
//! The account is counted under the identifier as it was typed, whether or not it is anybody's, and those counters are
//! what answers tell of. It is counted under its id, too, so that email address and user name are not worth a budget
//! each; of those counters no answer tells, lest a lock met under one name should show that another is the same person's.

mod owed;
mod source;

use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::hmac;

pub use self::owed::settle_guesses;
pub(crate) use self::owed::{Debt, Owed};
use self::source::Source;
use crate::flow::auth::Committed;
use crate::flow::event::event;
use crate::flow::fault::faults;
use crate::flow::sign_in::Device;
use crate::flow::{Auth, Caller, Fault};
use crate::model::{
    Budget, Client, Email, EventKind, LockTime, SecurityEvent, SessionId, Throttle, ThrottleId,
    Timestamp, User, Username,
};
use crate::password::{Plain, Verdict};
use crate::policy::LockoutRules;
use crate::secret::{PasswordHash, RootSecret};
use crate::store::{StoreError, Tx, Work};

/// How long an identifier that is nobody's stays locked after too many guesses in a row. Somebody's stays so until they, or an
/// administrator, lift it; that of nobody must not wait for whoever comes to have it, nor take room for ever. It is long, since
/// whoever waits for it learns that there was nobody.
const NOBODYS_LOCK: Duration = Duration::from_hours(24 * 90);
/// The longest time after which anybody is told to come back.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// Names of counters and of the accounts they belong to.
#[derive(Clone)]
pub(crate) struct ThrottleNames(hmac::Key);

impl ThrottleNames {
    pub(crate) fn new(root: &RootSecret) -> Self {
        Self(root.mac("throttle"))
    }

    /// An account as it was named, whether or not it exists.
    fn named(&self, identifier: &str) -> ThrottleId {
        self.name(b"identifier", &[folded(identifier).as_bytes()])
    }

    /// An account itself; for one that does not exist there is a name of its own, so that the same is counted.
    fn account(&self, user: Option<&User>, identifier: &str) -> ThrottleId {
        match user {
            Some(user) => self.name(b"user", &[user.id.uuid().as_bytes()]),
            None => self.name(b"nobody", &[folded(identifier).as_bytes()]),
        }
    }

    /// Every name under which an account is counted.
    pub(crate) fn of(&self, user: &User) -> Vec<ThrottleId> {
        let email = self.named(user.email.as_str());
        let username = user.username.as_ref().map(|name| self.named(name.as_str()));
        [email, self.account(Some(user), "")]
            .into_iter()
            .chain(username)
            .collect()
    }

    /// The two counters of letters of a kind to an address, whosever it is: of a short while, and of a day.
    pub(crate) fn mailbox(&self, address: &Email, topic: &str) -> [ThrottleId; 2] {
        let address = address.folded();
        [b"a while".as_slice(), b"a day"].map(|time| {
            let parts = [address.as_str().as_bytes(), topic.as_bytes(), time];
            self.name(b"mailbox", &parts)
        })
    }

    fn counter(&self, account: &ThrottleId, source: &Source) -> ThrottleId {
        let (kind, bytes) = source.bytes();
        self.name(b"counter", &[account.bytes(), kind, &bytes])
    }

    fn name(&self, kind: &[u8], parts: &[&[u8]]) -> ThrottleId {
        let mut context = hmac::Context::with_key(&self.0);
        for part in [kind].iter().chain(parts) {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        let mut name = [0; 32];
        name.iter_mut()
            .zip(context.sign().as_ref())
            .for_each(|(to, from)| *to = *from);
        ThrottleId::from_bytes(name)
    }
}

/// The form in which two spellings of one identifier are the same.
fn folded(identifier: &str) -> String {
    if identifier.contains('@') {
        if let Ok(email) = Email::parse(identifier) {
            return email.folded().as_str().to_owned();
        }
    } else if let Ok(username) = Username::parse(identifier) {
        return username.folded().as_str().to_owned();
    }
    identifier.trim().to_lowercase()
}

impl LockoutRules {
    fn of_source(&self) -> Budget {
        Budget {
            guesses: self.guesses,
            window: self.window,
            lock: LockTime::Growing {
                first: self.lock,
                longest: self.longest_lock,
            },
        }
    }

    fn of_strangers(&self, user: Option<&User>) -> Budget {
        Budget {
            guesses: self.strangers,
            window: Self::DAY,
            lock: LockTime::Window {
                consecutive: self.consecutive,
                lifts_after: user.is_none().then_some(NOBODYS_LOCK),
            },
        }
    }
}

/// One counter that a guess is counted in.
#[derive(Debug, Clone, Copy)]
struct Counter {
    id: ThrottleId,
    account: ThrottleId,
    budget: Budget,
    /// Whether an answer may tell that it is full.
    told: bool,
    /// Whether being right empties it; the budget of strangers is not refilled by anybody's sign-in.
    emptied: bool,
}

/// A guess that is about to be made.
pub(crate) struct Intent {
    counters: Vec<Counter>,
    /// Counters of the account which this guess is not counted in, but whose row of failures ends if it is right.
    others: Vec<ThrottleId>,
}

impl Intent {
    /// At the door, under an identifier that may be nobody's.
    pub(crate) fn at_the_door(
        auth: &Auth,
        identifier: &str,
        user: Option<&User>,
        device: Device,
        client: &Client,
    ) -> Self {
        let names = &auth.throttle_names;
        let (named, account) = (names.named(identifier), names.account(user, identifier));
        let counters = match device {
            Device::Known(id) => vec![(account, Source::Device(*id.uuid().as_bytes()), true)],
            Device::New => {
                let network = Source::Network(client.ip_address);
                vec![
                    (named, network, true),
                    (named, Source::Strangers, true),
                    (account, network, false),
                    (account, Source::Strangers, false),
                ]
            }
        };
        Self::new(auth, user, &counters)
    }

    /// By somebody who is signed in and is asked for the password again. Their network is counted with them, so that a
    /// stolen token buys no second set of guesses; the budget of strangers is none of their concern.
    pub(crate) fn in_session(
        auth: &Auth,
        user: &User,
        session: SessionId,
        client: &Client,
    ) -> Self {
        let names = &auth.throttle_names;
        let named = names.named(user.email.as_str());
        let account = names.account(Some(user), "");
        let network = Source::Network(client.ip_address);
        let counters = [
            (account, Source::Session(session), true),
            (named, network, true),
            (account, network, true),
        ];
        Self::new(auth, Some(user), &counters)
    }

    fn new(auth: &Auth, user: Option<&User>, counters: &[(ThrottleId, Source, bool)]) -> Self {
        let (names, rules) = (&auth.throttle_names, &auth.rules.lockout);
        if !rules.enabled {
            return Self {
                counters: Vec::new(),
                others: Vec::new(),
            };
        }
        let mut counters: Vec<Counter> = counters
            .iter()
            .map(|(account, source, told)| Counter {
                id: names.counter(account, source),
                account: *account,
                budget: match source {
                    Source::Strangers => rules.of_strangers(user),
                    _ => rules.of_source(),
                },
                told: *told,
                emptied: *source != Source::Strangers,
            })
            .collect();
        // Everybody takes them in the same order, so that nobody waits for each other.
        counters.sort_unstable_by_key(|counter| counter.id);
        let others = user.map(|user| names.of(user)).unwrap_or_default();
        let others = others
            .iter()
            .map(|account| names.counter(account, &Source::Strangers))
            .filter(|id| counters.iter().all(|counter| counter.id != *id))
            .collect();
        Self { counters, others }
    }

    /// Counts the guess, unless no more are admitted.
    pub(crate) async fn count(self, auth: &Auth) -> Result<Guess, GuessError> {
        let now = auth.clock.now();
        // Who is locked out already costs a look and no write.
        let mut read = auth.store.read();
        for counter in self.counters.iter().filter(|counter| counter.told) {
            let found = read.throttles().get(&counter.id).await?;
            if let Some(until) = found.and_then(|found| found.locked_at(now)) {
                return Err(GuessError::locked(until, now));
            }
        }
        drop(read);
        if self.counters.is_empty() {
            return Ok(Guess::of(self, Counted::default()));
        }
        let work = Count {
            counters: self.counters.clone(),
            now,
        };
        match auth.commit(work).await? {
            Ok(counted) => Ok(Guess::of(self, counted)),
            Err(until) => Err(GuessError::locked(until, now)),
        }
    }
}

/// Why a guess was not admitted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GuessError {
    /// There were too many from here, or by strangers altogether.
    #[error("no more guesses for {0:?}")]
    Locked(Duration),
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(GuessError);

impl GuessError {
    fn locked(until: Timestamp, now: Timestamp) -> Self {
        Self::Locked(until.since(now).min(LONGEST_WAIT))
    }
}

/// A guess that was counted, as if it were wrong.
pub(crate) struct Guess {
    counters: Vec<Counter>,
    others: Vec<ThrottleId>,
    counted: Counted,
}

#[derive(Debug, Default)]
struct Counted {
    /// A counter of which no answer tells was full: the guess is answered as a wrong one.
    mute: bool,
    /// It was the last one that was admitted.
    last: bool,
}

impl Guess {
    fn of(intent: Intent, counted: Counted) -> Self {
        Self {
            counters: intent.counters,
            others: intent.others,
            counted,
        }
    }

    /// Whether it is to be refused whatever it is, and without telling why.
    pub(crate) fn is_mute(&self) -> bool {
        self.counted.mute
    }

    /// Whether no other is admitted for a while, unless this one is right.
    pub(crate) fn is_last(&self) -> bool {
        self.counted.last
    }

    /// What follows for the counters if it was right: to be written in the transaction of what it opened.
    pub(crate) fn right(&self) -> Right {
        let own = self.counters.iter().map(|counter| match counter.emptied {
            true => (counter.id, Settle::Empty),
            false => (counter.id, Settle::TakeBackAndEnd),
        });
        let others = self.others.iter().map(|id| (*id, Settle::End));
        let mut steps: Vec<_> = own.chain(others).collect();
        steps.sort_unstable_by_key(|(id, _)| *id);
        Right(steps)
    }

    /// Takes the guess back, because nobody looked whether it was right.
    pub(crate) async fn take_back(self, auth: &Auth) -> Result<(), StoreError> {
        let ids: Vec<_> = self.counters.iter().map(|counter| counter.id).collect();
        let taken = auth.commit(TakeBack(ids.clone())).await;
        taken.inspect_err(|_| auth.owed.add(Debt::Back(TakeBack(ids))))
    }
}

struct Count {
    counters: Vec<Counter>,
    now: Timestamp,
}

#[async_trait]
impl Work for Count {
    /// What was counted, or until when nothing is admitted.
    type Output = Committed<Result<Counted, Timestamp>>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        let mut counted = Counted::default();
        let mut admitted = Vec::with_capacity(self.counters.len());
        let mut locked: Option<Timestamp> = None;
        for counter in &self.counters {
            let before = tx.throttles().hold(&counter.id).await?;
            match Throttle::admit(before.as_ref(), &counter.budget, self.now) {
                Ok(after) => admitted.push((counter, before.is_some(), after)),
                Err(until) if counter.told => locked = locked.max(Some(until)),
                Err(_) => counted.mute = true,
            }
        }
        if let Some(until) = locked {
            return Ok(Committed::plain(Err(until)));
        }
        for (counter, is_there, after) in admitted {
            counted.last |= after.locked_until.is_some();
            if is_there {
                tx.throttles().update(&counter.id, &after).await?;
            } else {
                let throttles = tx.throttles();
                throttles
                    .insert(&counter.id, &counter.account, &after)
                    .await?;
            }
        }
        Ok(Committed::plain(Ok(counted)))
    }
}

#[derive(Debug, Clone)]
pub(crate) struct TakeBack(Vec<ThrottleId>);

#[async_trait]
impl Work for TakeBack {
    type Output = Committed<()>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        for id in &self.0 {
            if let Some(counter) = tx.throttles().hold(id).await? {
                tx.throttles().update(id, &counter.taken_back()).await?;
            }
        }
        Ok(Committed::plain(()))
    }
}

/// What a right guess does to the counters.
#[derive(Debug, Clone)]
pub(crate) struct Right(Vec<(ThrottleId, Settle)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settle {
    Empty,
    TakeBackAndEnd,
    End,
}

impl Right {
    /// Does it within a transaction that does more.
    pub(crate) async fn within(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        for (id, settle) in &self.0 {
            if *settle == Settle::Empty {
                tx.throttles().forget(id).await?;
                continue;
            }
            let Some(counter) = tx.throttles().hold(id).await? else {
                continue;
            };
            let after = match settle {
                Settle::TakeBackAndEnd => counter.taken_back().ended_row(),
                _ => counter.ended_row(),
            };
            if after != counter {
                tx.throttles().update(id, &after).await?;
            }
        }
        Ok(())
    }
}

/// Forgets every guess at an account: an administrator unlocks it, its password is another one now, or it is new, and what was
/// guessed before at its address and name was guessed at nobody.
pub(crate) async fn forget_guesses(
    tx: &mut dyn Tx,
    names: &ThrottleNames,
    user: &User,
) -> Result<(), StoreError> {
    let mut accounts = names.of(user);
    accounts.sort_unstable();
    for account in accounts {
        tx.throttles().forget_account(&account).await?;
    }
    Ok(())
}

/// Forgets the guesses at the names that an account had and has no more, and at those that it has now and that were nobody's.
pub(crate) async fn forget_renamed(
    tx: &mut dyn Tx,
    names: &ThrottleNames,
    before: &User,
    after: &User,
) -> Result<(), StoreError> {
    let (before, after) = (names.of(before), names.of(after));
    let mut renamed: Vec<_> = before
        .iter()
        .filter(|name| !after.contains(name))
        .chain(after.iter().filter(|name| !before.contains(name)))
        .collect();
    renamed.sort_unstable();
    for name in renamed {
        tx.throttles().forget_account(name).await?;
    }
    Ok(())
}

/// The password was asked for again, and was right.
pub(crate) struct Proof {
    /// The hash it was checked against: what is done with this proof holds only while it is still the user's.
    pub(crate) hash: PasswordHash,
    /// To be written in the transaction of what the proof was asked for.
    pub(crate) right: Right,
}

/// Why a password did not prove anything.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unproved {
    /// It is wrong, or there is none.
    #[error("the password is wrong")]
    Wrong,
    /// There were too many wrong ones.
    #[error("no more guesses for {0:?}")]
    Locked(Duration),
    /// Nobody's fault who asked.
    #[error(transparent)]
    Fault(Fault),
}
faults!(Unproved);

impl From<GuessError> for Unproved {
    fn from(error: GuessError) -> Self {
        match error {
            GuessError::Locked(wait) => Self::Locked(wait),
            GuessError::Fault(fault) => Self::Fault(fault),
        }
    }
}

/// Asks somebody who is signed in for their password again (re-authentication): counted, checked, and noted if wrong.
pub(crate) async fn prove_password(
    auth: &Auth,
    user: &User,
    caller: Caller,
    password: Plain,
    client: &Client,
) -> Result<Proof, Unproved> {
    let guess = Intent::in_session(auth, user, caller.session_id, client)
        .count(auth)
        .await?;
    let (guess, verdict) = verify(auth, guess, password, user.password.clone()).await?;
    match user.password.clone().filter(|_| verdict.matches) {
        Some(hash) => Ok(Proof {
            hash,
            right: guess.right(),
        }),
        None => {
            let now = auth.clock.now();
            let refused = event(auth, EventKind::PasswordRefused, now, Some(user.id), client)
                .by(user.id)
                .session(caller.session_id);
            note_wrong(auth, &guess, refused).await?;
            Err(Unproved::Wrong)
        }
    }
}

/// Looks whether a counted guess is right. If that cannot be found out, it is taken back.
pub(crate) async fn verify(
    auth: &Auth,
    guess: Guess,
    password: Plain,
    stored: Option<PasswordHash>,
) -> Result<(Guess, Verdict), Fault> {
    let stored = stored.filter(|_| !guess.is_mute());
    match auth.hasher.verify(password, stored).await {
        Ok(verdict) => Ok((guess, verdict)),
        Err(error) => {
            guess.take_back(auth).await?;
            Err(error.into())
        }
    }
}

/// Writes down that a guess was wrong, and that it locked the account for its source, if it did.
pub(crate) async fn note_wrong(
    auth: &Auth,
    guess: &Guess,
    wrong: SecurityEvent,
) -> Result<(), StoreError> {
    let locked = guess.is_last().then(|| SecurityEvent {
        id: crate::model::EventId::new(wrong.at, auth.entropy.as_ref()),
        kind: EventKind::AccountLocked,
        ..wrong.clone()
    });
    let events = [Some(wrong), locked].into_iter().flatten().collect();
    auth.commit(Note(events)).await
}

struct Note(Vec<SecurityEvent>);

#[async_trait]
impl Work for Note {
    type Output = Committed<()>;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<Self::Output, StoreError> {
        for event in &self.0 {
            tx.events().append(event).await?;
        }
        Ok(Committed::plain(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_identifier_are_counted_together() {
        for (one, other) in [
            (" Ada@Example.COM", "ada@example.com"),
            ("ADA", "ada "),
            ("No Name At All", "no name at all"),
        ] {
            assert_eq!(folded(one), folded(other));
        }
        let names = ThrottleNames::new(&RootSecret::new([7; 32]));
        assert_ne!(names.named("ada"), names.named("ada@example.com"));
        assert_ne!(names.named("ada"), names.account(None, "ada"));
    }
}
