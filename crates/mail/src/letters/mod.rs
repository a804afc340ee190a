//! Letters in words: templates for each letter and language (OPS-10).
//!
//! A letter has two templates in each language: `en/verify-email.txt`, whose first line is the subject, and
//! `en/verify-email.html`. They are compiled in; files of the same names in the operator's folder take their place.
//! What people gave us reaches a template as a value only, never as a part of it.

mod facts;
mod sample;
mod template;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior, Value};
use ntt_auth_core::model::{LocaleTag, Mail};

pub use sample::{letter_names, sample};
pub use template::{TemplateError, default_templates};

use template::Source;

/// The language of last resort: it has every letter.
const FALLBACK: &str = "en";

/// Who writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// What it calls itself.
    pub name: String,
    /// Its public address.
    pub url: String,
}

/// A mail in words.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Which letter it is.
    pub letter: &'static str,
    /// The language it is in, as the templates are named.
    pub locale: String,
    /// The subject: one line.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// As HTML.
    pub html: String,
}

impl fmt::Debug for Rendered {
    /// Without its words: they hold a link that only its recipient should have.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rendered")
            .field("letter", &self.letter)
            .field("locale", &self.locale)
            .finish_non_exhaustive()
    }
}

/// The words of every letter.
#[derive(Debug)]
pub struct Letters {
    environment: Environment<'static>,
    site: Site,
    default_locale: String,
}

impl Letters {
    /// Takes the templates that are compiled in and those of `folder`, and renders every letter in every language, so that a
    /// broken template is found now and not when somebody waits for a mail. `default_locale` is for people who did
    /// not say what they read, or read what there is no template for.
    pub fn load(
        site: Site,
        default_locale: &str,
        folder: Option<&Path>,
    ) -> Result<Self, TemplateError> {
        let mut sources = template::compiled_in();
        if let Some(folder) = folder {
            sources.extend(template::read(folder)?);
        }
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()
            .map_err(|error| TemplateError::broken(&sources, "layout.html", &error))?;
        environment.set_syntax(syntax);
        facts::add_filters(&mut environment);
        for (name, source) in &sources {
            environment
                .add_template_owned(name.clone(), source.text.clone())
                .map_err(|error| TemplateError::broken(&sources, name, &error))?;
        }
        let letters = Self {
            environment,
            site,
            default_locale: default_locale.to_owned(),
        };
        letters.check(&sources)?;
        Ok(letters)
    }

    /// Puts a mail in words.
    ///
    /// # Errors
    /// What the template says; it was rendered once at the start, so that this is a value nobody thought of.
    pub fn render(&self, mail: &Mail) -> Result<Rendered, minijinja::Error> {
        self.render_in(mail, &self.locale_of(mail))
    }

    /// Whether there is any letter in `locale`, or in what it is a kind of.
    pub fn speaks(&self, locale: &str) -> bool {
        let mut tag = locale;
        loop {
            if letter_names().any(|letter| self.has(tag, letter)) {
                return true;
            }
            match tag.rsplit_once('-') {
                Some((wider, _)) => tag = wider,
                None => return false,
            }
        }
    }

    /// The languages there is any template for.
    pub fn locales(&self) -> BTreeSet<String> {
        self.environment
            .templates()
            .filter_map(|(name, _)| name.split_once('/'))
            .map(|(locale, _)| locale.to_owned())
            .collect()
    }

    /// The language for a mail: what its reader asked for, or the nearest to it (`pt-BR`, then `pt`), then the default.
    fn locale_of(&self, mail: &Mail) -> String {
        let letter = mail.letter.name();
        let asked = mail.locale.as_ref().map_or("", LocaleTag::as_str);
        let nearest = |tag: &str| {
            let mut tag = tag;
            loop {
                if self.has(tag, letter) {
                    return Some(tag.to_owned());
                }
                tag = tag.rsplit_once('-')?.0;
            }
        };
        nearest(asked)
            .or_else(|| nearest(&self.default_locale))
            .unwrap_or_else(|| FALLBACK.to_owned())
    }

    fn has(&self, locale: &str, letter: &str) -> bool {
        ["txt", "html"].iter().all(|kind| {
            self.environment
                .get_template(&format!("{locale}/{letter}.{kind}"))
                .is_ok()
        })
    }

    fn render_in(&self, mail: &Mail, locale: &str) -> Result<Rendered, minijinja::Error> {
        let letter = mail.letter.name();
        let render = |kind: &str, facts: &BTreeMap<&'static str, Value>| {
            self.environment
                .get_template(&format!("{locale}/{letter}.{kind}"))?
                .render(facts)
        };
        let mut facts = facts::of(mail, &self.site, locale);
        let plain = render("txt", &facts)?;
        let (subject, text) = template::subject_of(&plain)?;
        facts.insert("subject", Value::from(subject.clone()));
        let html = render("html", &facts)?;
        Ok(Rendered {
            letter,
            locale: locale.to_owned(),
            subject,
            text,
            html,
        })
    }

    /// Renders every letter in every language, with everything that may be absent there and not.
    fn check(&self, sources: &BTreeMap<String, Source>) -> Result<(), TemplateError> {
        for locale in self.locales() {
            for letter in letter_names() {
                for kind in ["txt", "html"] {
                    let (name, twin) = (
                        format!("{locale}/{letter}.{kind}"),
                        format!(
                            "{locale}/{letter}.{}",
                            if kind == "txt" { "html" } else { "txt" }
                        ),
                    );
                    if sources.contains_key(&name) && !sources.contains_key(&twin) {
                        return Err(TemplateError::half(sources, &name, &twin));
                    }
                }
                if !self.has(&locale, letter) {
                    continue;
                }
                for full in [true, false] {
                    let Some(mail) = sample(letter, full) else {
                        continue;
                    };
                    self.render_in(&mail, &locale).map_err(|error| {
                        let name = error.name().map(str::to_owned);
                        let name = name.unwrap_or_else(|| format!("{locale}/{letter}.txt"));
                        TemplateError::broken(sources, &name, &error)
                    })?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
