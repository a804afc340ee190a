//! What is in force, and what could be.

use std::fmt::Write as _;

use serde_json::{Map, Value as Json, json};

use super::database::mask;
use super::layers::{Layers, OPEN_SECTION, REFERENCE};
use super::reader::{Accepts, Reader};
use super::value::Value;
use super::{Inputs, Problems, Settings, lay};

/// What is shown instead of a secret that is set.
const MASK: &str = "********";

/// Every setting in force with the place it came from, as TOML with comments. Secrets are masked.
///
/// # Errors
/// [`Problems`] if the configuration is not valid.
pub fn print(inputs: &Inputs, as_json: bool) -> Result<String, Problems> {
    let layers = lay(inputs);
    super::settings(&layers)?;
    let secrets = keys_of(|accepts| matches!(accepts, Accepts::Secret));
    let addresses = keys_of(|accepts| matches!(accepts, Accepts::Address));
    let shown = layers.iter().map(|(key, entry)| {
        let hidden = secrets.contains(&key) && entry.value != Value::Text(String::new());
        let value = match &entry.value {
            _ if hidden => Value::Text(MASK.to_owned()),
            Value::Text(text) if addresses.contains(&key) => Value::Text(mask(text)),
            shown => shown.clone(),
        };
        (key, value, &entry.source)
    });
    if as_json {
        let all: Map<String, Json> = shown
            .map(|(key, value, source)| {
                (
                    key.to_owned(),
                    json!({ "value": value.to_json(), "source": source.to_string() }),
                )
            })
            .collect();
        return Ok(format!("{:#}\n", Json::Object(all)));
    }
    let mut text = String::new();
    let mut section = "";
    for (key, value, source) in shown {
        let (of, name) = key.rsplit_once('.').unwrap_or(("", key));
        if of != section {
            let _ = write!(text, "\n[{of}]\n");
            section = of;
        }
        let _ = writeln!(text, "{name} = {value}  # {source}");
    }
    Ok(text)
}

/// The JSON Schema (draft 2020-12) of the configuration file, made from the reference file and what the server reads.
pub fn schema() -> String {
    let layers = Layers::defaults();
    let mut reader = Reader::new(&layers);
    let _ = Settings::read(&mut reader);
    let mut root = section("Configuration of ntt-auth.");
    for (key, entry) in layers.iter() {
        let Some(accepts) = reader.read.get(key) else {
            continue;
        };
        let mut property = accepted(accepts);
        property.insert("description".to_owned(), documentation(key).into());
        property.insert("default".to_owned(), entry.value.to_json());
        insert(&mut root, key, property.into());
    }
    let claims = json!({
        "type": "object",
        "description": documentation(OPEN_SECTION),
        "additionalProperties": { "type": "string" },
    });
    insert(&mut root, OPEN_SECTION, claims);
    root.insert(
        "$schema".to_owned(),
        "https://json-schema.org/draft/2020-12/schema".into(),
    );
    format!("{:#}\n", Json::Object(root))
}

/// The keys of a kind.
fn keys_of(kind: impl Fn(&Accepts) -> bool) -> Vec<&'static str> {
    let layers = Layers::defaults();
    let mut reader = Reader::new(&layers);
    let _ = Settings::read(&mut reader);
    reader
        .read
        .into_iter()
        .filter(|(_, accepts)| kind(accepts))
        .map(|(key, _)| key)
        .collect()
}

fn section(description: &str) -> Map<String, Json> {
    let Json::Object(map) = json!({
        "type": "object",
        "description": description,
        "additionalProperties": false,
        "properties": {},
    }) else {
        return Map::new();
    };
    map
}

fn insert(object: &mut Map<String, Json>, key: &str, property: Json) {
    let Some(Json::Object(properties)) = object.get_mut("properties") else {
        return;
    };
    match key.split_once('.') {
        None => {
            properties.insert(key.to_owned(), property);
        }
        Some((name, rest)) => {
            let inner = properties
                .entry(name.to_owned())
                .or_insert_with(|| section("").into());
            if let Json::Object(inner) = inner {
                inner.remove("description");
                insert(inner, rest, property);
            }
        }
    }
}

fn accepted(accepts: &Accepts) -> Map<String, Json> {
    let value = match accepts {
        Accepts::Boolean => json!({ "type": "boolean" }),
        Accepts::Integer { least, most } => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Accepts::Choice(words) => json!({ "type": "string", "enum": words }),
        Accepts::Duration => {
            json!({ "type": "string", "examples": ["30s", "15 min", "1h", "7 days"] })
        }
        Accepts::Text | Accepts::Address => json!({ "type": "string" }),
        Accepts::Secret => json!({ "type": "string", "writeOnly": true }),
        Accepts::List => json!({ "type": "array", "items": { "type": "string" } }),
    };
    if let Json::Object(map) = value {
        map
    } else {
        Map::new()
    }
}

/// The comment above a key, or above a section, in the reference file.
pub(super) fn documentation(key: &str) -> String {
    let mut section = "";
    let mut comment = Vec::new();
    for line in REFERENCE.lines() {
        if let Some(text) = line.strip_prefix('#') {
            comment.push(text.trim());
            continue;
        }
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            section = name;
            if name == key {
                break;
            }
        } else if let Some((name, _)) = line.split_once(" = ") {
            let full = if section.is_empty() {
                name.to_owned()
            } else {
                format!("{section}.{name}")
            };
            if full == key {
                break;
            }
        }
        comment.clear();
    }
    comment.join(" ")
}
