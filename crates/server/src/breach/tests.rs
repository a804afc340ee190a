use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use ntt_auth_core::password::Plain;
use tempfile::TempDir;
use tokio::net::TcpListener;
use url::Url;

use super::*;

/// Of "password", by which every list begins: 5BAA6 and the rest.
const PASSWORD: &str = "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8";

fn digest(text: &str) -> LeakDigest {
    LeakDigest::of(&Plain::parse(text).unwrap())
}

fn filter_of(list: &str, least: u64) -> (TempDir, Result<usize, BuildError>) {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("list"), folder.path().join("filter"));
    std::fs::write(&from, list).unwrap();
    let built = build(&from, &to, least, |_| {});
    (folder, built)
}

#[test]
fn v6_2_12_a_filter_knows_what_was_put_in_and_nearly_nothing_else() {
    let list: Vec<String> = (0..20_000)
        .map(|number| format!("stolen-{number}"))
        .collect();
    let list = list.join(
        "
",
    );
    let (folder, built) = filter_of(&list, 1);
    assert_eq!(built.unwrap(), 20_000);
    let filter = Filter::open(&folder.path().join("filter")).unwrap();
    assert!((0..20_000).all(|number| filter.contains(&digest(&format!("stolen-{number}")))));
    let mistaken = (0..20_000)
        .filter(|number| filter.contains(&digest(&format!("own-{number}"))))
        .count();
    assert!(mistaken < 20, "{mistaken} of 20,000");
}

#[test]
fn a_list_of_digests_is_read_as_it_is_published() {
    let list = format!(
        "{PASSWORD}:3861493\r\n{}:2\r\n\r\n7C4A8D09CA3762AF61E59520943DC26494F8941B\r\nplain:text\n",
        PASSWORD.replace("5BAA6", "00000")
    );
    let (folder, built) = filter_of(&list, 10);
    assert_eq!(built.unwrap(), 3);
    let filter = Filter::open(&folder.path().join("filter")).unwrap();
    for known in ["password", "123456", "plain:text"] {
        assert!(filter.contains(&digest(known)), "{known}");
    }
    assert!(!filter.contains(&digest("Password")));
}

#[test]
fn a_damaged_filter_is_not_used() {
    let (folder, built) = filter_of("one\ntwo\n", 1);
    built.unwrap();
    let path = folder.path().join("filter");
    let whole = std::fs::read(&path).unwrap();
    for index in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[index] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(
            matches!(Filter::open(&path), Err(FilterError::Damaged(_))),
            "byte {index}"
        );
        std::fs::write(&path, &whole[..index]).unwrap();
        assert!(
            matches!(Filter::open(&path), Err(FilterError::Damaged(_))),
            "cut at {index}"
        );
    }
    let missing = Filter::open(&folder.path().join("nothing"));
    assert!(matches!(missing, Err(FilterError::Unreadable(..))));
    assert!(matches!(filter_of("\n\n", 1).1, Err(BuildError::Empty(_))));
}

/// Somebody who knows "password" and pads, and how often they were asked.
#[derive(Clone, Default)]
struct Api {
    asked: Arc<AtomicUsize>,
    away: bool,
}

async fn range(
    State(api): State<Api>,
    Path(prefix): Path<String>,
    headers: HeaderMap,
) -> (StatusCode, String) {
    api.asked.fetch_add(1, Ordering::SeqCst);
    if api.away {
        return (StatusCode::SERVICE_UNAVAILABLE, String::new());
    }
    assert_eq!(headers["add-padding"], "true");
    assert_eq!(prefix.len(), 5, "no more of a digest is told");
    let mut lines = vec![format!("{}:0", &digest("padded").to_string()[5..])];
    if PASSWORD.starts_with(&prefix) {
        lines.push(format!("{}:9", &PASSWORD[5..]));
    }
    (StatusCode::OK, lines.join("\r\n"))
}

async fn serve(api: Api) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route("/range/{prefix}", get(range))
        .with_state(api);
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/range/").parse().unwrap()
}

fn look_up(api: Url, strict: bool) -> Arc<dyn Breaches> {
    let settings = BreachLookUp {
        filter: None,
        api: Some(api),
        timeout: Duration::from_secs(5),
        strict,
    };
    open(&settings).unwrap().unwrap()
}

#[tokio::test]
async fn v6_2_12_the_api_is_told_five_digits_and_padding_is_passed_over() {
    let look_up = look_up(serve(Api::default()).await, true);
    assert_eq!(look_up.know(&digest("password")).await, Ok(true));
    assert_eq!(
        look_up.know(&digest("Analytical-Engine-1843")).await,
        Ok(false)
    );
    assert_eq!(look_up.know(&digest("padded")).await, Ok(false));
}

#[tokio::test]
async fn v6_2_12_while_the_api_is_away_the_setting_decides_and_it_is_left_alone() {
    let api = Api {
        away: true,
        ..Api::default()
    };
    let address = serve(api.clone()).await;
    let strict = look_up(address.clone(), true);
    for _ in 0..10 {
        assert!(strict.know(&digest("password")).await.is_err());
    }
    assert_eq!(api.asked.load(Ordering::SeqCst), 3);
    let lenient = look_up(address, false);
    assert_eq!(lenient.know(&digest("password")).await, Ok(false));
    // Nobody listens there at all.
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let nowhere = look_up(format!("http://{closed}/").parse().unwrap(), true);
    assert!(nowhere.know(&digest("password")).await.is_err());
}

#[tokio::test]
async fn v6_2_12_an_answer_that_does_not_come_is_not_waited_for() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", silent.local_addr().unwrap());
    let online = Online::new(address.parse().unwrap(), Duration::from_millis(20));
    let error = online.know(&digest("password")).await.unwrap_err();
    assert!(error.to_string().contains("nothing within"), "{error}");
}
