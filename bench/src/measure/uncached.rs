//! NUM-1: validation of tokens that the server has not seen, beside bare signature checks.

use serde::Deserialize;

use super::side_by_side::{Comparison, Round};
use super::{POPULATED, ask_one, same_answer};
use crate::accounts::{Chains, Session};
use crate::failure::{Failure, Result};
use crate::load::{Load, Pace, Repeat, Then, Traffic};
use crate::machine::cores;
use crate::plan::Bench;
use crate::process::Server;
use crate::reference::{EcPublicKey, verifications_per_second};
use crate::report::{Finding, Report};
use crate::request::{self, JWKS, VALIDATE};

/// Connections that mint and validate.
const CONNECTIONS: usize = 64;

/// How long any of this may take at most; it ends when the tokens are used up.
const AT_MOST: std::time::Duration = std::time::Duration::from_mins(5);

/// Sends every token once per round, to a server that has just been started and so has none of them in memory.
pub(super) fn measure(bench: &Bench, sessions: &mut [Session], report: &mut Report) -> Result<()> {
    let count = bench.scale.uncached_tokens;
    bench.say(&format!("NUM-1: minting {count} access tokens"));
    let minting = bench.start_ours(POPULATED, &[])?;
    let tokens = mint(&minting, sessions, count)?;
    let keys = ask_one(
        minting.address,
        "GET /.well-known/jwks.json",
        request::get(JWKS, None),
    )?;
    let seen = sessions
        .last()
        .map(|session| request::validate(&session.access_token));
    let seen = [seen.unwrap_or_default()];
    let answer = ask_one(minting.address, "GET /auth/validate", seen[0].clone())?;
    minting.stop()?;

    let key = signing_key(&keys.body, &tokens)?;
    let mut checking = same_answer("GET", VALIDATE, &answer);
    checking.verify = Some(key.clone());
    let bare = bench.start_bare(&[checking])?;

    bench.say("NUM-1: validation of tokens not seen before, beside bare ES256 checks");
    let alone = verifications_per_second(&key, &tokens, cores(), bench.scale.round)?;
    let requests: Vec<Vec<u8>> = tokens
        .iter()
        .map(|token| request::validate(token))
        .collect();
    let mut our_rounds = Vec::new();
    let mut bare_rounds = Vec::new();
    for _ in 0..bench.scale.rounds {
        let ours = bench.start_ours(POPULATED, &[])?;
        our_rounds.push(once(bench, &ours, &seen, &requests)?);
        ours.stop()?;
        bare_rounds.push(once(bench, &bare, &seen, &requests)?);
    }
    bare.stop()?;
    tell(report, &Comparison::of(&our_rounds, &bare_rounds), alone);
    Ok(())
}

fn tell(report: &mut Report, comparison: &Comparison, alone: f64) {
    report.latency(
        "validation of unseen tokens, 64 connections",
        comparison.ours.latency,
    );
    report.latency(
        "bare server with an ES256 check, 64 connections",
        comparison.bare.latency,
    );
    report.processor_time(
        "validation of unseen tokens (bare: with an ES256 check)",
        comparison,
    );
    report.finding(Finding {
        key: "validate-uncached",
        number: "NUM-1",
        what: "validation of tokens not seen before, beside the bare server that checks each token's ES256 signature and nothing else".to_owned(),
        ours: format!("{:.0}/s", comparison.ours.rate),
        beside: format!("bare + check {:.0}/s", comparison.bare.rate),
        result: format!("{:.2} ×", comparison.ratio),
        target: "≥ 0.9 ×".to_owned(),
        reached: Some(comparison.ratio >= 0.9),
    });
    report.finding(Finding {
        key: "validate-uncached-alone",
        number: "NUM-1",
        what: "the same beside ES256 checks alone: in process, on all cores, without HTTP and with no client beside them".to_owned(),
        ours: format!("{:.0}/s", comparison.ours.rate),
        beside: format!("checks alone {alone:.0}/s"),
        result: format!("{:.2} ×", comparison.ours.rate / alone),
        target: "told".to_owned(),
        reached: None,
    });
}

fn mint(server: &Server, sessions: &mut [Session], count: usize) -> Result<Vec<String>> {
    let minting = sessions
        .get_mut(..CONNECTIONS)
        .ok_or_else(|| Failure::Unmet("too few sessions to mint with".to_owned()))?;
    let mut chains = Chains::minting(minting, count);
    Load::open(server.address, CONNECTIONS)?.run(Pace::Closed, AT_MOST, &mut chains)?;
    let (minted, ends) = chains.into_tokens();
    for (session, end) in minting.iter_mut().zip(ends) {
        session.refresh_token = end;
    }
    if minted.len() < count {
        return Err(Failure::Unmet(format!(
            "only {} of {count} tokens could be minted",
            minted.len()
        )));
    }
    Ok(minted)
}

/// The key that signed the tokens.
fn signing_key(jwks: &[u8], tokens: &[String]) -> Result<EcPublicKey> {
    #[derive(Deserialize)]
    struct Jwks {
        keys: Vec<EcPublicKey>,
    }
    let jwks: Jwks = serde_json::from_slice(jwks)
        .map_err(|error| Failure::Unmet(format!("the JWKS cannot be read: {error}")))?;
    let Some(token) = tokens.first() else {
        return Err(Failure::Unmet("no token was minted".to_owned()));
    };
    let signed = crate::reference::Signed::split(token);
    jwks.keys
        .into_iter()
        .filter(|key| key.crv == "P-256")
        .find(|key| {
            let parsed = key.parse();
            matches!((&signed, parsed), (Some(signed), Ok(key)) if signed.verify(&key))
        })
        .ok_or_else(|| {
            Failure::Unmet(
                "no published P-256 key signed the tokens: the comparison needs ES256, the default"
                    .to_owned(),
            )
        })
}

fn once(bench: &Bench, server: &Server, seen: &[Vec<u8>], requests: &[Vec<u8>]) -> Result<Round> {
    let mut load = Load::open(server.address, CONNECTIONS)?;
    load.run(Pace::Closed, bench.scale.warm_up, &mut Repeat::new(seen))?;
    Round::run(server, &mut load, AT_MOST, &mut Each(requests.iter()))
}

/// Sends each request once and keeps no answer.
struct Each<'a>(std::slice::Iter<'a, Vec<u8>>);

impl Traffic for Each<'_> {
    fn request(&mut self, _connection: usize, request: &mut Vec<u8>) -> bool {
        self.0.next().is_some_and(|next| {
            request.extend_from_slice(next);
            true
        })
    }

    fn answer(&mut self, _connection: usize, _answer: &crate::load::Answer<'_>) -> Result<Then> {
        Ok(Then::Now)
    }
}
