//! `fastapi-users`, set up as its documentation's full example, beside ntt-auth in the same run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::POPULATED;
use super::login::PAUSE;
use super::side_by_side::Round;
use crate::accounts::{self, Session};
use crate::failure::{Failure, Result};
use crate::load::{Load, Pace, Repeat, ask};
use crate::plan::Bench;
use crate::process::Server;
use crate::report::Report;
use crate::request::{self, Credentials};

const REQUIREMENTS: &str = include_str!("../../peers/requirements.txt");
const APP: &str = include_str!("../../peers/fastapi_users_app.py");

/// Clients of both servers.
const CONNECTIONS: usize = 64;

/// Installs the peer into a virtual environment of its own and measures logins and an authenticated route on both.
pub(super) fn measure(bench: &Bench, sessions: &[Session], report: &mut Report) -> Result<()> {
    bench.say("peers: installing fastapi-users");
    let python = install(&bench.lasting_folder("fastapi-users")?)?;
    let peer = start(bench, &python)?;
    let credentials: Vec<Credentials> = (0..CONNECTIONS).map(Credentials::numbered).collect();

    let registrations: Vec<Vec<u8>> = credentials
        .iter()
        .map(|who| request::post_as("/auth/register", "application/json", &who.json()))
        .collect();
    for answer in ask(peer.address, 4, &registrations)? {
        accounts::expect(peer.address, "POST /auth/register", &answer, &[201])?;
    }
    let logins: Vec<Vec<u8>> = credentials
        .iter()
        .map(|who| {
            request::post_as(
                "/auth/jwt/login",
                "application/x-www-form-urlencoded",
                &who.form(),
            )
        })
        .collect();
    let tokens = ask(peer.address, 4, &logins)?
        .iter()
        .map(|answer| {
            accounts::expect(peer.address, "POST /auth/jwt/login", answer, &[200])?;
            let grant: Grant = serde_json::from_slice(&answer.body).map_err(|error| {
                Failure::Unmet(format!("the peer's login has no token: {error}"))
            })?;
            Ok(request::get(
                "/authenticated-route",
                Some(&grant.access_token),
            ))
        })
        .collect::<Result<Vec<_>>>()?;

    bench.say("peers: an authenticated route, 64 connections");
    let theirs = route_rate(bench, &peer, &tokens)?;
    let validations: Vec<Vec<u8>> = sessions
        .iter()
        .take(CONNECTIONS)
        .map(|session| request::validate(&session.access_token))
        .collect();
    let server = bench.start_ours(POPULATED, &[])?;
    let ours = route_rate(bench, &server, &validations)?;
    server.stop()?;
    report.peer([
        "authenticated request, 64 connections",
        &format!("{ours:.0}/s"),
        &format!("fastapi-users {theirs:.0}/s"),
        "ours: validate; theirs: /authenticated-route, which reads the user from SQLite",
    ]);

    bench.say("peers: logins, 64 at a time");
    let theirs = login_rate(bench, &peer, &logins)?;
    let server = bench.start_ours("peer-logins", &[])?;
    let registered = accounts::register(server.address, CONNECTIONS)?;
    let our_logins: Vec<Vec<u8>> = registered.iter().map(request::login).collect();
    let ours = login_rate(bench, &server, &our_logins)?;
    server.stop()?;
    report.peer([
        "logins, 64 at a time",
        &format!("{ours:.1}/s"),
        &format!("fastapi-users {theirs:.1}/s"),
        "each with its own default hash, which differ: ours bcrypt at cost 12, theirs argon2id of pwdlib",
    ]);
    peer.stop()
}

#[derive(Deserialize)]
struct Grant {
    access_token: String,
}

/// A Python with the peer installed; kept from run to run.
fn install(folder: &Path) -> Result<PathBuf> {
    let python = folder.join("venv/bin/python");
    let requirements = folder.join("requirements.txt");
    write(&requirements, REQUIREMENTS)?;
    write(&folder.join("app.py"), APP)?;
    if !python.exists() {
        succeed(
            Command::new("python3")
                .args(["-m", "venv"])
                .arg(folder.join("venv")),
        )?;
    }
    succeed(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--requirement"])
            .arg(&requirements),
    )?;
    Ok(python)
}

fn start(bench: &Bench, python: &Path) -> Result<Server> {
    let folder = bench.folder("peer")?;
    let mut command = Command::new(python);
    command
        .arg(bench.lasting_folder("fastapi-users")?.join("app.py"))
        .arg(folder.join("peer.db"));
    Server::start("fastapi-users", command, &folder.join("log"))
}

fn route_rate(bench: &Bench, server: &Server, requests: &[Vec<u8>]) -> Result<f64> {
    let mut load = Load::open(server.address, CONNECTIONS)?;
    let mut traffic = Repeat::new(requests);
    load.run(Pace::Closed, bench.scale.warm_up, &mut traffic)?;
    Ok(Round::run(server, &mut load, bench.scale.round, &mut traffic)?.rate)
}

fn login_rate(bench: &Bench, server: &Server, logins: &[Vec<u8>]) -> Result<f64> {
    let mut load = Load::open(server.address, CONNECTIONS)?;
    let outcome = load.run(
        Pace::Closed,
        bench.scale.logins,
        &mut Repeat::new(logins).backing_off(PAUSE),
    )?;
    Ok(outcome.rate(200))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(Failure::while_(format!("writing {}", path.display())))
}

fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(Failure::while_(format!(
        "starting {}",
        command.get_program().display()
    )))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::Unmet(format!(
        "{command:?} failed; PEERS=1 needs python3 with venv, and PyPI"
    )))
}
