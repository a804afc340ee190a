//! The outbox: mail that would have been sent, kept for whoever develops (WEB-3).

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use mail_parser::MessageParser;
use ntt_auth_core::model::{JobId, Timestamp};

use crate::message::Message;
use crate::post::{SendError, Transport};

/// Most mails that are kept; the oldest go.
const CAPACITY: usize = 500;

/// A mail in the outbox.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptMail {
    /// The job that made it.
    pub id: JobId,
    /// When it was made.
    pub at: Timestamp,
    /// Who it would have gone to.
    pub to: String,
    /// Which letter it is.
    pub letter: String,
    /// The language it is in.
    pub locale: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// Its HTML.
    pub html: String,
}

impl fmt::Debug for KeptMail {
    /// Without its words and its recipient.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptMail")
            .field("id", &self.id)
            .field("letter", &self.letter)
            .finish_non_exhaustive()
    }
}

/// Keeps mail: each as a file `ID.eml` that any mail program opens, or in memory.
#[derive(Debug)]
pub struct Outbox {
    folder: Option<PathBuf>,
    kept: Arc<Mutex<BTreeMap<JobId, KeptMail>>>,
}

impl Outbox {
    /// An outbox that is forgotten at the end.
    pub fn in_memory() -> Self {
        Self {
            folder: None,
            kept: Arc::default(),
        }
    }

    /// An outbox in a folder, with what is there already. The folder is made with access for its owner only.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
        let mut kept = BTreeMap::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let id = path
                .file_name()
                .and_then(|name| name.to_str()?.strip_suffix(".eml")?.parse().ok());
            // What is not ours, or was cut off by a crash, is left alone.
            if let Some(id) = id
                && let Some(mail) = parse(id, &fs::read(&path)?)
            {
                kept.insert(id, mail);
            }
        }
        let outbox = Self {
            folder: Some(folder.to_owned()),
            kept: Arc::new(Mutex::new(kept)),
        };
        outbox.trim();
        Ok(outbox)
    }

    /// Everything in it, the newest first.
    pub fn list(&self) -> Vec<KeptMail> {
        let mut mails: Vec<KeptMail> = self.lock().values().cloned().collect();
        mails.sort_by_key(|mail| std::cmp::Reverse((mail.at, mail.id)));
        mails
    }

    /// One mail.
    pub fn read(&self, id: JobId) -> Option<KeptMail> {
        self.lock().get(&id).cloned()
    }

    /// Throws everything away; says how many there were.
    pub fn clear(&self) -> usize {
        let mails = std::mem::take(&mut *self.lock());
        for id in mails.keys() {
            self.remove_file(*id);
        }
        mails.len()
    }

    fn keep(&self, message: &Message) -> io::Result<()> {
        if let Some(folder) = &self.folder {
            write(folder, &file_name(message.job), message.raw())?;
        }
        let rendered = &message.rendered;
        let mail = KeptMail {
            id: message.job,
            at: message.at,
            to: message.to.as_str().to_owned(),
            letter: rendered.letter.to_owned(),
            locale: rendered.locale.clone(),
            subject: rendered.subject.clone(),
            text: rendered.text.clone(),
            html: rendered.html.clone(),
        };
        self.lock().insert(mail.id, mail);
        self.trim();
        Ok(())
    }

    fn trim(&self) {
        let gone: Vec<JobId> = {
            let mut kept = self.lock();
            let surplus = kept.len().saturating_sub(CAPACITY);
            let gone: Vec<JobId> = kept.keys().take(surplus).copied().collect();
            for id in &gone {
                kept.remove(id);
            }
            gone
        };
        for id in gone {
            self.remove_file(id);
        }
    }

    fn remove_file(&self, id: JobId) {
        if let Some(folder) = &self.folder
            && let Err(error) = fs::remove_file(folder.join(file_name(id)))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(target: "mail", %error, "a mail cannot be removed from the outbox");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<JobId, KeptMail>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Transport for Outbox {
    async fn deliver(&self, message: &Message) -> Result<(), SendError> {
        // A small file on a developer's disk: the wait is shorter than handing it to another thread.
        self.keep(message)
            .map_err(|error| SendError::Outbox(error.to_string()))
    }
}

fn file_name(id: JobId) -> String {
    format!("{id}.eml")
}

/// Writes a file whole or not at all. It holds links that only its recipient should have.
fn write(folder: &Path, name: &str, octets: &[u8]) -> io::Result<()> {
    let draft = folder.join(format!("{name}.part"));
    let mut options = fs::File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&draft)?.write_all(octets)?;
    fs::rename(&draft, folder.join(name))
}

/// Reads a mail back. `None` if it is not one of ours.
fn parse(id: JobId, octets: &[u8]) -> Option<KeptMail> {
    let message = MessageParser::default().parse(octets)?;
    let header = |name| {
        message
            .header(name)
            .and_then(|value| value.as_text())
            .map(str::to_owned)
    };
    Some(KeptMail {
        id,
        at: Timestamp::from_millis(message.date()?.to_timestamp().checked_mul(1000)?),
        to: message.to()?.first()?.address()?.to_owned(),
        letter: header("X-Letter")?,
        locale: header("Content-Language").unwrap_or_default(),
        subject: message.subject()?.to_owned(),
        text: message.body_text(0)?.replace("\r\n", "\n"),
        html: message.body_html(0)?.replace("\r\n", "\n"),
    })
}
