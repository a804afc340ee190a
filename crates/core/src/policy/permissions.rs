//! The permission matrix (AUT-2): one table from which the checks, the published endpoint, the documents and the tests
//! all come.

use serde::Serialize;

use crate::model::Role;

/// How far a role's permission for an action reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Not at all.
    None,
    /// Their own account only.
    Own,
    /// Everybody, without the contact data of others.
    Limited,
    /// Users of lower roles only.
    Below,
    /// Roles up to moderator, for users of lower roles.
    UpToModerator,
    /// Everything.
    All,
}

impl Reach {
    /// Every reach there is.
    pub const ALL: [Self; 6] = [
        Self::All,
        Self::Below,
        Self::UpToModerator,
        Self::Limited,
        Self::Own,
        Self::None,
    ];

    /// A word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Below => "below",
            Self::UpToModerator => "up to moderator",
            Self::Limited => "limited",
            Self::Own => "own",
            Self::None => "–",
        }
    }

    /// What it means, in a sentence.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::All => "Everybody, oneself included; nobody suspends or restores themselves.",
            Self::Below => "Users of lower roles. What is granted is a lower role, too.",
            Self::UpToModerator => "Users of lower roles, who are given roles up to moderator.",
            Self::Limited => {
                "Everybody, without the contact data of others, and without figures of the system."
            }
            Self::Own => "One's own account only.",
            Self::None => "Not at all.",
        }
    }

    /// Whether the action may be tried at all.
    pub fn is_some(self) -> bool {
        self != Self::None
    }
}

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Register, refresh, sign out.
    HoldSession,
    /// Sign in.
    SignIn,
    /// List users.
    ListUsers,
    /// Read a user.
    ReadUser,
    /// List a user's sessions: their devices and addresses, which are contact data.
    ReadSessions,
    /// Create a user.
    CreateUser,
    /// Change a user's profile.
    UpdateUser,
    /// Suspend or reactivate a user, or end their sessions.
    SuspendUser,
    /// Delete a user.
    DeleteUser,
    /// Erase a user, and everything about them, for good.
    EraseUser,
    /// Hand out everything that is held on a user.
    ExportUser,
    /// Restore a deleted user.
    RestoreUser,
    /// Change a user's role.
    ChangeRole,
    /// Read the causes behind the health of each part, and system statistics.
    ReadSystem,
    /// Read whether the server is up.
    ReadHealth,
    /// Back up, change settings, rotate keys.
    OperateSystem,
    /// Follow what is revoked.
    FollowRevocations,
}

use Reach::{All, Below, Limited, None as No, Own, UpToModerator};

/// The matrix. Columns in the order of [`Role::ALL`].
pub const MATRIX: [(Action, [Reach; 5]); 17] = [
    (Action::HoldSession, [All, All, All, All, No]),
    (Action::SignIn, [All, All, All, All, All]),
    (Action::ListUsers, [All, All, Limited, No, No]),
    (Action::ReadUser, [All, All, Limited, Own, No]),
    (Action::ReadSessions, [All, Below, Own, Own, No]),
    (Action::CreateUser, [All, Below, No, No, No]),
    (Action::UpdateUser, [All, Below, Own, Own, No]),
    (Action::SuspendUser, [All, Below, Below, No, No]),
    (Action::DeleteUser, [All, Below, Own, Own, No]),
    // Whoever acts on others does not take themselves out of the audit trail.
    (Action::EraseUser, [All, No, No, Own, No]),
    (Action::ExportUser, [All, Own, Own, Own, No]),
    (Action::RestoreUser, [All, Below, No, No, No]),
    (Action::ChangeRole, [All, UpToModerator, No, No, No]),
    (Action::ReadSystem, [All, All, Limited, No, No]),
    (Action::ReadHealth, [All, All, All, All, All]),
    (Action::OperateSystem, [All, No, No, No, No]),
    (Action::FollowRevocations, [All, All, No, No, No]),
];

impl Action {
    /// How far `role` reaches with this action.
    pub fn reach(self, role: Role) -> Reach {
        MATRIX
            .iter()
            .find(|(action, _)| *action == self)
            .and_then(|(_, row)| row.iter().zip(Role::ALL).find(|(_, r)| *r == role))
            .map_or(Reach::None, |(reach, _)| *reach)
    }

    /// Whether `role` may do this to anybody else. Who may not is told of no id whether it is somebody's.
    pub fn reaches_others(self, role: Role) -> bool {
        !matches!(self.reach(role), Reach::None | Reach::Own)
    }

    /// Whether `role` may do this to a user of role `target`; `own` says whether the user is the caller (AUT-3).
    pub fn allows(self, role: Role, target: Role, own: bool) -> bool {
        match self.reach(role) {
            Reach::None => false,
            Reach::All | Reach::Limited => !own || self.includes_own(),
            Reach::Own => own,
            Reach::Below => own && self.includes_own() || target < role,
            Reach::UpToModerator => target < role,
        }
    }

    /// Whether whoever may do this to others may do it to themselves too. Nobody suspends or restores themselves.
    fn includes_own(self) -> bool {
        !matches!(self, Self::SuspendUser | Self::RestoreUser)
    }

    /// Whether `role` may hand out `granted`: on creation, or by a change of role (AUT-3).
    pub fn grants(self, role: Role, granted: Role) -> bool {
        match self.reach(role) {
            Reach::All => true,
            Reach::Below => granted < role,
            Reach::UpToModerator => granted <= Role::Moderator,
            Reach::None | Reach::Own | Reach::Limited => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_one_row() {
        for (index, (action, _)) in MATRIX.iter().enumerate() {
            assert!(
                MATRIX
                    .iter()
                    .skip(index + 1)
                    .all(|(other, _)| other != action)
            );
        }
    }

    #[test]
    fn nobody_manages_their_own_or_a_higher_role() {
        for action in [
            Action::UpdateUser,
            Action::SuspendUser,
            Action::DeleteUser,
            Action::ChangeRole,
            Action::RestoreUser,
        ] {
            for role in Role::ALL.into_iter().filter(|role| !role.is_superuser()) {
                for target in Role::ALL.into_iter().filter(|target| *target >= role) {
                    assert!(
                        !action.allows(role, target, false),
                        "{action:?} {role} {target}"
                    );
                }
            }
        }
    }

    #[test]
    fn admins_grant_up_to_moderator() {
        assert!(Action::ChangeRole.grants(Role::Admin, Role::Moderator));
        assert!(!Action::ChangeRole.grants(Role::Admin, Role::Admin));
        assert!(Action::CreateUser.grants(Role::Admin, Role::Moderator));
        assert!(!Action::CreateUser.grants(Role::Admin, Role::Admin));
        assert!(Action::ChangeRole.grants(Role::SuperAdmin, Role::SuperAdmin));
        assert!(!Action::ChangeRole.grants(Role::Moderator, Role::Guest));
    }

    #[test]
    fn people_manage_themselves_but_do_not_suspend_themselves() {
        assert!(Action::UpdateUser.allows(Role::Admin, Role::Admin, true));
        assert!(Action::DeleteUser.allows(Role::User, Role::User, true));
        assert!(!Action::DeleteUser.allows(Role::Moderator, Role::User, false));
        assert!(Action::UpdateUser.allows(Role::Moderator, Role::Moderator, true));
        assert!(
            Role::ALL
                .iter()
                .all(|role| !Action::SuspendUser.allows(*role, *role, true))
        );
    }
}
