//! What the traits of the rules are implemented for: the store as seen from outside or from inside a transaction.

use futures::TryStreamExt as _;
use mongodb::bson::{Document, doc};
use mongodb::options::{FindOptions, Hint, UpdateModifications};
use ntt_auth_core::store::{Notes, StoreError};

use crate::error::Error;
use crate::server::Server;
use crate::transaction::Transaction;
use crate::value::Doc;

/// The nouns of `repo/` over one way to reach documents.
pub(crate) struct View<'c> {
    way: Way<'c>,
    notes: Notes,
}

enum Way<'c> {
    Reading(&'c Server),
    Writing(&'c mut Transaction),
}

/// Which documents of a collection, in which order, and how many at most.
#[derive(Debug, Clone)]
pub(crate) struct Find {
    collection: &'static str,
    filter: Document,
    options: FindOptions,
}

impl Find {
    pub(crate) fn new(collection: &'static str, filter: Document) -> Self {
        Self {
            collection,
            filter,
            options: FindOptions::default(),
        }
    }

    pub(crate) fn sorted(mut self, by: Document) -> Self {
        self.options.sort = Some(by);
        self
    }

    pub(crate) fn limit(mut self, most: u32) -> Self {
        self.options.limit = Some(most.into());
        // One more, or the server keeps its cursor open although nothing follows. The driver takes no more than an `i32`.
        self.options.batch_size = Some(most.saturating_add(1).min(i32::MAX.unsigned_abs()));
        self
    }

    /// Only these fields.
    pub(crate) fn only(mut self, fields: Document) -> Self {
        self.options.projection = Some(fields);
        self
    }

    /// Along the index of this name.
    pub(crate) fn along(mut self, index: &'static str) -> Self {
        self.options.hint = Some(Hint::Name(index.to_owned()));
        self
    }
}

/// One write in the transaction of a view, timed by its collection; its error is the transaction's.
macro_rules! write {
    ($view:expr, $collection:expr, |$documents:ident| $action:expr) => {{
        let transaction = $view.transaction()?;
        let $documents = transaction.server.collection($collection);
        let action = $action.session(&mut transaction.session);
        let outcome = transaction.server.timed($collection, action).await;
        transaction.note(outcome)?
    }};
}

impl<'c> View<'c> {
    /// Outside any transaction.
    pub(crate) fn reading(server: &'c Server) -> Self {
        Self {
            way: Way::Reading(server),
            notes: Notes::default(),
        }
    }

    /// Inside one.
    pub(crate) fn writing(transaction: &'c mut Transaction) -> Self {
        Self {
            way: Way::Writing(transaction),
            notes: Notes::default(),
        }
    }

    /// What was noted and not taken.
    pub(crate) fn notes(&self) -> &Notes {
        &self.notes
    }

    /// All documents, each made into what it stands for.
    pub(crate) async fn all<T>(
        &mut self,
        find: Find,
        read: impl Fn(Doc) -> Result<T, Error>,
    ) -> Result<Vec<T>, StoreError> {
        if find.options.limit == Some(0) {
            // Which to the server is no limit at all.
            return Ok(Vec::new());
        }
        let collection = find.collection;
        let found: Vec<Document> = match &mut self.way {
            Way::Reading(server) => {
                let documents = server.collection(collection);
                let action = documents.find(find.filter).with_options(find.options);
                server
                    .ask(collection, async { action.await?.try_collect().await })
                    .await?
            }
            Way::Writing(transaction) => {
                transaction.usable()?;
                let documents = transaction.server.collection(collection);
                let session = &mut transaction.session;
                let found = transaction
                    .server
                    .timed(collection, async {
                        let action = documents.find(find.filter).with_options(find.options);
                        let mut cursor = action.session(&mut *session).await?;
                        cursor.stream(session).try_collect().await
                    })
                    .await;
                transaction.note(found)?
            }
        };
        found
            .into_iter()
            .map(|document| read(Doc::new(collection, document)).map_err(StoreError::from))
            .collect()
    }

    /// The one document there is at most.
    pub(crate) async fn first<T>(
        &mut self,
        find: Find,
        read: impl Fn(Doc) -> Result<T, Error>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.all(find.limit(1), read).await?.into_iter().next())
    }

    /// The one document there must be.
    pub(crate) async fn one<T>(
        &mut self,
        find: Find,
        read: impl Fn(Doc) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        let collection = find.collection;
        self.first(find, read).await?.ok_or_else(|| {
            StoreError::corrupt(format_args!("{collection}, whose only document is missing"))
        })
    }

    /// How many documents there are, up to `most`, counted along an index.
    pub(crate) async fn counted(
        &mut self,
        collection: &'static str,
        filter: Document,
        most: Option<u32>,
        index: &'static str,
    ) -> Result<u64, StoreError> {
        let limit = most.map(|most| doc! { "$limit": i64::from(most) });
        let stages = [doc! { "$match": filter }]
            .into_iter()
            .chain(limit)
            .chain([doc! { "$count": "count" }]);
        let hint = Hint::Name(index.to_owned());
        let found: Vec<Document> = match &mut self.way {
            Way::Reading(server) => {
                let documents = server.collection(collection);
                let action = documents.aggregate(stages).hint(hint);
                server
                    .ask(collection, async { action.await?.try_collect().await })
                    .await?
            }
            Way::Writing(transaction) => {
                transaction.usable()?;
                let documents = transaction.server.collection(collection);
                let session = &mut transaction.session;
                let found = transaction
                    .server
                    .timed(collection, async {
                        let action = documents.aggregate(stages).hint(hint);
                        let mut cursor = action.session(&mut *session).await?;
                        cursor.stream(session).try_collect().await
                    })
                    .await;
                transaction.note(found)?
            }
        };
        // Of nothing, nothing is counted.
        let Some(found) = found.into_iter().next() else {
            return Ok(0);
        };
        Ok(Doc::new(collection, found).count("count")?)
    }

    /// Adds a document.
    pub(crate) async fn insert(
        &mut self,
        collection: &'static str,
        document: Document,
    ) -> Result<(), StoreError> {
        write!(self, collection, |documents| documents.insert_one(document));
        Ok(())
    }

    /// Adds documents.
    pub(crate) async fn insert_all(
        &mut self,
        collection: &'static str,
        documents: Vec<Document>,
    ) -> Result<(), StoreError> {
        if documents.is_empty() {
            return Ok(());
        }
        write!(self, collection, |all| all.insert_many(documents));
        Ok(())
    }

    /// Changes every document that fits, and says how many did.
    pub(crate) async fn update(
        &mut self,
        collection: &'static str,
        filter: Document,
        change: impl Into<UpdateModifications>,
    ) -> Result<u64, StoreError> {
        let written = write!(self, collection, |documents| documents
            .update_many(filter, change));
        Ok(written.matched_count)
    }

    /// Changes the one document that fits: whether it took.
    pub(crate) async fn took(
        &mut self,
        collection: &'static str,
        filter: Document,
        change: impl Into<UpdateModifications>,
    ) -> Result<bool, StoreError> {
        let written = write!(self, collection, |documents| documents
            .update_one(filter, change));
        Ok(written.matched_count > 0)
    }

    /// Changes the one document that fits, and gives it as it is then.
    pub(crate) async fn changed<T>(
        &mut self,
        collection: &'static str,
        filter: Document,
        change: impl Into<UpdateModifications>,
        read: impl Fn(Doc) -> Result<T, Error>,
    ) -> Result<Option<T>, StoreError> {
        let written = write!(self, collection, |documents| documents
            .find_one_and_update(filter, change)
            .return_document(mongodb::options::ReturnDocument::After));
        Ok(written
            .map(|document| read(Doc::new(collection, document)))
            .transpose()?)
    }

    /// Forgets every document that fits, and says how many did.
    pub(crate) async fn remove(
        &mut self,
        collection: &'static str,
        filter: Document,
    ) -> Result<u64, StoreError> {
        let written = write!(self, collection, |documents| documents.delete_many(filter));
        Ok(written.deleted_count)
    }

    /// Forgets the first documents that fit, at most `limit`, and says how many.
    pub(crate) async fn purge(
        &mut self,
        collection: &'static str,
        filter: Document,
        order: &'static str,
        limit: u32,
    ) -> Result<u64, StoreError> {
        self.transaction()?;
        let find = Find::new(collection, filter)
            .sorted(doc! { order: 1 })
            .limit(limit)
            .only(doc! { "_id": 1 });
        let ids = self.all(find, Doc::key).await?;
        if ids.is_empty() {
            return Ok(0);
        }
        self.remove(collection, doc! { "_id": { "$in": ids } })
            .await
    }

    /// The head of the audit trail, if the transaction began with it and nobody has asked for it or written it since.
    pub(crate) fn taken_head(&mut self) -> Option<Document> {
        match &mut self.way {
            Way::Reading(_) => None,
            Way::Writing(transaction) => transaction.taken_head(),
        }
    }

    /// The transaction that is written in.
    fn transaction(&mut self) -> Result<&mut Transaction, Error> {
        match &mut self.way {
            Way::Reading(_) => Err(Error::defect("a write outside any transaction")),
            Way::Writing(transaction) => {
                transaction.usable()?;
                Ok(transaction)
            }
        }
    }
}

ntt_auth_core::read_as_itself!(View<'_>);
ntt_auth_core::write_as_itself!(View<'_>, notes);
