use std::collections::BTreeSet;
use std::time::Duration;

use ntt_auth_core::password::{BcryptCost, HashingPolicy};
use ntt_auth_web::CorsOrigins;

use super::layers::{OPEN_SECTION, REFERENCE, variable};
use super::*;

fn environment(pairs: &[(&str, &str)]) -> Inputs {
    Inputs {
        environment: pairs
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect(),
        ..Inputs::default()
    }
}

fn problems(pairs: &[(&str, &str)]) -> Vec<Problem> {
    load(&environment(pairs)).unwrap_err().0
}

fn from_file(text: &str) -> Result<Settings, Problems> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("given.toml");
    std::fs::write(&path, text).unwrap();
    load(&Inputs {
        file: Some(path),
        ..Inputs::default()
    })
}

#[test]
fn the_reference_file_is_valid_and_nothing_in_it_goes_unread() {
    load(&Inputs::default()).unwrap();
    let layers = Layers::defaults();
    let mut reader = Reader::new(&layers);
    Settings::read(&mut reader).unwrap();
    let written: BTreeSet<_> = layers.iter().map(|(key, _)| key).collect();
    let read: BTreeSet<_> = reader.read.keys().copied().collect();
    assert_eq!(written, read);
    // Every assignment in the file became a key: none is commented out or lost.
    assert_eq!(
        written.len(),
        REFERENCE
            .lines()
            .filter(|line| !line.starts_with('#') && line.contains(" = "))
            .count()
    );
}

#[test]
fn every_key_is_documented() {
    let layers = Layers::defaults();
    for (key, _) in layers.iter() {
        assert!(explain::documentation(key).len() > 20, "{key}");
    }
    assert!(explain::documentation(OPEN_SECTION).contains("metadata.NAME"));
}

#[test]
fn the_reference_file_as_a_file_changes_nothing() {
    let ours = from_file(REFERENCE).unwrap();
    assert_eq!(
        format!("{ours:?}"),
        format!("{:?}", load(&Inputs::default()).unwrap())
    );
}

#[test]
fn the_defaults_are_those_that_are_promised() {
    let settings = load(&Inputs::default()).unwrap();
    assert_eq!(settings.profile, Profile::Development);
    assert_eq!(settings.http.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(
        settings.database,
        Database::File("./data/ntt-auth.db".into())
    );
    assert_eq!(
        settings.passwords.hashing,
        HashingPolicy::Bcrypt {
            cost: BcryptCost::TWELVE
        }
    );
    assert_eq!(settings.tokens.access_ttl, Duration::from_hours(1));
    assert_eq!(settings.tokens.refresh_ttl, Duration::from_hours(7 * 24));
    assert_eq!(settings.tokens.refresh_grace, Duration::from_secs(30));
    assert_eq!(settings.rate_limits, ntt_auth_web::RateLimits::default());
}

#[test]
fn later_sources_win() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.toml");
    std::fs::write(
        &file,
        "data_dir = 'file'\n[http]\nmax_body = 20_000\nlisten = '127.0.0.1:1'\n",
    )
    .unwrap();
    let inputs = Inputs {
        file: Some(file),
        environment: vec![
            ("NTT_AUTH__HTTP__MAX_BODY".into(), "30_000".into()),
            ("NTT_AUTH__HTTP__LISTEN".into(), "127.0.0.1:2".into()),
            ("NTT_AUTH_BIN".into(), "not a setting".into()),
            ("PATH".into(), "/bin".into()),
        ],
        flags: vec![(
            "--listen".into(),
            "http.listen".into(),
            "127.0.0.1:3".into(),
        )],
    };
    let settings = load(&inputs).unwrap();
    assert_eq!(settings.data_dir, PathBuf::from("file"));
    assert_eq!(settings.http.max_body, 30_000);
    assert_eq!(settings.http.listen.port(), 3);
    let shown = print(&inputs, false).unwrap();
    assert!(
        shown.contains("listen = \"127.0.0.1:3\"  # flag --listen"),
        "{shown}"
    );
    assert!(
        shown.contains("max_body = 30000  # environment NTT_AUTH__HTTP__MAX_BODY"),
        "{shown}"
    );
    assert!(shown.contains("a.toml:1\n"), "{shown}");
}

