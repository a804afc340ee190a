//! Fills a SQLite database with accounts, for measuring at scale: `seed FILE COUNT PASSWORD-HASH`.
//!
//! The database must have been made by the server, which must not run. Account number N is `user-N@mail-M.example` with the
//! given password hash, a name, and one open session that nobody holds the tokens of. It goes round the store on
//! purpose: rows are written in order, indexes made afterwards, nothing is synced before the end, so that a million
//! accounts take a minute.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a tool for measurements; a failure is told by panicking"
)]

use std::time::Instant;

use ntt_auth_core::model::{
    Email, PersonName, Profile, Role, SearchWords, Standing, Timestamp, User, UserId, Username,
};
use ntt_auth_core::secret::PasswordHash;
use rusqlite::{Connection, params};
use uuid::Uuid;

/// 2023-11-14; accounts are a hundred seconds apart.
const BEGIN: i64 = 1_700_000_000_000;
const APART: i64 = 100_000;
/// In the year 2100.
const END: i64 = 4_102_444_800_000;

const FIRST: [&str; 40] = [
    "Ada",
    "Alan",
    "Barbara",
    "Bjarne",
    "Claude",
    "Dana",
    "Dennis",
    "Donald",
    "Edsger",
    "Edith",
    "Emmy",
    "Frances",
    "Grace",
    "Hedy",
    "Ivan",
    "James",
    "Jean",
    "John",
    "Karen",
    "Katherine",
    "Ken",
    "Leslie",
    "Linus",
    "Lynn",
    "Margaret",
    "Mary",
    "Niklaus",
    "Radia",
    "Richard",
    "Robin",
    "Rosa",
    "Shafi",
    "Sophie",
    "Stephen",
    "Susan",
    "Tim",
    "Tony",
    "Vint",
    "太郎",
    "花子",
];
/// Barbara, Bjarne and Claude: four of ten who are called so have it in their address, which is
/// `barbara.kalomi.N@mail-M.example` then.
const IN_ADDRESSES: std::ops::Range<usize> = 2..5;
const SYLLABLES: [&str; 20] = [
    "ka", "lo", "mi", "ne", "ru", "sha", "to", "vel", "wen", "yor", "ba", "cor", "dun", "el", "fi",
    "gar", "hol", "in", "jas", "kel",
];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap();
    let count: u64 = arguments.next().unwrap().parse().unwrap();
    let hash = arguments.next().unwrap();
    let begun = Instant::now();
    let mut connection = Connection::open(path).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; PRAGMA temp_store = FILE;
             CREATE TEMP TABLE words (kind INTEGER NOT NULL, token TEXT NOT NULL, created_at INTEGER NOT NULL, user_id BLOB NOT NULL);",
        )
        .unwrap();
    let indexes: Vec<(String, String)> = connection
        .prepare(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name IN ('users', 'sessions') AND sql IS NOT NULL",
        )
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let transaction = connection.transaction().unwrap();
    for (name, _) in &indexes {
        transaction
            .execute_batch(&format!("DROP INDEX {name}"))
            .unwrap();
    }
    {
        let mut insert_user = transaction.prepare(USER).unwrap();
        let mut insert_session = transaction.prepare(SESSION).unwrap();
        let mut insert_word = transaction
            .prepare("INSERT INTO words VALUES (?, ?, ?, ?)")
            .unwrap();
        for number in 0..count {
            let user = user(number, &hash);
            let words = SearchWords::of(&user);
            let id = user.id.uuid().into_bytes().to_vec();
            insert_user
                .execute(params![
                    id,
                    user.email.as_str(),
                    user.email.folded().as_str(),
                    (!number.is_multiple_of(5)).then_some(user.created_at.millis()),
                    user.username.as_ref().map(Username::as_str),
                    user.username
                        .as_ref()
                        .map(|name| name.folded().as_str().to_owned()),
                    user.profile.first_name.as_ref().map(PersonName::as_str),
                    user.profile.last_name.as_ref().map(PersonName::as_str),
                    user.role.as_str(),
                    (number % 100 == 7).then_some(user.created_at.millis()),
                    (number % 100 == 9).then_some(user.created_at.millis()),
                    hash,
                    user.created_at.millis(),
                    user.last_login_at.map_or(0, Timestamp::millis),
                    user.created_at.millis(),
                    user.updated_at.millis(),
                    words.text(),
                ])
                .unwrap();
            insert_session
                .execute(params![
                    Uuid::from_u128(
                        u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
                            | 1
                    )
                    .into_bytes()
                    .to_vec(),
                    id,
                    vec![7_u8; 32],
                    vec![7_u8; 16],
                    user.created_at.millis(),
                    END,
                ])
                .unwrap();
            for (kind, word) in words.kinds() {
                insert_word
                    .execute(params![kind.number(), word, user.created_at.millis(), id])
                    .unwrap();
            }
        }
    }
    transaction
        .execute_batch("INSERT INTO user_search (kind, token, created_at, user_id) SELECT kind, token, created_at, user_id FROM words ORDER BY 1, 2, 3, 4; DROP TABLE words;")
        .unwrap();
    for (_, sql) in &indexes {
        transaction.execute_batch(sql).unwrap();
    }
    transaction.commit().unwrap();
    connection
        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    println!("{count} accounts in {:.1} s", begun.elapsed().as_secs_f64());
}

