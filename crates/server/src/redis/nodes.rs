//! Who else is there, and how they see what they call.
//!
//! A breaker is never opened or closed by what another server says: it stands for the way from one server to a service, and one whose
//! network is bad must not take the others down. What is shared is the knowledge of it, for whoever operates them.

use std::collections::BTreeMap;
use std::time::Duration;

use ::redis::cmd;
use ntt_auth_web::{BreakerState, BreakerStats, NodeStats};

use super::{Away, Redis};

/// How often a server says how it is.
pub(crate) const EVERY: Duration = Duration::from_secs(5);
/// After so long without a word it is taken to be gone.
const GONE: u64 = 15;
/// More than this of one server, or more servers than this, are not looked at: whoever writes there is none of us.
const LONGEST: usize = 4096;
const MOST: usize = 1000;

impl Redis {
    /// Says how this server is: its version, and how its breakers stand.
    ///
    /// # Errors
    /// [`Away`] if nobody is told.
    pub async fn present(&self, node: &str, breakers: &[BreakerStats]) -> Result<(), Away> {
        let breakers: BTreeMap<_, _> = breakers
            .iter()
            .map(|breaker| (breaker.service, breaker.state.as_str()))
            .collect();
        let told =
            serde_json::json!({ "version": env!("CARGO_PKG_VERSION"), "breakers": breakers });
        let (nodes, own) = (self.name("nodes"), self.name(&format!("node:{node}")));
        self.call(async move |mut link| {
            let mut set = cmd("SET");
            set.arg(own).arg(told.to_string()).arg("EX").arg(GONE);
            set.exec_async(&mut link).await?;
            let mut add = cmd("SADD");
            add.arg(nodes).arg(node).exec_async(&mut link).await
        })
        .await
    }

    /// Every server that has said how it is within the last seconds, this one among them.
    ///
    /// # Errors
    /// [`Away`] if that cannot be known now.
    pub async fn nodes(&self) -> Result<Vec<NodeStats>, Away> {
        let index = self.name("nodes");
        let name = |node: &String| self.name(&format!("node:{node}"));
        self.call(async move |mut link| {
            let mut members = cmd("SMEMBERS");
            let mut nodes: Vec<String> = members.arg(&index).query_async(&mut link).await?;
            nodes.sort();
            nodes.truncate(MOST);
            if nodes.is_empty() {
                return Ok(Vec::new());
            }
            let keys: Vec<_> = nodes.iter().map(name).collect();
            let mut values = cmd("MGET");
            let told: Vec<Option<String>> = values.arg(keys).query_async(&mut link).await?;
            let (mut there, mut gone) = (Vec::new(), Vec::new());
            for (node, told) in nodes.into_iter().zip(told) {
                match told {
                    Some(told) => there.extend(read(node, &told)),
                    None => gone.push(node),
                }
            }
            if !gone.is_empty() {
                let mut remove = cmd("SREM");
                remove.arg(&index).arg(gone).exec_async(&mut link).await?;
            }
            Ok(there)
        })
        .await
    }
}

/// What a server told, if it is one of ours.
fn read(name: String, told: &str) -> Option<NodeStats> {
    #[derive(serde::Deserialize)]
    struct Told {
        version: String,
        breakers: BTreeMap<String, String>,
    }
    if told.len() > LONGEST || name.len() > LONGEST {
        return None;
    }
    let Told { version, breakers } = serde_json::from_str(told).ok()?;
    let breakers = breakers.into_iter();
    let breakers = breakers.map(|(service, state)| Some((service, BreakerState::of(&state)?)));
    Some(NodeStats {
        name,
        version,
        breakers: breakers.collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_none_of_ours_is_passed_over() {
        let node = |told: &str| read("a".to_owned(), told);
        let told = r#"{"version":"1.2.3","breakers":{"store":"half_open"}}"#;
        let read = node(told).unwrap();
        assert_eq!((read.name.as_str(), read.version.as_str()), ("a", "1.2.3"));
        assert_eq!(read.breakers["store"], BreakerState::HalfOpen);
        for other in ["", "7", r#"{"version":"1","breakers":{"store":"ajar"}}"#] {
            assert_eq!(node(other), None);
        }
        assert_eq!(node(&told.replace("1.2.3", &"1".repeat(5000))), None);
    }
}
