//! The five roles (AUT-1).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Roles in ascending order of power; the order of the variants is the order of [`Ord`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May sign in and read what is public.
    Guest,
    /// Manages their own account.
    #[default]
    User,
    /// Sees others without their contact data and may suspend users of lower roles.
    Moderator,
    /// Manages users of lower roles.
    Admin,
    /// May do everything.
    SuperAdmin,
}

impl Role {
    /// All roles, from the most to the least powerful.
    pub const ALL: [Self; 5] = [
        Self::SuperAdmin,
        Self::Admin,
        Self::Moderator,
        Self::User,
        Self::Guest,
    ];

    /// The name used in tokens, the API and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::User => "user",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
            Self::SuperAdmin => "super_admin",
        }
    }

    /// Whether this is the role that may do everything: the `isSuperuser` of a user.
    pub fn is_superuser(self) -> bool {
        self == Self::SuperAdmin
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names none of the five roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a role is one of super_admin, admin, moderator, user, guest")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(UnknownRole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_ordered_and_named() {
        assert!(Role::ALL.windows(2).all(|pair| pair[0] > pair[1]));
        assert!(
            Role::ALL
                .iter()
                .all(|role| role.as_str().parse() == Ok(*role))
        );
        assert_eq!(
            Role::ALL.iter().filter(|role| role.is_superuser()).count(),
            1
        );
        assert_eq!("root".parse::<Role>(), Err(UnknownRole));
    }
}
