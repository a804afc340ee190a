//! An installation under test, and who speaks to it.

mod clock;
mod document;
mod engine;
mod events;
mod hasher;
mod mailer;
mod outbox;
mod principal;
mod snapshot;
mod store;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use ntt_auth_core::flow::{
    Actor, AuditEvent, AuditSearch, AuthParts, CreateUser, Fault, ListAuditEvents, ManageUser,
    Measure, RawRegistration, ensure_keys,
};
use ntt_auth_core::model::{Client, Mail, Role, SecurityEvent, User, UserId};
use ntt_auth_core::password::{Breaches, Hasher, PasswordPolicy};
use ntt_auth_core::policy::{
    AccountRules, AuditRules, KeyRules, LockoutRules, RefreshRules, RetentionRules,
    RevocationRules, Rules, SessionRules, TokenRules,
};
use ntt_auth_core::port::ErasureLog;
use ntt_auth_core::secret::{Bearer, RootSecret};
use ntt_auth_core::store::{Store, UserQuery};
use ntt_auth_core::{Auth, flow};
use ntt_auth_web::{App, Component, HashingStats, Outbox, Probe, TimeTravel, WebSettings};

pub(crate) use clock::ManualClock;
pub(crate) use document::{DOCUMENT, OPERATIONS, Operation, resolved};
pub(crate) use engine::{fresh, sqlite};
pub(crate) use events::Events;
pub(crate) use hasher::{Failing, Leaving};
pub(crate) use mailer::{CapturingMailer, link};
pub(crate) use principal::{Answer, Principal};
pub(crate) use snapshot::assert_committed;
pub(crate) use store::Switch;

use hasher::QuickHasher;
use outbox::Kept;

/// The password of everybody whom a test does not give another.
pub(crate) const PASSWORD: &str = "Analytical-Engine-1843";

/// Where the installation says it is.
pub(crate) const PUBLIC_URL: &str = "https://auth.example.com";

/// An installation: routes over a new store, with a clock of its own.
#[derive(Clone)]
pub(crate) struct TestApp {
    pub(crate) auth: Arc<Auth>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) mailer: Arc<CapturingMailer>,
    /// Mail that is kept, readable from [`DESK`].
    pub(crate) outbox: Kept,
    pub(crate) router: Router,
    /// What the routes are given.
    pub(crate) app: App,
}

/// How an installation differs from the usual one.
pub(crate) struct Builder {
    rules: Rules,
    settings: WebSettings,
    store: Option<Arc<dyn Store>>,
    hasher: Option<Arc<dyn Hasher>>,
    clock: Arc<ManualClock>,
    root: [u8; 32],
    breaches: Option<Arc<dyn Breaches>>,
    erasure_log: Option<Arc<dyn ErasureLog>>,
}

impl TestApp {
    /// The usual installation.
    pub(crate) async fn new() -> Self {
        Self::builder().build().await
    }

    pub(crate) fn builder() -> Builder {
        let mut settings = WebSettings::new(PUBLIC_URL);
        settings.rate_limits.enabled = false;
        Builder {
            rules: rules(),
            settings,
            store: None,
            hasher: None,
            clock: Arc::new(ManualClock::default()),
            root: [7; 32],
            breaches: None,
            erasure_log: None,
        }
    }

    /// Somebody who is not signed in.
    pub(crate) fn anon(&self) -> Principal {
        Principal::anon(self)
    }

    /// A signed-in user of the role `user`, `NAME@example.com`.
    pub(crate) async fn user(&self, name: &str) -> Principal {
        self.signed_in(name, Role::User).await
    }

    pub(crate) async fn moderator(&self) -> Principal {
        self.signed_in("moderator", Role::Moderator).await
    }

    pub(crate) async fn admin(&self) -> Principal {
        self.signed_in("admin", Role::Admin).await
    }

    pub(crate) async fn super_admin(&self) -> Principal {
        self.signed_in("root", Role::SuperAdmin).await
    }

    /// A signed-in user of any role.
    pub(crate) async fn signed_in(&self, name: &str, role: Role) -> Principal {
        let user = self.account(name, role).await;
        self.anon().sign_in(user.email.as_str(), PASSWORD).await
    }

    /// An account `NAME@example.com` with [`PASSWORD`], as the operator's command line makes one.
    pub(crate) async fn account(&self, name: &str, role: Role) -> User {
        let raw = RawRegistration {
            email: format!("{name}@example.com"),
            password: Some(PASSWORD.to_owned()),
            ..RawRegistration::default()
        };
        let create = CreateUser {
            actor: Actor::Operator,
            raw,
            role,
            client: Client::default(),
        };
        create.run(&self.auth).await.unwrap()
    }

    /// Performs every job whose time has come, and gives the mails that were sent.
    pub(crate) async fn mails(&self) -> Vec<Mail> {
        flow::run_jobs(&self.auth, &*self.mailer, "test", 10_000)
            .await
            .unwrap();
        self.mailer
            .take()
            .into_iter()
            .map(|(_, mail)| mail)
            .collect()
    }

    /// The one mail that was sent.
    pub(crate) async fn mail(&self) -> Mail {
        let mut mails = self.mails().await;
        assert_eq!(mails.len(), 1, "{mails:?}");
        mails.remove(0)
    }

    /// The newest security events about a user, newest first.
    pub(crate) async fn events(&self, user: UserId) -> Vec<SecurityEvent> {
        let list = ListAuditEvents {
            actor: Actor::Operator,
            search: AuditSearch {
                subject: Some(user),
                ..AuditSearch::default()
            },
            cursor: None,
            limit: 100,
        };
        let page = list.run(&self.auth).await.unwrap();
        page.events.iter().filter_map(AuditEvent::event).collect()
    }

