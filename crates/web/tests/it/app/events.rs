//! A stream of server-sent events, as its reader sees it.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use futures::StreamExt as _;
use http::{HeaderMap, Response};
use serde_json::Value;

/// Long enough for anything that comes at all.
const PATIENCE: Duration = Duration::from_secs(20);

/// One event. A member that is absent is not the same as an empty one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) retry: Option<String>,
    pub(crate) data: Value,
}

pub(crate) struct Events {
    pub(crate) headers: HeaderMap,
    body: BodyDataStream,
    text: String,
}

impl Events {
    pub(super) fn of(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        assert_eq!(parts.status, 200);
        Self {
            headers: parts.headers,
            body: body.into_data_stream(),
            text: String::new(),
        }
    }

    /// The next event; `None` if the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let event: String = self.text.drain(..end + 2).collect();
                return Some(read(event.trim_end()));
            }
            let piece = tokio::time::timeout(PATIENCE, self.body.next())
                .await
                .unwrap();
            match piece {
                Some(piece) => self
                    .text
                    .push_str(std::str::from_utf8(&piece.unwrap()).unwrap()),
                None => {
                    assert_eq!(self.text, "", "the end of a whole event");
                    return None;
                }
            }
        }
    }

    /// The next event, which has this name.
    pub(crate) async fn expect(&mut self, name: &str) -> Told {
        let told = self.next().await.unwrap();
        assert_eq!(told.name, name, "{told:?}");
        told
    }
}

fn read(text: &str) -> Told {
    let mut told = Told {
        name: String::new(),
        id: None,
        retry: None,
        data: Value::Null,
    };
    for line in text.lines() {
        let (field, value) = line.split_once(':').unwrap();
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut told.name),
            "id" => told.id = Some(value.to_owned()),
            "retry" => told.retry = Some(value.to_owned()),
            "data" => told.data = serde_json::from_str(value).unwrap(),
            other => panic!("{other} in {text}"),
        }
    }
    told
}
