use std::fmt::Write as _;

use clap::CommandFactory as _;

use super::*;

/// The help of every command, as one text.
fn help() -> String {
    fn collect(command: &mut clap::Command, name: &str, text: &mut String) {
        let _ = writeln!(text, "$ {name} --help\n{}", command.render_long_help());
        let names: Vec<String> = command
            .get_subcommands()
            .map(|inner| inner.get_name().to_owned())
            .collect();
        for inner in names.iter().filter(|inner| *inner != "help") {
            if let Some(inner_command) = command.find_subcommand_mut(inner) {
                collect(inner_command, &format!("{name} {inner}"), text);
            }
        }
    }
    let mut command = Cli::command().term_width(100);
    command.build();
    let mut text = String::new();
    collect(&mut command, "ntt-auth", &mut text);
    text
}

#[test]
fn the_command_line_is_well_formed() {
    Cli::command().debug_assert();
}

/// The help is a committed text. After a change that is meant, run the tests with `UPDATE_TEXTS=1`.
#[test]
fn the_help_is_the_one_that_was_reviewed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli-help.txt");
    let help = help();
    if std::env::var_os("UPDATE_TEXTS").is_some() {
        std::fs::write(path, &help).unwrap();
    }
    let reviewed = std::fs::read_to_string(path).unwrap();
    let differing = help
        .lines()
        .zip(reviewed.lines())
        .find(|(now, then)| now != then);
    assert_eq!(differing, None, "now, and in tests/cli-help.txt");
    assert_eq!(help.lines().count(), reviewed.lines().count());
}

#[test]
fn flags_become_settings_with_their_names() {
    let cli = Cli::try_parse_from([
        "ntt-auth",
        "--data-dir",
        "d",
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--set",
        "http.max_body=70000",
        "--profile=test",
    ])
    .unwrap();
    let inputs = inputs(&cli, [("NTT_AUTH__LOG__LEVEL".into(), "warn".into())]);
    let keys: Vec<_> = inputs
        .flags
        .iter()
        .map(|(flag, key, _)| (flag.as_str(), key.as_str()))
        .collect();
    assert_eq!(
        keys,
        [
            ("--profile", "profile"),
            ("--data-dir", "data_dir"),
            ("--listen", "http.listen"),
            ("--set", "http.max_body")
        ]
    );
    let settings = settings::load(&inputs).unwrap();
    assert_eq!(settings.http.max_body, 70_000);
    assert!(Cli::try_parse_from(["ntt-auth", "--set", "nonsense"]).is_err());
    assert!(
        Cli::try_parse_from([
            "ntt-auth",
            "user",
            "create",
            "a@b.example",
            "--password",
            "x"
        ])
        .is_err()
    );
}
