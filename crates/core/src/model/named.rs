//! Closed lists of words.

/// An enum whose values have names, by which the store and others know them: `ALL`, `as_str` and `FromStr`.
macro_rules! named {
    ($(#[$attribute:meta])* pub enum $name:ident { $($(#[$of_each:meta])* $variant:ident => $text:literal,)* }) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$of_each])* $variant,)* }

        impl $name {
            /// Every one there is.
            pub const ALL: [Self; [$(Self::$variant),*].len()] = [$(Self::$variant),*];

            /// The name used in the store, and wherever else it is told.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                Self::ALL.into_iter().find(|it| it.as_str() == text).ok_or(())
            }
        }
    };
}
pub(super) use named;
