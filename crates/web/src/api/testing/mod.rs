//! `/api/v1/test`: only in the profiles `development` and `test`.

pub(crate) mod advance;
pub(crate) mod clock;
pub(crate) mod reset;
