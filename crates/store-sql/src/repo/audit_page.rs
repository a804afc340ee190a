//! Pages of events: a statement whose text depends on what is asked.

use ntt_auth_core::model::{EventKind, SessionId, UserId};
use ntt_auth_core::store::{AuditFilter, AuditQuery};

use super::audit::columns;
use crate::engine::{Statement, Value};

/// The statement and values of one page. Every part of its text is a constant, repeated as often as there are kinds.
pub(super) fn select(query: &AuditQuery) -> (Statement, Vec<Value>) {
    let mut text = concat!("SELECT ", columns!(), " FROM audit_events WHERE 1 = 1").to_owned();
    let mut values = Vec::new();
    for (condition, value) in equalities(&query.filter) {
        text.push_str(condition);
        values.push(value);
    }
    if let [kind] = query.filter.kinds.as_slice() {
        text.push_str(" AND kind = ?");
        values.push(kind.as_str().into());
    } else if !query.filter.kinds.is_empty() {
        let marks = vec!["?"; query.filter.kinds.len()].join(", ");
        text.push_str(" AND kind IN (");
        text.push_str(&marks);
        text.push(')');
        values.extend(
            query
                .filter
                .kinds
                .iter()
                .copied()
                .map(EventKind::as_str)
                .map(Value::from),
        );
    }
    if let Some((at, sequence)) = query.place {
        // The first half is what an index can seek to.
        text.push_str(" AND occurred_at <= ? AND (occurred_at < ? OR sequence < ?)");
        values.extend([at.into(), at.into(), sequence.into()]);
    }
    text.push_str(" ORDER BY occurred_at DESC, sequence DESC LIMIT ?");
    values.push(query.limit.into());
    (Statement::built("audit.page", text), values)
}

fn equalities(filter: &AuditFilter) -> impl Iterator<Item = (&'static str, Value)> {
    let address = filter.address.as_ref().map(|mark| mark.bytes().as_slice());
    [
        filter
            .actor
            .map(|id| (" AND actor_id = ?", Value::from(UserId::uuid(id)))),
        filter
            .subject
            .map(|id| (" AND subject_id = ?", UserId::uuid(id).into())),
        filter
            .session
            .map(|id| (" AND session_id = ?", SessionId::uuid(id).into())),
        address.map(|mark| (" AND address_mark = ?", mark.into())),
        filter
            .after
            .map(|time| (" AND occurred_at >= ?", time.into())),
        filter
            .before
            .map(|time| (" AND occurred_at < ?", time.into())),
    ]
    .into_iter()
    .flatten()
}
