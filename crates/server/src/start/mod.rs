//! From settings to an installation that answers: the data folder, the master key, the store, the keys.

mod failure;
mod master_key;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use ntt_auth_core::Auth;
use ntt_auth_core::flow::{AuthParts, adopt_events, open_root};
use ntt_auth_core::password::Hasher;
use ntt_auth_core::port::{Clock, Entropy};
use ntt_auth_core::secret::{MasterKey, MasterKeys, RootSecret, SealedBy};
use ntt_auth_core::store::Store;
use ntt_auth_web::TimeTravel;
use tokio::sync::Mutex;

pub use failure::StartError;

use crate::background::Chore;
use crate::backup::{BackupFolder, Codes};
use crate::breach;
use crate::engine::{OpenStore, open_embedded, open_server};
use crate::erasure_log::ErasureFile;
use crate::hashing::HashingPool;
use crate::ports::{SystemClock, SystemEntropy, VIRTUAL_CLOCK_FILE, VirtualClock};
use crate::settings::{Database, Profile, Settings};
use crate::travel::Traveller;
use crate::wakes::Announcements;

/// An installation that is ready to be asked, on the server as on the command line.
pub struct Installation {
    /// What every flow takes.
    pub auth: Arc<Auth>,
    /// The threads that hash passwords.
    pub hasher: Arc<HashingPool>,
    /// How many steps the database was brought forward.
    pub migrated: u32,
    /// Under which master key the root secret was sealed when it was opened.
    pub sealed_by: SealedBy,
    /// The configured master keys.
    pub master_keys: MasterKeys,
    opened: OpenStore,
    root: RootSecret,
    virtual_clock: Option<Arc<VirtualClock>>,
    announcements: Arc<Announcements>,
}

impl Installation {
    /// Opens the store, brings it up to date, and finds or makes the master key. Signing keys are not loaded yet.
    pub async fn open(settings: &Settings, listening: SocketAddr) -> Result<Self, StartError> {
        let virtual_clock = virtual_clock(settings)?;
        let clock = match &virtual_clock {
            Some(clock) => Arc::clone(clock) as Arc<dyn Clock>,
            None => Arc::new(SystemClock),
        };
        let opened = open_store_at(settings, Arc::clone(&clock)).await?;
        let store = Arc::clone(&opened.store);
        let migrated = store.migrate().await?;
        if let Some(copying) = store.portable().copying().await? {
            return Err(StartError::UnfinishedCopy(copying.begun_at));
        }
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::default());
        let master_keys = MasterKeys {
            current: master_key(settings, entropy.as_ref())?,
            previous: settings.keys.previous_master_key.clone(),
        };
        let (root, sealed_by) =
            open_root(store.as_ref(), &master_keys, entropy.as_ref(), clock.now()).await?;
        let hasher = HashingPool::start(
            settings.passwords.hashing.clone(),
            &settings.hashing,
            Arc::clone(&entropy),
        )
        .map_err(StartError::Threads)?;
        let hasher = Arc::new(hasher);
        let auth = Auth::new(AuthParts {
            store: Arc::clone(&store) as Arc<dyn Store>,
            hasher: Arc::clone(&hasher) as Arc<dyn Hasher>,
            clock,
            entropy,
            root: root.clone(),
            rules: settings.rules(listening),
        });
        let auth = match breach::open(&settings.passwords.breaches)? {
            Some(breaches) => auth.with_breaches(breaches),
            None => auth,
        };
        let auth = match &settings.database {
            Database::File(_) | Database::Server(_) => {
                make_private_folder(&settings.data_dir)?;
                auth.with_erasure_log(Arc::new(ErasureFile::of(&settings.data_dir)))
            }
            // Nothing can be restored to it.
            Database::Memory => auth,
        };
        let announcements = Arc::new(Announcements::default());
        let auth = auth.with_announcer(Arc::clone(&announcements) as _);
        let adopted = adopt_events(&auth).await?;
        if adopted > 0 {
            tracing::info!(target: "audit", adopted, "older security events were taken over into the audit trail");
        }
        Ok(Self {
            auth: Arc::new(auth),
            hasher,
            migrated,
            sealed_by,
            master_keys,
            opened,
            root,
            virtual_clock,
            announcements,
        })
    }

    /// What is known of the calls of its engine.
    pub fn engine(&self) -> &OpenStore {
        &self.opened
    }

    /// What the keys of its parts are derived from.
    pub fn root(&self) -> &RootSecret {
        &self.root
    }

    /// What it has to tell other nodes.
    pub fn announcements(&self) -> &Announcements {
        &self.announcements
    }

    /// The means to make backups of this installation.
    pub fn backups(&self, settings: &Settings) -> Arc<BackupFolder> {
        Arc::new(BackupFolder::new(
            self.opened.embedded.clone(),
            Codes::Root(self.root.clone()),
            self.auth.clock(),
            &settings.backup,
        ))
    }

    /// Closes it, so that what stands in the log of its database is written back.
    pub async fn close(self) {
        self.hasher.close().await;
    }

    /// The means to move this installation's time, where the profile has them. `chores` are done after each step.
    pub fn time_travel(
        &self,
        settings: &Settings,
        chores: Vec<Chore>,
    ) -> Option<Arc<dyn TimeTravel>> {
        let clock = self.virtual_clock.clone()?;
        let resettable = settings.profile == Profile::Test;
        Some(Arc::new(Traveller {
            clock,
            auth: Arc::clone(&self.auth),
            chores,
            resettable: resettable.then(|| {
                (
                    Arc::clone(&self.opened.store),
                    self.master_keys.current.clone(),
                )
            }),
            allow_from: settings.testing.allow_from.clone(),
            journey: Mutex::default(),
        }))
    }
}

