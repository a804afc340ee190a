//! For what is every noun itself: a store has one view, and each noun is implemented for it.

/// Implements [`Read`](crate::store::Read) for a type that implements the reading half of every noun.
#[macro_export]
macro_rules! read_as_itself {
    ($view:ty) => {
        impl $crate::store::Read for $view {
            fn users(&mut self) -> &mut dyn $crate::store::ReadUsers {
                self
            }

            fn sessions(&mut self) -> &mut dyn $crate::store::ReadSessions {
                self
            }

            fn codes(&mut self) -> &mut dyn $crate::store::ReadCodes {
                self
            }

            fn jobs(&mut self) -> &mut dyn $crate::store::ReadJobs {
                self
            }

            fn keys(&mut self) -> &mut dyn $crate::store::ReadKeys {
                self
            }

            fn revocations(&mut self) -> &mut dyn $crate::store::ReadRevocations {
                self
            }

            fn audit(&mut self) -> &mut dyn $crate::store::ReadAudit {
                self
            }

            fn setup(&mut self) -> &mut dyn $crate::store::ReadSetup {
                self
            }

            fn stats(&mut self) -> &mut dyn $crate::store::ReadStats {
                self
            }

            fn erasures(&mut self) -> &mut dyn $crate::store::ReadErasures {
                self
            }

            fn consents(&mut self) -> &mut dyn $crate::store::ReadConsents {
                self
            }

            fn throttles(&mut self) -> &mut dyn $crate::store::ReadThrottles {
                self
            }

            fn imports(&mut self) -> &mut dyn $crate::store::ReadImports {
                self
            }

            fn root(&mut self) -> &mut dyn $crate::store::ReadRoot {
                self
            }
        }
    };
}

/// Implements [`Tx`](crate::store::Tx) for a type that implements every noun, and keeps
/// [`Notes`](crate::store::Notes) in the field named.
#[macro_export]
macro_rules! write_as_itself {
    ($view:ty, $notes:ident) => {
        impl $crate::store::Tx for $view {
            fn users(&mut self) -> &mut dyn $crate::store::Users {
                self
            }

            fn sessions(&mut self) -> &mut dyn $crate::store::Sessions {
                self
            }

            fn codes(&mut self) -> &mut dyn $crate::store::Codes {
                self
            }

            fn jobs(&mut self) -> &mut dyn $crate::store::Jobs {
                self
            }

            fn keys(&mut self) -> &mut dyn $crate::store::Keys {
                self
            }

            fn revocations(&mut self) -> &mut dyn $crate::store::Revocations {
                self
            }

            fn events(&mut self) -> &mut dyn $crate::store::Events {
                &mut self.$notes
            }

            fn subject_keys(&mut self) -> &mut dyn $crate::store::SubjectKeys {
                &mut self.$notes
            }

            fn audit(&mut self) -> &mut dyn $crate::store::Audit {
                self
            }

            fn take_notes(&mut self) -> $crate::store::Notes {
                ::std::mem::take(&mut self.$notes)
            }

            fn setup(&mut self) -> &mut dyn $crate::store::Setups {
                self
            }

            fn erasures(&mut self) -> &mut dyn $crate::store::Erasures {
                self
            }

            fn consents(&mut self) -> &mut dyn $crate::store::Consents {
                self
            }

            fn restores(&mut self) -> &mut dyn $crate::store::Restores {
                self
            }

            fn throttles(&mut self) -> &mut dyn $crate::store::Throttles {
                self
            }

            fn imports(&mut self) -> &mut dyn $crate::store::Imports {
                self
            }

            fn root(&mut self) -> &mut dyn $crate::store::Roots {
                self
            }
        }
    };
}
