//! Documents as rows, for copies to and from other engines.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, Document, doc};
use ntt_auth_core::model::SearchWords;
use ntt_auth_core::store::StoreError;
use ntt_auth_core::store::portable::{
    Column, Copying, Field, Kind, Portable, Progress, Row, Table,
};

use crate::MongoStore;
use crate::repo::user_search;
use crate::transaction::Transaction;
use crate::value::{Doc, bytes, time};
use crate::view::{Find, View};

const COPYING: &str = "copying";
/// A copy has its collections to itself, so that what is in its way is soon gone.
const ATTEMPTS: u32 = 10;
const REST: Duration = Duration::from_millis(100);

#[async_trait]
impl Portable for MongoStore {
    async fn page(
        &self,
        table: &'static Table,
        after: Option<&Field>,
        limit: u32,
    ) -> Result<Vec<Row>, StoreError> {
        let filter = match (after, column(table, table.key)) {
            (Some(after), Some(key)) => doc! { "_id": { "$gt": bson(key.kind, after) } },
            _ => Document::new(),
        };
        let find = Find::new(table.name, filter).sorted(doc! { "_id": 1 });
        View::reading(self.server())
            .all(find.limit(limit), |mut document| {
                let fields = table.columns.iter();
                fields
                    .map(|column| document.portable(name(table, column)))
                    .collect()
            })
            .await
    }

    async fn count(&self, table: &'static Table) -> Result<u64, StoreError> {
        let documents = self.server().collection(table.name);
        let count = documents.estimated_document_count();
        Ok(self.server().ask(table.name, count).await?)
    }

    async fn copying(&self) -> Result<Option<Copying>, StoreError> {
        let find = Find::new(COPYING, doc! { "_id": 1_i64 });
        View::reading(self.server()).first(find, copying).await
    }

    async fn begin_copy(&self, copying: &Copying) -> Result<bool, StoreError> {
        let mut document = doc! {
            "_id": 1_i64,
            "source": bytes(&copying.source),
            "pulse": bytes(&copying.pulse),
            "run": bytes(&copying.run),
            "begun_at": time(copying.begun_at),
        };
        document.extend(place(&copying.progress));
        let begun = self
            .in_transaction(|view| {
                let document = document.clone();
                Box::pin(async move { view.insert(COPYING, document).await.map(|()| true) })
            })
            .await;
        match begun {
            Err(StoreError::Taken(_)) => Ok(false),
            other => other,
        }
    }

    async fn take_over_copy(&self, run: [u8; 16]) -> Result<bool, StoreError> {
        self.in_transaction(|view| {
            let change = doc! { "$set": { "run": bytes(&run) } };
            Box::pin(view.took(COPYING, doc! { "_id": 1_i64 }, change))
        })
        .await
    }

    async fn write(
        &self,
        table: &'static Table,
        rows: Vec<Row>,
        run: [u8; 16],
        progress: &Progress,
    ) -> Result<bool, StoreError> {
        let documents = rows
            .iter()
            .map(|row| document(table, row))
            .collect::<Result<Vec<_>, _>>()?;
        let held = doc! { "_id": 1_i64, "run": bytes(&run) };
        let advance = doc! { "$set": place(progress) };
        self.in_transaction(|view| {
            let (held, advance, documents) = (held.clone(), advance.clone(), documents.clone());
            Box::pin(async move {
                if !view.took(COPYING, held, advance).await? {
                    return Ok(false);
                }
                let keys: Vec<Bson> = documents
                    .iter()
                    .filter_map(|document| document.get("_id").cloned())
                    .collect();
                view.remove(table.name, doc! { "_id": { "$in": keys } })
                    .await?;
                view.insert_all(table.name, documents).await?;
                Ok(true)
            })
        })
        .await
    }

    async fn finish_copy(&self, run: [u8; 16]) -> Result<bool, StoreError> {
        self.in_transaction(|view| {
            let held = doc! { "_id": 1_i64, "run": bytes(&run) };
            Box::pin(async move { Ok(view.remove(COPYING, held).await? > 0) })
        })
        .await
    }
}

