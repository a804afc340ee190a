//! What is written beside a backup: what it holds, and that it is whole and ours.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::{digest, hmac};
use ntt_auth_core::model::Timestamp;
use ntt_auth_core::secret::{MasterKeys, RootSecret};
use serde::{Deserialize, Serialize};

/// The form of a manifest.
const FORMAT: u32 = 2;
/// That of manifests of databases from before there were root secrets.
const WITHOUT_ROOT: u32 = 1;

/// What a backup holds, with a code that only its installation can make: neither the file nor the manifest can be changed
/// by somebody who does not have the master key, and a restore under another master key is noticed before it begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// The form of this manifest.
    pub format: u32,
    /// The version of the program that made it.
    pub program: String,
    /// When, as RFC 3339.
    pub created_at: String,
    /// How many bytes the backup has.
    pub size: u64,
    /// SHA-256 of the backup, in hex.
    pub sha256: String,
    /// The steps by which its tables came to their form.
    pub schema: Vec<String>,
    /// How many rows each table has.
    pub rows: BTreeMap<String, u64>,
    /// The root secret of the installation, in hex, sealed as it is in the backup: the code is verified with it before anything else is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// HMAC-SHA-256, in hex, over all of the above.
    pub code: String,
}

impl Manifest {
    /// Tells of the backup at `file`.
    pub fn of(
        file: &Path,
        contents: &ntt_auth_store_sql::Contents,
        at: Timestamp,
        root: &RootSecret,
    ) -> io::Result<Self> {
        let (size, sha256) = measured(file)?;
        let mut manifest = Self {
            format: match &contents.root {
                Some(_) => FORMAT,
                None => WITHOUT_ROOT,
            },
            program: env!("CARGO_PKG_VERSION").to_owned(),
            created_at: at.to_string(),
            size,
            sha256,
            schema: contents.schema(),
            rows: contents.rows.clone(),
            root: contents.root.as_deref().map(hex),
            code: String::new(),
        };
        manifest.code = hex(hmac::sign(&key(root), &manifest.told()).as_ref());
        Ok(manifest)
    }

    /// Where the manifest of the backup at `file` is.
    pub fn beside(file: &Path) -> PathBuf {
        PathBuf::from(format!("{}.json", file.display()))
    }

    /// Reads the manifest beside a backup, and holds the backup against it.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn verified(file: &Path, keys: &MasterKeys) -> Result<Self, String> {
        let path = Self::beside(file);
        let text = std::fs::read(&path).map_err(|error| {
            format!(
                "{} cannot be read ({error}): a backup is restored together with the manifest beside it",
                path.display()
            )
        })?;
        let manifest: Self = serde_json::from_slice(&text)
            .map_err(|error| format!("{} is no manifest: {error}", path.display()))?;
        if ![WITHOUT_ROOT, FORMAT].contains(&manifest.format) {
            return Err(format!(
                "{} is of a form that this program does not know: use a newer one",
                path.display()
            ));
        }
        let code = unhex(&manifest.code).unwrap_or_default();
        let told = manifest.told();
        let genuine = manifest
            .roots(keys)
            .iter()
            .any(|root| hmac::verify(&key(root), &told, &code).is_ok());
        if !genuine {
            return Err(format!(
                "{} was made under another master key, or was altered: put the master key of that installation in place \
                 first, or name it in keys.previous_master_key_file",
                path.display()
            ));
        }
        manifest.describes(file, file)?;
        Ok(manifest)
    }

    /// Holds `copy` against this, octet for octet: the backup at `file` itself, or what was copied from it.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(super) fn describes(&self, copy: &Path, file: &Path) -> Result<(), String> {
        let (size, sha256) = measured(copy)
            .map_err(|error| format!("{} cannot be read: {error}", copy.display()))?;
        if (size, &sha256) == (self.size, &self.sha256) {
            Ok(())
        } else {
            Err(format!(
                "{} is not what its manifest tells of: it is damaged or was altered",
                file.display()
            ))
        }
    }

    /// The root secrets by which the code may have been made.
    fn roots(&self, keys: &MasterKeys) -> Vec<RootSecret> {
        match &self.root {
            Some(sealed) => unhex(sealed)
                .and_then(|sealed| keys.open(&sealed).ok())
                .map(|(root, _)| root)
                .into_iter()
                .collect(),
            None => keys.each().map(|(_, key)| key.as_root()).collect(),
        }
    }

    /// What the code is over.
    fn told(&self) -> Vec<u8> {
        let bare = Self {
            code: String::new(),
            ..self.clone()
        };
        // Strings and numbers always can be written as JSON.
        serde_json::to_vec(&bare).unwrap_or_default()
    }
}

fn key(root: &RootSecret) -> hmac::Key {
    root.mac("manifest of a backup")
}

/// How many bytes a file has, and their digest.
fn measured(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut digest = digest::Context::new(&digest::SHA256);
    let mut buffer = vec![0; 1 << 20];
    let mut size = 0;
    loop {
        let count = file.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else {
            return Ok((size, hex(digest.finish().as_ref())));
        };
        digest.update(bytes);
        size += u64::try_from(count).unwrap_or(0);
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use ntt_auth_core::secret::MasterKey;

    use super::*;
    use crate::ports::SystemEntropy;

    #[tokio::test]
    async fn a_backup_is_known_to_be_whole_and_ours() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        let url = format!("sqlite:{}", file.display());
        let store = ntt_auth_store_sql::SqlStore::open(&url).await.unwrap();
        store.migrate().await.unwrap();
        drop(store);
        let mut contents = ntt_auth_store_sql::inspect(&file).await.unwrap();
        let keys = |current: u8, previous: Option<u8>| MasterKeys {
            current: MasterKey::new([current; 32]),
            previous: previous.map(|byte| MasterKey::new([byte; 32])),
        };
        let master = keys(1, None);
        let root = RootSecret::new([9; 32]);
        let sealed = master.current.seal(&root, &SystemEntropy::default());
        contents.root = Some(sealed.unwrap());
        let manifest = Manifest::of(&file, &contents, Timestamp::EPOCH, &root).unwrap();
        let write = |manifest: &Manifest| {
            let text = serde_json::to_vec(manifest).unwrap();
            std::fs::write(Manifest::beside(&file), text).unwrap();
        };
        write(&manifest);
        assert_eq!(
            Manifest::verified(&file, &master),
            Ok(manifest.clone()),
            "as it was made"
        );
        assert!(Manifest::verified(&file, &keys(2, Some(1))).is_ok());
        let said = Manifest::verified(&file, &keys(2, None)).unwrap_err();
        assert!(said.contains("another master key"), "{said}");
        // Of a database from before there were root secrets.
        contents.root = None;
        let root = master.current.as_root();
        let older = Manifest::of(&file, &contents, Timestamp::EPOCH, &root).unwrap();
        assert!(!serde_json::to_string(&older).unwrap().contains("root\""));
        write(&older);
        assert!(Manifest::verified(&file, &master).is_ok());
        assert!(Manifest::verified(&file, &keys(2, Some(1))).is_ok());
        assert!(Manifest::verified(&file, &keys(2, None)).is_err());
        write(&Manifest {
            created_at: "2030".to_owned(),
            ..manifest.clone()
        });
        let said = Manifest::verified(&file, &master).unwrap_err();
        assert!(said.contains("altered"), "{said}");
        write(&manifest);
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[100] ^= 1;
        std::fs::write(&file, bytes).unwrap();
        let said = Manifest::verified(&file, &master).unwrap_err();
        assert!(said.contains("damaged"), "{said}");
    }
}
