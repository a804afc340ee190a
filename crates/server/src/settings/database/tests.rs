use super::*;

fn server(text: &str) -> ServerUrl {
    match database(text).unwrap() {
        Database::Server(url) => url,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_certificate_of_a_server_elsewhere_is_checked_unless_the_address_says_otherwise() {
    for (given, expected, protection) in [
        (
            "postgres://u:p@db.example.com/a",
            "postgres://u:p@db.example.com/a?sslmode=verify-full",
            Protection::Verified,
        ),
        (
            "mysql://u:p@db:3306/a?charset=utf8mb4",
            "mysql://u:p@db:3306/a?charset=utf8mb4&ssl-mode=VERIFY_IDENTITY",
            Protection::Verified,
        ),
        (
            "mongodb://u:p@a:1,b:2/?replicaSet=s",
            "mongodb://u:p@a:1,b:2/?replicaSet=s&tls=true",
            Protection::Verified,
        ),
        ("mongodb://a", "mongodb://a/?tls=true", Protection::Verified),
        (
            "mongodb+srv://u:p@cluster.example.com/a",
            "mongodb+srv://u:p@cluster.example.com/a",
            Protection::Verified,
        ),
        (
            "postgres://db/a?sslmode=verify-ca",
            "postgres://db/a?sslmode=verify-ca",
            Protection::Verified,
        ),
        (
            "postgres://db/a?sslmode=require",
            "postgres://db/a?sslmode=require",
            Protection::Unverified,
        ),
        (
            "mysql://db/a?ssl-mode=DISABLED",
            "mysql://db/a?ssl-mode=DISABLED",
            Protection::Plain,
        ),
        (
            "mongodb://db/?tls=true&tlsInsecure=true",
            "mongodb://db/?tls=true&tlsInsecure=true",
            Protection::Unverified,
        ),
        (
            "postgres://u@localhost,[::1]:5433/a",
            "postgres://u@localhost,[::1]:5433/a",
            Protection::Local,
        ),
        (
            "postgres:///a?host=/run/postgresql",
            "postgres:///a?host=/run/postgresql",
            Protection::Local,
        ),
        (
            "postgres://localhost,db/a",
            "postgres://localhost,db/a?sslmode=verify-full",
            Protection::Verified,
        ),
    ] {
        let url = server(given);
        assert_eq!(url.expose(), expected);
        assert_eq!(url.protection(), protection, "{given}");
    }
}

#[test]
fn no_address_prints_its_password() {
    for (given, shown) in [
        (
            "postgres://ada:s3cret@db/a?sslmode=disable",
            "postgres://ada:********@db/a?sslmode=disable",
        ),
        (
            "mysql://ada:s3c@ret@127.0.0.1/a",
            "mysql://ada:********@127.0.0.1/a",
        ),
        ("mongodb://ada@localhost/a", "mongodb://ada@localhost/a"),
    ] {
        let url = server(given);
        assert_eq!(url.to_string(), shown);
        assert!(!format!("{url:?}").contains("s3c"));
    }
}

#[test]
fn what_names_no_database_is_refused_without_repeating_it() {
    for text in [
        "ada:s3cret",
        "oracle://ada:s3cret@db/a",
        "postgres:s3cret",
        "postgres://ada:s3cret@/a",
        "mysql://ada:s3cret@db",
        "postgres://ada:s3cret@db/a?sslmode=s3cret",
        "sqlite:",
    ] {
        let (what, cure) = database(text).unwrap_err();
        assert!(
            !what.contains("s3cret") && !cure.contains("s3cret"),
            "{what}"
        );
    }
}
