//! An installation that owes people mail, put together as the server does it.

use std::sync::Arc;
use std::time::Duration;

use ntt_auth::mail::MailRoom;
use ntt_auth::settings::{Inputs, Settings, load};
use ntt_auth::start;
use ntt_auth_core::Auth;
use ntt_auth_core::flow::{
    Actor, Caller, ChangePassword, CreateUser, ManageUser, Measure, RawRegistration,
};
use ntt_auth_core::model::{Client, Role, SessionId, User};
use ntt_auth_core::password::Plain;
use ntt_auth_web::TimeTravel;

/// An installation with one user, over a store in memory, whose time moves when it is told to.
pub(crate) struct Installation {
    pub(crate) auth: Arc<Auth>,
    travel: Arc<dyn TimeTravel>,
    user: User,
    folder: tempfile::TempDir,
}

impl Installation {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&folder, &[]);
        let opened = start::Installation::open(&settings, settings.http.listen)
            .await
            .unwrap();
        let travel = opened.time_travel(&settings, Vec::new()).unwrap();
        let create = CreateUser {
            actor: Actor::Operator,
            raw: RawRegistration {
                email: "ada@example.com".to_owned(),
                password: Some(password(0)),
                ..RawRegistration::default()
            },
            role: Role::User,
            client: Client::default(),
        };
        let user = create.run(&opened.auth).await.unwrap();
        // An address that nobody has shown to be theirs is spared most notices.
        let verify = ManageUser {
            actor: Actor::Operator,
            user: user.id,
            measure: Measure::VerifyEmail,
            client: Client::default(),
        };
        verify.run(&opened.auth).await.unwrap();
        Self {
            user,
            auth: opened.auth,
            travel,
            folder,
        }
    }

    /// What sends its mail, with these settings of `mail.` beside the usual ones.
    pub(crate) fn mail(&self, mail: &[(&str, &str)]) -> MailRoom {
        MailRoom::open(&settings(&self.folder, mail), &self.auth).unwrap()
    }

    /// Lets time pass.
    pub(crate) async fn wait(&self, time: Duration) {
        self.travel.advance(time, time).await.unwrap();
    }

    /// Changes the password so many times: each change is told by mail.
    pub(crate) async fn owe_mail(&self, times: usize) {
        for number in 0..times {
            let change = ChangePassword {
                caller: Caller {
                    user_id: self.user.id,
                    session_id: SessionId::new(self.auth.now(), self.auth.entropy()),
                    role: Role::User,
                },
                current: Plain::parse(&password(number)).unwrap(),
                new: password(number + 1),
                client: Client::default(),
            };
            change.run(&self.auth).await.unwrap();
        }
    }
}

fn password(number: usize) -> String {
    format!("Difference-Engine-{}", 1822 + number)
}

fn settings(folder: &tempfile::TempDir, mail: &[(&str, &str)]) -> Settings {
    let folder = folder.path().to_str().unwrap();
    let given = [
        ("profile", "test"),
        ("data_dir", folder),
        ("database.url", "sqlite::memory:"),
        ("password.bcrypt_cost", "4"),
        ("public_url", "https://auth.example.com"),
        ("mail.from", "no-reply@example.com"),
    ];
    let flags = given
        .iter()
        .chain(mail)
        .map(|(key, value)| ("--set".to_owned(), (*key).to_owned(), (*value).to_owned()));
    load(&Inputs {
        flags: flags.collect(),
        ..Inputs::default()
    })
    .unwrap()
}
