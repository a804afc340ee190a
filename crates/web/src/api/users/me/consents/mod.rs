//! What one agreed to.

pub(crate) mod give;
pub(crate) mod list;
pub(crate) mod withdraw;
