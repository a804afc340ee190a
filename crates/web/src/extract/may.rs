//! Marker types for [`May`](crate::extract::May): one for each action of the permission matrix that a route begins with.

use ntt_auth_core::policy::Action;

/// Names the action that a route needs.
pub trait Permits: Send + Sync + 'static {
    /// The row of the permission matrix.
    const ACTION: Action;
}

macro_rules! markers {
    ($($name:ident),* $(,)?) => {$(
        #[doc = concat!("May do what [`Action::", stringify!($name), "`] names.")]
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl Permits for $name {
            const ACTION: Action = Action::$name;
        }
    )*};
}

markers!(
    HoldSession,
    ListUsers,
    ReadUser,
    ReadSessions,
    CreateUser,
    UpdateUser,
    SuspendUser,
    DeleteUser,
    EraseUser,
    ExportUser,
    RestoreUser,
    ChangeRole,
    ReadSystem,
    OperateSystem,
);
