use super::*;

/// The 3000 most frequent leaked passwords, in the order of zxcvbn's list (Dropbox, Inc., MIT).
const TOP: &str = include_str!("top_3000.txt");

fn codes(policy: &PasswordPolicy, password: &str, person: &[&str]) -> Vec<&'static str> {
    match policy.check(&Plain::parse(password).unwrap(), person) {
        Ok(()) => Vec::new(),
        Err(broken) => broken.into_iter().map(|invalid| invalid.code).collect(),
    }
}

/// Eight characters and nothing else, so that only the blocklist speaks.
fn eight() -> PasswordPolicy {
    PasswordPolicy {
        min: 8,
        ..PasswordPolicy::nist()
    }
}

#[test]
fn classic_names_every_broken_rule() {
    let classic = PasswordPolicy::default();
    assert_eq!(classic, PasswordPolicy::classic());
    assert_eq!(codes(&classic, "kX7#qv2!", &[]), [""; 0]);
    assert_eq!(codes(&classic, "kX7#qv2", &[]), ["too_short"]);
    assert_eq!(codes(&classic, "kx7#qv2!", &[]), ["missing_upper"]);
    assert_eq!(codes(&classic, "KX7#QV2!", &[]), ["missing_lower"]);
    assert_eq!(codes(&classic, "kXs#qvt!", &[]), ["missing_digit"]);
    assert_eq!(codes(&classic, "kX7aqv2b", &[]), ["missing_special"]);
    assert_eq!(
        codes(&classic, "", &[]),
        [
            "too_short",
            "missing_upper",
            "missing_lower",
            "missing_digit",
            "missing_special",
            "common"
        ]
    );
    assert_eq!(codes(&classic, "Ängström 7", &[]), [""; 0]);
}

#[test]
fn lengths_are_counted_in_code_points() {
    let nist = PasswordPolicy::nist();
    assert_eq!(
        codes(&nist, "🔑🦀🧭🪁🥁🛶🎷🪐🧶🥝🌋🧂🪶🎻", &[]),
        ["too_short"]
    );
    assert_eq!(codes(&nist, "🔑🦀🧭🪁🥁🛶🎷🪐🧶🥝🌋🧂🪶🎻🛰", &[]), [""; 0]);
    // Two code points as typed, one after normalisation.
    assert_eq!(codes(&nist, "vwq zrxk tplmu\u{308}", &[]), ["too_short"]);
    let long = |length: usize| {
        "correct horse battery staple "
            .chars()
            .cycle()
            .take(length)
            .collect::<String>()
    };
    assert_eq!(codes(&nist, &long(128), &[]), [""; 0]);
    assert_eq!(codes(&nist, &long(129), &[]), ["too_long"]);
}

#[test]
fn nist_asks_for_less_beside_a_second_factor() {
    let nist = PasswordPolicy::nist();
    let password = Plain::parse("vwqzrxkt").unwrap();
    assert_eq!(nist.check(&password, &[]).unwrap_err()[0].code, "too_short");
    assert_eq!(nist.check_with_second_factor(&password, &[]), Ok(()));
    let short = Plain::parse("vwqzrxk").unwrap();
    assert_eq!(
        nist.check_with_second_factor(&short, &[]).unwrap_err()[0].code,
        "too_short"
    );
}

#[test]
fn the_most_frequent_passwords_are_refused_in_every_simple_dress() {
    let policy = eight();
    let mut checked = 0;
    for entry in TOP.lines() {
        let mut capital = entry.chars();
        let capital: String = capital
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .chain(capital)
            .collect();
        for base in [entry.to_owned(), capital, entry.to_uppercase()] {
            for password in [
                base.clone(),
                format!("{base}1"),
                format!("{base}!"),
                format!("{base}1!"),
                format!("{base}123!"),
            ] {
                if password.chars().count() >= policy.min {
                    assert_eq!(codes(&policy, &password, &[]), ["common"], "{password}");
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 20_000, "{checked}");
}

#[test]
fn good_passwords_are_not_called_common() {
    let policy = eight();
    for password in [
        "vwqzrxkt",
        "xk8#Qm2!",
        "m7Rq9281",
        "K3nn-W0lke",
        "correct horse battery staple",
        "Grüße an 7 Zwerge",
        "sunlit-otter-9-gravel",
        "パスワードではない長い文",
    ] {
        assert_eq!(codes(&policy, password, &[]), [""; 0], "{password}");
    }
}

#[test]
fn repetitions_and_keyboard_walks_are_common() {
    let policy = eight();
    for password in [
        "aaaaaaaaaaaaaaaa",
        "passwordpassword",
        "1qaz2wsx3edc",
        "zxcvbnm,./",
        "P@ssw0rd",
        "drowssap",
        "19840512",
        "abcdefghijklmnop",
    ] {
        assert_eq!(codes(&policy, password, &[]), ["common"], "{password}");
    }
}

#[test]
fn an_installation_adds_passwords_and_words() {
    let policy = PasswordPolicy {
        blocklist: ["vwq-zrx-ktp-9".into()].into(),
        context: vec!["Acme".into(), "Rocket Boots".into()],
        ..eight()
    };
    assert_eq!(codes(&policy, "vwq-zrx-ktp-9", &[]), ["common"]);
    assert_eq!(codes(&policy, "vwq-zrx-ktp-8", &[]), [""; 0]);
    assert_eq!(codes(&policy, "zrxkACMEvwq", &[]), ["contains_context"]);
    assert_eq!(codes(&policy, "zrxkbootsvwq", &[]), ["contains_context"]);
}

#[test]
fn what_is_known_of_the_person_is_refused() {
    let policy = eight();
    let person = ["augusta.king@lovelace.example", "Ada", "Lovelace"];
    for password in ["xqz-Augusta-7", "kq7lovelace#z", "vx#EXAMPLE.zk"] {
        assert_eq!(
            codes(&policy, password, &person),
            ["contains_context"],
            "{password}"
        );
    }
    // Three letters are in too many words.
    assert_eq!(codes(&policy, "kq-adagio-zx7", &person), [""; 0]);
    assert_eq!(codes(&policy, "kq-vivace-zx7", &person), [""; 0]);
}

#[test]
fn long_input_is_judged_by_its_start() {
    let policy = PasswordPolicy {
        max: 256,
        ..eight()
    };
    assert_eq!(codes(&policy, &"a".repeat(256), &[]), ["common"]);
    let repeated: String = "P@$$w0rd!1|".chars().cycle().take(256).collect();
    assert_eq!(codes(&policy, &repeated, &[]), [""; 0]);
}

#[test]
fn disguises_without_number_are_not_unravelled() {
    // One of the texts that would keep the estimator longest; each sign on its own is still seen through.
    let hostile: String = "4@8({[<369&#!1|0$57+x%2z"
        .chars()
        .cycle()
        .take(128)
        .collect();
    assert_eq!(codes(&eight(), &hostile, &[]), [""; 0]);
    for password in [
        "p4ssword", "p@ssword", "pa$$w0rd", "pa55w0rd", "b4seb4ll", "f00+ba11", "!lov3you",
    ] {
        assert_eq!(codes(&eight(), password, &[]), ["common"], "{password}");
    }
}
