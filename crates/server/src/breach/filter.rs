//! A filter file: a binary fuse filter over the first eight bytes of SHA-1 digests. It never misses one that was put in, and takes
//! one in 65,536 others for one of them; 18 bits for each password.
//!
//! ```text
//! "ntt-auth passwords 1\n" | descriptor, 20 bytes | fingerprints, 2 bytes each | SHA-256 of all that
//! ```
//! Numbers are little-endian.

use std::fs::File;
use std::io::{self, BufRead, Write as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use ntt_auth_core::password::LeakDigest;
use xorf::{BinaryFuse16, BinaryFuse16Ref, DmaSerializable, Filter as _, FilterRef as _};

const MAGIC: &[u8] = b"ntt-auth passwords 1\n";
const CHECKSUM: usize = 32;
const DESCRIPTOR: usize = BinaryFuse16::DESCRIPTOR_LEN;

/// Why a filter file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FilterError {
    /// It cannot be read.
    #[error("{0} cannot be read")]
    Unreadable(PathBuf, #[source] io::Error),
    /// It is another kind of file, or was cut or altered.
    #[error(
        "{0} is no filter of stolen passwords, or is damaged; `ntt-auth passwords filter` makes one"
    )]
    Damaged(PathBuf),
}

/// Why a filter file was not made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The list cannot be read, or the filter cannot be written.
    #[error("{0}")]
    Io(PathBuf, #[source] io::Error),
    /// There is no password in the list.
    #[error("{0} holds no password")]
    Empty(PathBuf),
    /// The filter could not be constructed.
    #[error("a filter over this list could not be made: {0}")]
    Construction(&'static str),
}

/// A filter in memory.
pub struct Filter {
    descriptor: [u8; DESCRIPTOR],
    /// From `start` on, where numbers of two bytes may begin.
    fingerprints: Vec<u8>,
    start: usize,
}

impl Filter {
    /// Reads a filter file whole.
    ///
    /// # Errors
    /// [`FilterError`] says what is wrong with it.
    pub fn open(path: &Path) -> Result<Self, FilterError> {
        let bytes =
            std::fs::read(path).map_err(|error| FilterError::Unreadable(path.to_owned(), error))?;
        Self::read(&bytes).ok_or_else(|| FilterError::Damaged(path.to_owned()))
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (content, checksum) = bytes.split_last_chunk::<CHECKSUM>()?;
        if digest::digest(&digest::SHA256, content).as_ref() != checksum {
            return None;
        }
        let rest = content.strip_prefix(MAGIC)?;
        let (descriptor, rest) = rest.split_first_chunk::<DESCRIPTOR>()?;
        if rest.is_empty() || !rest.len().is_multiple_of(2) {
            return None;
        }
        let mut fingerprints: Vec<u8> = Vec::with_capacity(rest.len() + 1);
        let start = fingerprints.as_ptr().align_offset(align_of::<u16>());
        fingerprints.resize(start.min(1), 0);
        fingerprints.extend_from_slice(rest);
        Some(Self {
            descriptor: *descriptor,
            start: start.min(1),
            fingerprints,
        })
    }

    /// Whether a password of this digest was put in.
    pub fn contains(&self, password: &LeakDigest) -> bool {
        let fingerprints = self.fingerprints.get(self.start..).unwrap_or_default();
        BinaryFuse16Ref::from_dma(&self.descriptor, fingerprints).contains(&key(password))
    }
}

/// Makes the filter file `to` of the list `from`: a password or a SHA-1 digest in hexadecimal on each line, perhaps with `:` and
/// how often it was seen, as Have I Been Pwned publishes them; those seen less often than `least` are left out. `progress` is told of
/// bytes that were read. Says how many passwords are in it.
///
/// # Errors
/// [`BuildError`] says why there is no such file.
pub fn build(
    from: &Path,
    to: &Path,
    least: u64,
    mut progress: impl FnMut(u64),
) -> Result<usize, BuildError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| BuildError::Io(path, error)
    };
    let mut list = io::BufReader::with_capacity(1 << 20, File::open(from).map_err(failed(from))?);
    let mut keys = Vec::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = list.read_until(b'\n', &mut line).map_err(failed(from))?;
        if read == 0 {
            break;
        }
        progress(u64::try_from(read).unwrap_or(0));
        keys.extend(parse(&line, least).map(|password| key(&password)));
    }
    keys.sort_unstable();
    keys.dedup();
    if keys.is_empty() {
        return Err(BuildError::Empty(from.to_owned()));
    }
    let filter = BinaryFuse16::try_from(&keys).map_err(BuildError::Construction)?;
    // Under another name first, so that a server that starts meanwhile finds a whole one.
    let unfinished = to.with_extension("unfinished");
    let mut file = File::create(&unfinished).map_err(failed(&unfinished))?;
    file.write_all(&bytes_of(&filter))
        .and_then(|()| file.sync_all())
        .map_err(failed(&unfinished))?;
    std::fs::rename(&unfinished, to).map_err(failed(to))?;
    Ok(keys.len())
}

fn bytes_of(filter: &BinaryFuse16) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    let mut descriptor = [0; DESCRIPTOR];
    filter.dma_copy_descriptor_to(&mut descriptor);
    bytes.extend_from_slice(&descriptor);
    bytes.extend_from_slice(filter.dma_fingerprints());
    let checksum = digest::digest(&digest::SHA256, &bytes);
    bytes.extend_from_slice(checksum.as_ref());
    bytes
}

/// What a line names; none if it is empty or too rare.
fn parse(line: &[u8], least: u64) -> Option<LeakDigest> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return None;
    }
    let (head, count) = match line.iter().position(|byte| *byte == b':') {
        Some(at) => line.split_at(at),
        None => (line, &b""[..]),
    };
    if let Some(bytes) = hexadecimal(head) {
        let seen = std::str::from_utf8(count.get(1..).unwrap_or_default())
            .ok()
            .and_then(|text| text.trim().parse::<u64>().ok());
        return (seen.unwrap_or(least) >= least).then(|| LeakDigest::from_bytes(bytes));
    }
    Some(LeakDigest::of_text(&String::from_utf8_lossy(line)))
}

fn hexadecimal(text: &[u8]) -> Option<[u8; 20]> {
    let pairs = text.as_chunks::<2>();
    if pairs.0.len() != 20 || !pairs.1.is_empty() {
        return None;
    }
    let mut bytes = [0; 20];
    for (byte, pair) in bytes.iter_mut().zip(pairs.0) {
        let digits = std::str::from_utf8(pair).ok()?;
        if !pair.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(bytes)
}

/// By what the filter knows a digest.
fn key(password: &LeakDigest) -> u64 {
    password
        .bytes()
        .iter()
        .take(8)
        .fold(0, |key, byte| key << 8 | u64::from(*byte))
}