#[test]
fn all_mistakes_are_reported_at_once_with_key_place_and_cure() {
    let text = "profil = 'test'\n\n[http]\nlisten = 'localhost'\nmax_body = 'large'\n[tokens]\naccess_ttl = 'soon'\n\
        session_ttl = '1s'\n[password]\nbcrypt_cost = 99\n[nothing]\n";
    let error = from_file(text).unwrap_err().to_string();
    for expected in [
        "has 7 problems",
        "profil (",
        "given.toml:1): there is no such setting\n    did you mean profile?",
        "given.toml:4): `localhost`: invalid socket address",
        "given.toml:5): a text in quotes stands here\n    give a whole number",
        "`soon` is no length of time",
        "tokens.session_ttl",
        "password.bcrypt_cost",
        "99 is out of range\n    choose 4 to 16",
        "nothing (",
    ] {
        assert!(error.contains(expected), "{expected:?} is not in\n{error}");
    }
}

#[test]
fn a_broken_file_names_the_line() {
    let error = from_file("data_dir = 'x'\n[http\nlisten = 3")
        .unwrap_err()
        .to_string();
    assert!(error.contains("given.toml:2"), "{error}");
    let absent = load(&Inputs {
        file: Some("/nowhere/a.toml".into()),
        ..Inputs::default()
    })
    .unwrap_err();
    assert!(absent.to_string().contains("cannot be read"), "{absent}");
}

#[test]
fn unknown_variables_are_mistakes() {
    let [problem] = &problems(&[("NTT_AUTH__HTTP__LISTN", "x")])[..] else {
        panic!("one problem")
    };
    assert_eq!(problem.cure, "did you mean NTT_AUTH__HTTP__LISTEN?");
    assert_eq!(
        problem.source,
        Source::Environment("NTT_AUTH__HTTP__LISTN".into())
    );
    let [problem] = &problems(&[("NTT_AUTH__RATE_LIMITS__ENABLED", "maybe")])[..] else {
        panic!("one problem")
    };
    assert_eq!(problem.what, "`maybe` is not true or false");
    let [problem] = &problems(&[("NTT_AUTH__XQZW", "")])[..] else {
        panic!("one problem")
    };
    assert!(problem.cure.starts_with("remove it"));
}

#[test]
fn every_key_can_be_given_in_the_environment() {
    let layers = Layers::defaults();
    for (key, entry) in layers.iter() {
        let text = match &entry.value {
            value::Value::Text(text) => text.clone(),
            value::Value::List(_) => String::new(),
            value => value.to_string(),
        };
        load(&environment(&[(&variable(key), &text)])).unwrap();
    }
}

#[test]
fn an_address_chooses_the_engine() {
    let settings = load(&environment(&[(
        "NTT_AUTH__DATABASE__URL",
        "sqlite::memory:",
    )]))
    .unwrap();
    assert_eq!(settings.database, Database::Memory);
    let settings = load(&environment(&[(
        "NTT_AUTH__DATABASE__URL",
        "sqlite:///var/lib/a.db",
    )]))
    .unwrap();
    assert_eq!(settings.database, Database::File("/var/lib/a.db".into()));
    assert!(load(&environment(&[("NTT_AUTH__DATABASE__URL", "oracle:x")])).is_err());
}

#[test]
fn cheap_hashes_are_for_tests_alone() {
    let cheap = ("NTT_AUTH__PASSWORD__BCRYPT_COST", "4");
    assert!(load(&environment(&[cheap, ("NTT_AUTH__PROFILE", "test")])).is_ok());
    for profile in ["development", "production"] {
        let problems = problems(&[cheap, ("NTT_AUTH__PROFILE", profile)]);
        assert!(
            problems
                .iter()
                .any(|problem| problem.key.as_deref() == Some("password.bcrypt_cost"))
        );
    }
}

#[test]
fn production_names_each_unsafe_setting() {
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let named: Vec<_> = problems(&[
        ("NTT_AUTH__PROFILE", "production"),
        ("NTT_AUTH__DATABASE__URL", "sqlite::memory:"),
        ("NTT_AUTH__PUBLIC_URL", "http://auth.example.com"),
        ("NTT_AUTH__HTTP__CORS_ORIGINS", "*"),
        ("NTT_AUTH__HTTP__TRUSTED_PROXIES", "0.0.0.0/0"),
        ("NTT_AUTH__RATE_LIMITS__ENABLED", "false"),
        ("NTT_AUTH__REDIS__URL", "redis://redis.example.com"),
    ])
    .into_iter()
    .filter_map(|problem| problem.key)
    .collect();
    assert_eq!(
        named,
        [
            "database.url",
            "redis.url",
            "public_url",
            "keys.master_key",
            "http.cors_origins",
            "http.trusted_proxies",
            "rate_limits.enabled",
            "mail.smtp.host"
        ]
    );
    let safe = environment(&[
        ("NTT_AUTH__PROFILE", "production"),
        ("NTT_AUTH__PUBLIC_URL", "https://auth.example.com/"),
        ("NTT_AUTH__KEYS__MASTER_KEY", key),
        ("NTT_AUTH__MAIL__SMTP__HOST", "smtp.example.com"),
        ("NTT_AUTH__MAIL__FROM", "no-reply@example.com"),
        ("NTT_AUTH__REDIS__URL", "redis://redis?tls=false"),
    ]);
    let settings = load(&safe).unwrap();
    assert_eq!(
        settings.public_url.unwrap().as_str(),
        "https://auth.example.com/"
    );
    assert_eq!(settings.log.format, Format::Json);
}

