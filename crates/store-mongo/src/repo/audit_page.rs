//! Pages of events: a filter that depends on what is asked.

use mongodb::bson::{Bson, Document, doc};
use ntt_auth_core::model::EventKind;
use ntt_auth_core::store::AuditQuery;

use super::audit::{EVENTS, of_mark};
use crate::value::{id, time};
use crate::view::Find;

/// The documents of one page.
pub(super) fn find(query: &AuditQuery) -> Find {
    let asked = &query.filter;
    let mut filter = Document::new();
    let equal = [
        ("actor_id", asked.actor.map(|of| id(of.uuid()))),
        ("subject_id", asked.subject.map(|of| id(of.uuid()))),
        ("session_id", asked.session.map(|of| id(of.uuid()))),
        ("address_mark", asked.address.map(of_mark)),
    ];
    for (name, value) in equal {
        if let Some(value) = value {
            filter.insert(name, value);
        }
    }
    match asked.kinds.as_slice() {
        [] => {}
        [kind] => {
            filter.insert("kind", kind.as_str());
        }
        kinds => {
            let kinds = kinds.iter().copied().map(EventKind::as_str);
            let kinds: Vec<Bson> = kinds.map(Bson::from).collect();
            filter.insert("kind", doc! { "$in": kinds });
        }
    }
    let mut times = Vec::new();
    if let Some(after) = asked.after {
        times.push(doc! { "occurred_at": { "$gte": time(after) } });
    }
    if let Some(before) = asked.before {
        times.push(doc! { "occurred_at": { "$lt": time(before) } });
    }
    if let Some((at, sequence)) = query.place {
        // The first is what an index can seek to.
        times.push(doc! { "occurred_at": { "$lte": time(at) } });
        times.push(doc! { "$or": [
            { "occurred_at": { "$lt": time(at) } },
            { "_id": { "$lt": sequence } },
        ] });
    }
    if !times.is_empty() {
        filter.insert("$and", times);
    }
    Find::new(EVENTS, filter)
        .sorted(doc! { "occurred_at": -1, "_id": -1 })
        .limit(query.limit)
}