    /// Has the operator do something about an account.
    pub(crate) async fn operate(&self, user: UserId, measure: Measure) {
        let manage = ManageUser {
            actor: Actor::Operator,
            user,
            measure,
            client: Client::default(),
        };
        manage.run(&self.auth).await.unwrap();
    }

    /// The account as it is stored.
    pub(crate) async fn stored(&self, user: UserId) -> User {
        self.auth
            .store()
            .read()
            .users()
            .by_id(user)
            .await
            .unwrap()
            .unwrap()
    }

    /// How many accounts there are, deleted ones too.
    pub(crate) async fn accounts(&self) -> usize {
        let query = UserQuery::everybody(10_000, self.auth.now());
        self.auth
            .store()
            .read()
            .users()
            .page(&query)
            .await
            .unwrap()
            .len()
    }
}

impl Builder {
    pub(crate) fn rules(mut self, change: impl FnOnce(&mut Rules)) -> Self {
        change(&mut self.rules);
        self
    }

    pub(crate) fn settings(mut self, change: impl FnOnce(&mut WebSettings)) -> Self {
        change(&mut self.settings);
        self
    }

    pub(crate) fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    pub(crate) fn hasher(mut self, hasher: Arc<dyn Hasher>) -> Self {
        self.hasher = Some(hasher);
        self
    }

    /// The root secret.
    pub(crate) fn root(mut self, root: [u8; 32]) -> Self {
        self.root = root;
        self
    }

    pub(crate) fn breaches(mut self, breaches: Arc<dyn Breaches>) -> Self {
        self.breaches = Some(breaches);
        self
    }

    pub(crate) fn erasure_log(mut self, log: Arc<dyn ErasureLog>) -> Self {
        self.erasure_log = Some(log);
        self
    }

    pub(crate) fn clock(mut self, clock: Arc<ManualClock>) -> Self {
        self.clock = clock;
        self
    }

    pub(crate) async fn build(self) -> TestApp {
        let store = match self.store {
            Some(store) => store,
            None => fresh().await,
        };
        let entropy = Arc::new(clock::SeededEntropy::new());
        let auth = Auth::new(AuthParts {
            store,
            hasher: self
                .hasher
                .unwrap_or_else(|| Arc::new(QuickHasher::new(entropy.clone()))),
            clock: self.clock.clone(),
            entropy,
            root: RootSecret::new(self.root),
            rules: self.rules,
        });
        let auth = match self.breaches {
            Some(breaches) => auth.with_breaches(breaches),
            None => auth,
        };
        let auth = Arc::new(match self.erasure_log {
            Some(log) => auth.with_erasure_log(log),
            None => auth,
        });
        ensure_keys(&auth).await.unwrap();
        flow::follow(&auth).await.unwrap();
        let outbox = Kept::default();
        let probe = Arc::new(Process(Travel(self.clock.clone()), outbox.clone()));
        let app = App::new(auth.clone(), self.settings, probe);
        TestApp {
            auth,
            clock: self.clock,
            mailer: Arc::default(),
            outbox,
            router: ntt_auth_web::router(app.clone()),
            app,
        }
    }
}

/// Where everybody's requests come from, unless a test says otherwise.
pub(crate) const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1));

fn rules() -> Rules {
    Rules {
        accounts: AccountRules::default(),
        password: PasswordPolicy::classic(),
        lockout: LockoutRules::default(),
        tokens: TokenRules {
            issuer: PUBLIC_URL.to_owned(),
            audience: PUBLIC_URL.to_owned(),
            access_ttl: Duration::from_hours(1),
            leeway: Duration::from_secs(5),
            include_email: true,
            extra_claims: Vec::new(),
            cache_capacity: 1000,
        },
        sessions: SessionRules {
            idle: Duration::from_hours(7 * 24),
            absolute: Duration::from_hours(30 * 24),
        },
        refresh: RefreshRules {
            grace: Duration::from_secs(30),
        },
        keys: KeyRules {
            algorithm: ntt_auth_jose::Algorithm::Es256,
            rotation: None,
            jwks_max_age: Duration::from_mins(15),
        },
        audit: AuditRules {
            retention: None,
            checkpoint_every: Duration::from_hours(1),
            checkpoint_events: 1000,
        },
        retention: RetentionRules::default(),
        revocations: RevocationRules::default(),
        fixed_codes: false,
    }
}

/// A process without parts of its own, whose clock can be moved from the address [`DESK`].
struct Process(Travel, Kept);

/// From where the clock can be moved.
pub(crate) const DESK: &str = "127.0.0.1";

#[derive(Clone)]
struct Travel(Arc<ManualClock>);

#[async_trait::async_trait]
impl Probe for Process {
    fn hashing(&self) -> HashingStats {
        HashingStats::default()
    }

    async fn components(&self) -> Vec<Component> {
        Vec::new()
    }

    fn outbox(&self) -> Option<Arc<dyn Outbox>> {
        Some(Arc::new(self.1.clone()))
    }

    fn time_travel(&self) -> Option<Arc<dyn TimeTravel>> {
        Some(Arc::new(self.0.clone()))
    }
}

#[async_trait::async_trait]
impl TimeTravel for Travel {
    fn ahead(&self) -> Duration {
        self.0.ahead()
    }

    fn serves(&self, peer: SocketAddr) -> bool {
        peer.ip().to_string() == DESK
    }

    async fn advance(&self, by: Duration, _step: Duration) -> Result<(), Fault> {
        self.0.advance(by);
        Ok(())
    }

    async fn reset(&self) -> Option<Result<Bearer, Fault>> {
        None
    }
}