#[test]
fn the_password_of_redis_is_not_shown() {
    let url = "rediss://ada:hunter2@a.example,b.example/1";
    let inputs = environment(&[("NTT_AUTH__REDIS__URL", url)]);
    let shown = print(&inputs, false).unwrap();
    assert!(
        shown.contains("rediss://ada:********@a.example,b.example/1"),
        "{shown}"
    );
    assert!(!format!("{:?}", load(&inputs).unwrap()).contains("hunter2"));
    for (name, bad) in [
        ("URL", "redis://:hunter2@"),
        ("PREFIX", "a b"),
        ("TIMEOUT", "1ms"),
    ] {
        let name = format!("NTT_AUTH__REDIS__{name}");
        let problems = problems(&[(&name, bad)]);
        assert_eq!(problems.len(), 1, "{name}");
        assert!(!problems[0].to_string().contains("hunter2"));
    }
}

#[test]
fn secrets_come_from_files_too_and_are_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    std::fs::write(&path, format!("{key}\n")).unwrap();
    let inputs = environment(&[("NTT_AUTH__KEYS__MASTER_KEY_FILE", path.to_str().unwrap())]);
    let settings = load(&inputs).unwrap();
    assert_eq!(
        encode_key(settings.keys.master_key.as_ref().unwrap()).as_str(),
        key
    );
    assert!(!format!("{settings:?}").contains(key));

    let inputs = environment(&[("NTT_AUTH__KEYS__MASTER_KEY", key)]);
    for as_json in [false, true] {
        let shown = print(&inputs, as_json).unwrap();
        assert!(
            !shown.contains(key) && shown.contains("********"),
            "{shown}"
        );
    }
    let both = problems(&[
        ("NTT_AUTH__KEYS__MASTER_KEY", key),
        ("NTT_AUTH__KEYS__MASTER_KEY_FILE", path.to_str().unwrap()),
    ]);
    assert!(both[0].what.contains("is set too"));
    for bad in ["c2hvcnQ=", "not base64 at all, but secret all the same"] {
        let problems = problems(&[("NTT_AUTH__KEYS__MASTER_KEY", bad)]);
        assert!(
            !Problems(problems).to_string().contains(bad),
            "a refused secret is not shown either"
        );
    }
    let absent = problems(&[("NTT_AUTH__METRICS__TOKEN_FILE", "/nowhere/token")]);
    assert!(absent[0].what.contains("cannot be read"));
}

#[cfg(unix)]
#[test]
fn tok9_tok10_a_weak_feed_token_and_a_limit_that_refuses_at_every_hiccup_are_refused() {
    for (name, value, key) in [
        (
            "NTT_AUTH__REVOCATIONS__FEED_TOKEN",
            "thirty-one-characters-are-too-f",
            "revocations.feed_token",
        ),
        (
            "NTT_AUTH__REVOCATIONS__MAX_STALENESS",
            "4s",
            "revocations.max_staleness",
        ),
        (
            "NTT_AUTH__REVOCATIONS__MAX_STREAMS",
            "0",
            "revocations.max_streams",
        ),
    ] {
        let told = problems(&[(name, value)]);
        assert_eq!(told.len(), 1, "{name}");
        assert_eq!(told[0].key.as_deref(), Some(key));
    }
    let address = "127.0.0.1:8080".parse().unwrap();
    let by_default = load(&Inputs::default()).unwrap();
    let rules = by_default.rules(address);
    assert_eq!(
        rules.revocations.max_staleness,
        Some(Duration::from_mins(5))
    );
    let token = "thirty-two-characters-are-enough";
    let settings = load(&environment(&[
        ("NTT_AUTH__REVOCATIONS__FEED_TOKEN", token),
        ("NTT_AUTH__REVOCATIONS__MAX_STALENESS", ""),
        ("NTT_AUTH__HTTP__HEADER_TIMEOUT", "3s"),
    ]))
    .unwrap();
    assert_eq!(settings.rules(address).revocations.max_staleness, None);
    let feed = settings.web("http://127.0.0.1:8080").feed;
    assert!(feed.token.is_some() && !format!("{settings:?}").contains(token));
    // Shorter than what ends an idle connection.
    assert_eq!(feed.heartbeat, Duration::from_secs(1));
}

