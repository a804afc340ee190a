//! The outbox: mail that is kept instead of sent (WEB-3). The routes are absent where mail is sent.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::FromRequestParts;
use http::request::Parts;
use ntt_auth_core::model::{JobId, Timestamp};

use crate::App;
use crate::problem::Problem;
use crate::system::desk::desk;

/// A mail that was kept.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboxMail {
    /// The job that made it.
    pub id: JobId,
    /// When it was made.
    pub at: Timestamp,
    /// Who it would have gone to.
    pub to: String,
    /// Which letter it is.
    pub letter: String,
    /// The language it is in.
    pub locale: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// Its HTML.
    pub html: String,
}

impl fmt::Debug for OutboxMail {
    /// Without its words and its recipient.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboxMail")
            .field("id", &self.id)
            .field("letter", &self.letter)
            .finish_non_exhaustive()
    }
}

/// Mail that is kept instead of sent. The server implements it where there is no mail server, but never in production.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Whether an address may look into it: it holds the links of everybody.
    fn serves(&self, peer: SocketAddr) -> bool;

    /// Everything in it, the newest first.
    async fn list(&self) -> Vec<OutboxMail>;

    /// One mail.
    async fn read(&self, id: JobId) -> Option<OutboxMail>;

    /// Throws everything away.
    async fn clear(&self);
}

/// The outbox, for those who may look into it. To everybody else the route does not exist.
pub(crate) struct Opened(pub(crate) Arc<dyn Outbox>);

impl FromRequestParts<App> for Opened {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        opened(parts, app).await.ok_or_else(Problem::not_found)
    }
}

/// Whether this request may look into an outbox, for a link to it.
pub(crate) struct MayOpen(pub(crate) bool);

impl FromRequestParts<App> for MayOpen {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        app: &App,
    ) -> Result<Self, std::convert::Infallible> {
        Ok(Self(opened(parts, app).await.is_some()))
    }
}

async fn opened(parts: &Parts, app: &App) -> Option<Opened> {
    let outbox = app.probe.outbox()?;
    let peer = desk(parts, app).await?;
    outbox.serves(peer).then_some(Opened(outbox))
}

/// The addresses in a text that begin with `http`, in their order, each once. What ends a sentence is not taken for a part of
/// them.
pub(crate) fn links(text: &str) -> Vec<String> {
    let mut links: Vec<String> = Vec::new();
    for word in pieces(text).filter_map(Piece::link) {
        if !links.iter().any(|link| link == word) {
            links.push(word.to_owned());
        }
    }
    links
}

/// A text, cut into what is an address and what is not.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let start = ["https://", "http://"]
            .iter()
            .filter_map(|scheme| rest.find(scheme))
            .min();
        let (piece, after) = match start {
            Some(0) => {
                let end = rest
                    .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"'))
                    .unwrap_or(rest.len());
                let link = rest.get(..end).unwrap_or(rest);
                let bare = link.trim_end_matches(['.', ',', ')', ';', ':']);
                let (link, after) = rest.split_at(bare.len());
                (Piece::Link(link), after)
            }
            Some(start) => {
                let (words, after) = rest.split_at(start);
                (Piece::Words(words), after)
            }
            None => (Piece::Words(rest), ""),
        };
        rest = after;
        Some(piece)
    })
}

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// No address.
    Words(&'a str),
    /// An address.
    Link(&'a str),
}

impl<'a> Piece<'a> {
    fn link(self) -> Option<&'a str> {
        match self {
            Self::Link(link) => Some(link),
            Self::Words(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_a_text() {
        let text = "Open\n\nhttps://a.example/x?t=1&u=2\nor (http://b.example/). Again: https://a.example/x?t=1&u=2";
        assert_eq!(
            links(text),
            ["https://a.example/x?t=1&u=2", "http://b.example/"]
        );
        let back: String = pieces(text)
            .map(|piece| match piece {
                Piece::Words(text) | Piece::Link(text) => text,
            })
            .collect();
        assert_eq!(back, text);
        assert!(links("http https: //x").is_empty());
        assert_eq!(links("https://").len(), 1);
    }
}
