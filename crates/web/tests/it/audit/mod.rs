//! The audit trail (PRO-5).

mod catalogue;
mod erase;
mod keep;
mod list;
mod tamper;
mod write;