#[test]
fn v13_3_1_a_secret_that_others_can_read_is_refused_in_production() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "a-token-for-metrics-of-some-length").unwrap();
    let file = ("NTT_AUTH__METRICS__TOKEN_FILE", path.to_str().unwrap());
    let production = |mode| {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let keys: Vec<_> = problems(&[("NTT_AUTH__PROFILE", "production"), file])
            .into_iter()
            .filter_map(|problem| problem.key)
            .collect();
        keys.iter().any(|key| key == "metrics.token_file")
    };
    for open in [0o644, 0o604, 0o620, 0o666] {
        assert!(production(open), "{open:o}");
        let settings = load(&environment(&[file])).unwrap();
        assert_eq!(
            settings.exposed,
            [("metrics.token_file", path.clone())],
            "{open:o}"
        );
    }
    for shut in [0o600, 0o400] {
        assert!(!production(shut), "{shut:o}");
        assert!(load(&environment(&[file])).unwrap().exposed.is_empty());
    }
}

#[test]
fn the_header_of_proxies_is_one_of_two() {
    let header = |value| load(&environment(&[("NTT_AUTH__HTTP__FORWARDED_HEADER", value)]));
    assert_eq!(
        header("forwarded").unwrap().http.forwarded_header,
        ntt_auth_web::ForwardedHeader::Forwarded
    );
    let refused = header("x-real-ip").unwrap_err().to_string();
    assert!(refused.contains("x-forwarded-for, forwarded"), "{refused}");
}

#[test]
fn lists_and_claims_come_from_everywhere() {
    let settings = load(&environment(&[
        ("NTT_AUTH__HTTP__TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1"),
        (
            "NTT_AUTH__HTTP__CORS_ORIGINS",
            "https://a.example,http://localhost:3000",
        ),
        ("NTT_AUTH__TOKENS__CLAIMS__userId", "userId"),
    ]))
    .unwrap();
    assert_eq!(settings.http.trusted_proxies.len(), 2);
    assert!(matches!(settings.http.cors_origins, CorsOrigins::Only(origins) if origins.len() == 2));
    let settings =
        from_file("[tokens.claims]\nuserId = 'userId'\nteam = 'metadata.team'\n").unwrap();
    assert_eq!(settings.tokens.claims.len(), 2);
    let bad = problems(&[(
        "NTT_AUTH__HTTP__CORS_ORIGINS",
        "https://a.example/path,nonsense",
    )]);
    assert_eq!(bad.len(), 2);
    let error = from_file(
        "[tokens.claims]\nsub = 'email'\nteam = 'somewhere'\n[accounts]\nrequired = ['shoeSize']\n",
    )
    .unwrap_err();
    let keys: Vec<_> = error
        .0
        .iter()
        .filter_map(|problem| problem.key.as_deref())
        .collect();
    assert_eq!(
        keys,
        [
            "tokens.claims.sub",
            "tokens.claims.team",
            "accounts.required"
        ]
    );
}

#[test]
fn the_issuer_is_the_public_address_or_where_the_server_listens() {
    let settings = load(&environment(&[(
        "NTT_AUTH__PUBLIC_URL",
        "https://auth.example.com/base/",
    )]))
    .unwrap();
    let rules = settings.rules("0.0.0.0:1".parse().unwrap());
    assert_eq!(rules.tokens.issuer, "https://auth.example.com/base");
    assert_eq!(rules.tokens.audience, rules.tokens.issuer);
    let settings = load(&Inputs::default()).unwrap();
    assert_eq!(
        settings.rules("0.0.0.0:81".parse().unwrap()).tokens.issuer,
        "http://127.0.0.1:81"
    );
    assert_eq!(
        settings.rules("[::]:81".parse().unwrap()).tokens.issuer,
        "http://[::1]:81"
    );
}

#[test]
fn the_schema_covers_every_key() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    let layers = Layers::defaults();
    for (key, _) in layers.iter() {
        let pointer = format!("/properties/{}", key.replace('.', "/properties/"));
        assert!(schema.pointer(&pointer).is_some(), "{key}");
    }
    assert_eq!(
        schema["properties"]["password"]["properties"]["bcrypt_cost"]["maximum"],
        16
    );
    assert_eq!(
        schema["properties"]["tokens"]["properties"]["claims"]["additionalProperties"]["type"],
        "string"
    );
}
