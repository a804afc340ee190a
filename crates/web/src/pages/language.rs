//! In which language a page is written.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::response::Response;
use http::header::{ACCEPT_LANGUAGE, VARY};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};

/// A language that pages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Language {
    /// English, also for whoever reads neither.
    #[default]
    English,
    /// Japanese.
    Japanese,
}

impl Language {
    /// Its BCP 47 tag, for the page's `lang`.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Japanese => "ja",
        }
    }

    /// The one that the reader who sent these headers likes best.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let header = headers
            .get(ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok());
        header.map(Self::preferred).unwrap_or_default()
    }

    /// The one a reader likes best of those there are (RFC 9110 § 12.5.4); of equals, the one named first.
    fn preferred(header: &str) -> Self {
        let mut best = (0, Self::default());
        for range in header.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(Some(1000), thousandths)
                .unwrap_or_default();
            let language = match tag.split('-').next().unwrap_or_default() {
                "*" => Self::default(),
                tag if tag.eq_ignore_ascii_case("en") => Self::English,
                tag if tag.eq_ignore_ascii_case("ja") => Self::Japanese,
                _ => continue,
            };
            if weight > best.0 {
                best = (weight, language);
            }
        }
        best.1
    }
}

/// Says that a page depends on the language that the reader likes.
pub(super) fn varying(mut response: Response) -> Response {
    let vary = HeaderValue::from_static("accept-language");
    response.headers_mut().append(VARY, vary);
    response
}

/// A weight of RFC 9110 § 12.4.2, which has three decimals at most, as a whole number.
fn thousandths(text: &str) -> Option<u32> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 {
        return None;
    }
    let whole: u32 = whole.parse().ok()?;
    let decimals: u32 = format!("{decimals:0<3}").parse().ok()?;
    Some(whole * 1000 + decimals).filter(|weight| *weight <= 1000)
}

impl FromRequestParts<crate::App> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &crate::App) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_is_written_to_in_the_language_they_like_best() {
        for (header, language) in [
            ("", Language::English),
            ("ja", Language::Japanese),
            ("JA-jp,en;q=0.8", Language::Japanese),
            ("en,ja", Language::English),
            ("en;q=0.5, ja;q=0.501", Language::Japanese),
            ("fr, ja;q=0.3, en;q=0.2", Language::Japanese),
            ("fr, de;q=0.7", Language::English),
            ("ja;q=0, en;q=0.1", Language::English),
            ("ja;q=x, *", Language::English),
            ("jav, ja;q=2", Language::English),
        ] {
            assert_eq!(Language::preferred(header), language, "{header}");
        }
    }
}
