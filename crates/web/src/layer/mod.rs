//! What wraps every answer, and what wraps some.

pub(crate) mod context;