/// The clock that can be moved, in the profiles that have one. Production refuses a data folder whose time was moved:
/// what is stored there lies in the future.
fn virtual_clock(settings: &Settings) -> Result<Option<Arc<VirtualClock>>, StartError> {
    let file = match settings.database {
        Database::Memory => None,
        Database::File(_) | Database::Server(_) => Some(settings.data_dir.join(VIRTUAL_CLOCK_FILE)),
    };
    match (settings.profile, file) {
        (Profile::Production, Some(file)) if file.exists() => Err(StartError::TimeTravelled(file)),
        (Profile::Production, _) => Ok(None),
        (_, file) => VirtualClock::open(file.clone())
            .map(|clock| Some(Arc::new(clock)))
            .map_err(|cause| StartError::VirtualClock {
                file: file.unwrap_or_default(),
                cause,
            }),
    }
}

/// Opens the configured database, making its folder if it is the data folder.
pub async fn open_store(settings: &Settings) -> Result<OpenStore, StartError> {
    open_store_at(settings, Arc::new(SystemClock)).await
}

async fn open_store_at(
    settings: &Settings,
    clock: Arc<dyn Clock>,
) -> Result<OpenStore, StartError> {
    open_database(&settings.database, settings, clock).await
}

/// Opens a database, be it the configured one or another, in the way that is configured.
pub async fn open_database(
    database: &Database,
    settings: &Settings,
    clock: Arc<dyn Clock>,
) -> Result<OpenStore, StartError> {
    let url = match database {
        Database::Memory => "sqlite::memory:".to_owned(),
        Database::File(path) => {
            if path.starts_with(&settings.data_dir) {
                make_private_folder(&settings.data_dir)?;
            }
            sqlite_url(path)?
        }
        Database::Server(url) => return Ok(open_server(url, &settings.engine, clock).await?),
    };
    Ok(open_embedded(&url, &settings.engine, clock).await?)
}

fn sqlite_url(path: &Path) -> Result<String, StartError> {
    let path = path
        .to_str()
        .ok_or_else(|| StartError::PathEncoding(path.to_owned()))?;
    Ok(format!("sqlite:{path}"))
}

/// The master keys of an installation that is there already; none is made.
pub fn existing_master_keys(settings: &Settings) -> Result<Option<MasterKeys>, StartError> {
    let current = match &settings.keys.master_key {
        Some(key) => Some(key.clone()),
        None => master_key::load_from(&settings.data_dir)?,
    };
    Ok(current.map(|current| MasterKeys {
        current,
        previous: settings.keys.previous_master_key.clone(),
    }))
}

/// Whether the previous master key that is configured is still needed; `None` if none is, or there is nothing yet that could need it.
pub async fn previous_key_is_needed(settings: &Settings) -> Result<Option<bool>, StartError> {
    let is_there = matches!(&settings.database, Database::File(path) if path.exists());
    let keys = existing_master_keys(settings)?.filter(|keys| keys.previous.is_some() && is_there);
    let Some(keys) = keys else {
        return Ok(None);
    };
    let store = open_store(settings).await?.store;
    if store.pending_steps().await? > 0 {
        // The next start brings it up to date, and tells.
        return Ok(Some(true));
    }
    let Some(sealed) = store.read().root().sealed().await? else {
        return Ok(Some(true));
    };
    let (_, by) = keys.open(&sealed).map_err(|_| StartError::OtherMasterKey)?;
    Ok(Some(by == SealedBy::Previous))
}

/// What is to be done about a previous master key that is configured.
pub fn about_previous_key(is_needed: bool) -> &'static str {
    match is_needed {
        true => {
            "the database is still sealed under keys.previous_master_key: run `ntt-auth keys rewrap`"
        }
        false => {
            "keys.previous_master_key is needed no more: remove it, and keep that key with the backups from before"
        }
    }
}

fn master_key(settings: &Settings, entropy: &dyn Entropy) -> Result<MasterKey, StartError> {
    match (&settings.keys.master_key, &settings.database) {
        (Some(key), _) => Ok(key.clone()),
        // What it would protect is forgotten with the process.
        (None, Database::Memory) => Ok(MasterKey::generate(entropy)),
        (None, Database::File(_) | Database::Server(_)) => {
            make_private_folder(&settings.data_dir)?;
            master_key::load_or_create(&settings.data_dir, entropy)
        }
    }
}

/// Makes the data folder, with access for its owner only. One that is there already is left as it is.
fn make_private_folder(folder: &Path) -> Result<(), StartError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|cause| StartError::DataFolder {
            folder: folder.to_owned(),
            cause,
        })
}