const USER: &str = "INSERT INTO users (id, email, email_folded, email_verified_at, username, username_folded, first_name, \
     last_name, role, suspended_at, deleted_at, password, password_changed_at, last_login_at, created_at, updated_at, \
     search_words, metadata, token_version, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '{}', 0, 0)";

const SESSION: &str = "INSERT INTO sessions (id, user_id, seed, generation, rotated_by, rotated_at, created_at, last_used_at, \
     idle_expires_at, expires_at, open_until) VALUES (?1, ?2, ?3, 0, ?4, ?5, ?5, ?5, ?6, ?6, ?6)";

fn user(number: u64, hash: &str) -> User {
    // Far apart for neighbours, the same each time.
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let pick =
        |shift: u32, below: usize| usize::try_from((mixed >> shift) & 0xffff).unwrap() % below;
    let created = BEGIN + APART * i64::try_from(number).unwrap();
    let time = u128::try_from(created).unwrap() << 80;
    let id = Uuid::from_u128(time | 0x7000_8000_0000_0000_0000 | u128::from(mixed >> 2));
    let mut last = [0, 5, 9]
        .map(|shift| SYLLABLES[pick(shift, SYLLABLES.len())])
        .concat();
    last.get_mut(..1).unwrap().make_ascii_uppercase();
    let first = pick(20, FIRST.len());
    let local = if IN_ADDRESSES.contains(&first) && number % 100 >= 60 {
        format!("{}.{last}.{number}", FIRST[first])
    } else {
        format!("user-{number}")
    };
    let role = match number % 1000 {
        1 => Role::Moderator,
        2 => Role::Guest,
        _ => Role::User,
    };
    User {
        id: UserId::from_uuid(id),
        email: Email::parse(&format!("{local}@mail-{}.example", number % 20)).unwrap(),
        email_verified_at: None,
        username: number
            .is_multiple_of(3)
            .then(|| Username::parse(&format!("u{number}.{last}")).unwrap()),
        profile: Profile {
            first_name: Some(PersonName::parse(FIRST[first]).unwrap()),
            last_name: Some(PersonName::parse(&last).unwrap()),
            ..Profile::default()
        },
        role,
        standing: Standing::default(),
        password: Some(PasswordHash::new(hash.to_owned())),
        password_changed_at: None,
        token_version: 0,
        last_login_at: (!number.is_multiple_of(4))
            .then(|| Timestamp::from_millis(created + i64::try_from(mixed >> 36).unwrap())),
        created_at: Timestamp::from_millis(created),
        updated_at: Timestamp::from_millis(created),
        verify_by: None,
        revision: 0,
    }
}
