use std::fmt;

use crate::{COSTS, MAX_PASSWORD};

/// What one hash is made of, already checked.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    password: &'a [u8],
    salt: [u8; 16],
    cost: u8,
}

impl<'a> Input<'a> {
    /// Checks a password (up to [`MAX_PASSWORD`] bytes, none of them NUL; may be empty) and a cost (within [`COSTS`]).
    pub fn new(password: &'a [u8], salt: [u8; 16], cost: u8) -> Result<Self, InputError> {
        if password.len() > MAX_PASSWORD {
            return Err(InputError::TooLong(password.len()));
        }
        if password.contains(&0) {
            return Err(InputError::Nul);
        }
        if !COSTS.contains(&cost) {
            return Err(InputError::Cost(cost));
        }
        Ok(Self {
            password,
            salt,
            cost,
        })
    }

    /// The base-2 logarithm of the number of key expansions.
    pub fn cost(&self) -> u8 {
        self.cost
    }

    pub(crate) fn salt(&self) -> &[u8; 16] {
        &self.salt
    }

    /// The key: the password and a NUL byte, repeated without end.
    pub(crate) fn key(&self) -> impl Iterator<Item = u8> + 'a {
        self.password.iter().copied().chain([0]).cycle()
    }
}

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input")
            .field("cost", &self.cost)
            .finish_non_exhaustive()
    }
}

/// Why no hash can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputError {
    /// The password has this many bytes, and bcrypt would ignore those after the 72nd.
    TooLong(usize),
    /// The password contains a NUL byte.
    Nul,
    /// No such cost.
    Cost(u8),
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(length) => write!(
                f,
                "the password has {length} bytes, bcrypt takes at most {MAX_PASSWORD}"
            ),
            Self::Nul => f.write_str(
                "the password contains a NUL byte, which bcrypt cannot tell from its end",
            ),
            Self::Cost(cost) => write!(
                f,
                "bcrypt cost {cost} is outside {}-{}",
                COSTS.start(),
                COSTS.end()
            ),
        }
    }
}

impl std::error::Error for InputError {}