/// What is done in one transaction, and whether it took.
type Acting<'v> = Pin<Box<dyn Future<Output = Result<bool, StoreError>> + Send + 'v>>;

impl MongoStore {
    /// Does it in a transaction, again while something is in the way, and returns after the commit is durable.
    async fn in_transaction(
        &self,
        act: impl for<'v> Fn(&'v mut View<'_>) -> Acting<'v> + Send + Sync,
    ) -> Result<bool, StoreError> {
        let mut attempt = 1;
        loop {
            match self.attempt(&act).await {
                Err(StoreError::Contention) if attempt < ATTEMPTS => {
                    attempt += 1;
                    tokio::time::sleep(REST).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn attempt(
        &self,
        act: &(impl for<'v> Fn(&'v mut View<'_>) -> Acting<'v> + Send + Sync),
    ) -> Result<bool, StoreError> {
        let mut transaction = Transaction::begin(self.shared_server()).await?;
        let mut view = View::writing(&mut transaction);
        let acted = act(&mut view).await;
        drop(view);
        match acted {
            Ok(took) => {
                transaction.commit().await?.make_sure().await?;
                Ok(took)
            }
            Err(error) => {
                transaction.abort().await;
                Err(error)
            }
        }
    }
}

fn copying(mut doc: Doc) -> Result<Copying, crate::error::Error> {
    let last = doc
        .opt_bytes("last_key")?
        .map(|octets| Field::decode(&octets).ok_or_else(|| doc.corrupt("last_key")))
        .transpose()?;
    Ok(Copying {
        source: doc.array("source")?,
        pulse: doc.array("pulse")?,
        run: doc.array("run")?,
        begun_at: doc.time("begun_at")?,
        progress: Progress {
            table: doc.text("place")?,
            last,
            rows: doc.count("row_count")?,
        },
    })
}

fn place(progress: &Progress) -> Document {
    let rows = i64::try_from(progress.rows).unwrap_or(i64::MAX);
    let last = progress.last.as_ref();
    let last = last.map_or(Bson::Null, |last| bytes(&last.encode()));
    doc! { "place": progress.table.as_str(), "last_key": last, "row_count": rows }
}

fn column(table: &Table, name: &str) -> Option<&'static Column> {
    table.columns.iter().find(|column| column.name == name)
}

/// A document is known by the key of its row.
fn name(table: &Table, column: &Column) -> &'static str {
    if column.name == table.key {
        "_id"
    } else {
        column.name
    }
}

/// A row as the document that this program would have written.
fn document(table: &Table, row: &Row) -> Result<Document, StoreError> {
    let mut document = Document::new();
    for (column, field) in table.columns.iter().zip(row) {
        if *field != Field::Null {
            document.insert(name(table, column), bson(column.kind, field));
        }
    }
    match table.name {
        "users" => {
            let text = |name: &str| document.get_str(name).ok();
            let names = ["first_name", "last_name", "username"].map(text);
            let email =
                text("email_folded").ok_or_else(|| StoreError::corrupt("users.email_folded"))?;
            let words = user_search::words(&SearchWords::of_texts(email, names));
            let is_verified = document.contains_key("email_verified_at");
            document.insert("search_words", words);
            document.insert("email_verified", is_verified);
        }
        "audit_head" => {
            document.insert("locks", 0_i64);
        }
        _ => {}
    }
    Ok(document)
}

fn bson(kind: Kind, field: &Field) -> Bson {
    match field {
        Field::Null => Bson::Null,
        Field::Int(int) if kind == Kind::Flag => Bson::Boolean(*int != 0),
        Field::Int(int) => Bson::Int64(*int),
        Field::Text(text) => Bson::String(text.clone()),
        Field::Bytes(octets) if kind == Kind::Id => Bson::Binary(Binary {
            subtype: BinarySubtype::Uuid,
            bytes: octets.clone(),
        }),
        Field::Bytes(octets) => bytes(octets),
    }
}
