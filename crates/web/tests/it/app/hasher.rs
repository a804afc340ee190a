//! Real hashes at the lowest cost.

use std::sync::Arc;

use ntt_auth_core::password::{
    BcryptCost, Digest, Encoded, Hasher, HasherError, HashingPolicy, Plain, Scratch, Verdict, Work,
};
use ntt_auth_core::port::Entropy;
use ntt_auth_core::secret::PasswordHash;

use super::Switch;

/// bcrypt of cost 4, in the caller's thread.
pub(crate) struct QuickHasher {
    policy: HashingPolicy,
    entropy: Arc<dyn Entropy>,
}

impl QuickHasher {
    pub(crate) fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self {
            policy: HashingPolicy::Bcrypt {
                cost: BcryptCost::for_tests(4).unwrap(),
            },
            entropy,
        }
    }
}

#[async_trait::async_trait]
impl Hasher for QuickHasher {
    async fn hash(&self, password: Plain) -> Result<PasswordHash, HasherError> {
        let (work, hash) = self.policy.hash(&password, self.entropy.as_ref());
        Ok(hash.finish(&run(work)?))
    }

    async fn verify(
        &self,
        password: Plain,
        stored: Option<PasswordHash>,
    ) -> Result<Verdict, HasherError> {
        let Some(stored) = stored else {
            let (work, expected) = self.policy.decoy(&password);
            return Ok(Verdict {
                matches: expected.matches(&run(work)?),
                rehash: false,
            });
        };
        let encoded: Encoded = stored.expose().parse()?;
        let (work, expected) = encoded.verification(&password);
        let matches = expected.matches(&run(work)?);
        Ok(Verdict {
            matches,
            rehash: matches && encoded.needs_upgrade(&self.policy),
        })
    }
}

fn run(work: Work) -> Result<Digest, HasherError> {
    match work {
        Work::Bcrypt(work) => {
            let input = ntt_auth_bcrypt::Input::new(work.key(), work.salt(), work.cost()).unwrap();
            Ok(Digest::new(ntt_auth_bcrypt::hash(input).to_vec()))
        }
        Work::Other(work) => Ok(work.run(&mut Scratch::new())?),
    }
}

/// A pool that fails in always the same way.
pub(crate) struct Failing(pub(crate) HasherError);

#[async_trait::async_trait]
impl Hasher for Failing {
    async fn hash(&self, _: Plain) -> Result<PasswordHash, HasherError> {
        Err(self.0.clone())
    }

    async fn verify(&self, _: Plain, _: Option<PasswordHash>) -> Result<Verdict, HasherError> {
        Err(self.0.clone())
    }
}

/// A pool during whose work the store goes away.
pub(crate) struct Leaving {
    inner: QuickHasher,
    switch: Arc<Switch>,
}

impl Leaving {
    pub(crate) fn with(switch: Arc<Switch>) -> Arc<Self> {
        let entropy = Arc::new(super::clock::SeededEntropy::new());
        Arc::new(Self {
            inner: QuickHasher::new(entropy),
            switch,
        })
    }
}

#[async_trait::async_trait]
impl Hasher for Leaving {
    async fn hash(&self, password: Plain) -> Result<PasswordHash, HasherError> {
        self.inner.hash(password).await
    }

    async fn verify(
        &self,
        password: Plain,
        stored: Option<PasswordHash>,
    ) -> Result<Verdict, HasherError> {
        let verdict = self.inner.verify(password, stored).await;
        self.switch.off();
        verdict
    }
}
