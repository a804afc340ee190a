//! Copying everything from one store to another, of whichever engines they are.
//!
//! Rows go over in pages, each in one transaction with the note how far the copy has come, so that an interrupted copy goes on
//! where it stopped. At the end both stores are read through, and have to have the same digests. Until then the target is
//! marked, and no server starts on it.

use std::fmt;

use futures::future::try_join;

use crate::model::Timestamp;
use crate::store::StoreError;
use crate::store::portable::{
    Copying, Digester, Field, Portable, Progress, Row, TABLES, Table, TableDigest, digest_of,
};

/// Rows that are read at one time.
const PAGE: u32 = 500;
/// Octets that are written in one transaction, about; engines bound what one statement may hold.
const PIECE: usize = 1 << 20;
/// The table by whose row an installation is known.
const IDENTITY: &str = "root_secret";

/// A copy from one store to another.
pub struct CopyStore<'s> {
    /// What is copied. Nobody may write it meanwhile.
    pub source: &'s dyn Portable,
    /// Where to: a new store, or one into which this copy was begun.
    pub target: &'s dyn Portable,
    /// Names this run among others that go on with the same copy.
    pub run: [u8; 16],
    /// When it is.
    pub now: Timestamp,
}

/// How far it is, for whoever looks on.
#[derive(Debug, Clone, Copy)]
pub struct CopyStep {
    /// Which table.
    pub table: &'static str,
    /// Whether rows are written already, and read for the digests.
    pub verifying: bool,
    /// Rows that are done.
    pub rows: u64,
    /// Of how many.
    pub of: u64,
}

/// That a table is the same on both sides.
#[derive(Debug, Clone, Copy)]
pub struct Proof {
    /// Which table.
    pub table: &'static str,
    /// What the source has.
    pub source: TableDigest,
    /// What the target has.
    pub target: TableDigest,
}

impl Proof {
    /// One digest over all tables of the source, and one over those of the target.
    pub fn digests(proofs: &[Self]) -> ([u8; 32], [u8; 32]) {
        let source = digest_of(proofs.iter().map(|proof| &proof.source));
        let target = digest_of(proofs.iter().map(|proof| &proof.target));
        (source, target)
    }
}

/// Why a copy is not made, or not complete.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Nothing was ever kept there.
    #[error("the source is empty: no server has ever started on it")]
    SourceIsNew,
    /// Another copy was begun into the source.
    #[error("the source is itself a copy that is not complete")]
    SourceIsUnfinished,
    /// Something is there.
    #[error("the target is not empty: its table {0} holds something")]
    TargetIsNotEmpty(&'static str),
    /// A copy of something else was begun.
    #[error("a copy of another database was begun into the target")]
    OtherSource,
    /// The source was written since the copy was begun.
    #[error("the source was written since the copy was begun")]
    SourceMoved,
    /// Another process goes on with the copy.
    #[error("another process has taken over this copy")]
    TakenOver,
    /// Source and target differ.
    #[error("source and target differ in {}", Names(.0))]
    Differs(Vec<Proof>),
    /// A table cannot be read or written.
    #[error("the table {table} cannot be copied")]
    Table {
        /// Which.
        table: &'static str,
        /// Why.
        #[source]
        cause: StoreError,
    },
    /// A store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The names of the tables that differ.
struct Names<'p>(&'p [Proof]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for proof in self.0.iter().filter(|proof| proof.source != proof.target) {
            write!(
                f,
                "{separator}{} ({} rows and {})",
                proof.table, proof.source.rows, proof.target.rows
            )?;
            separator = ", ";
        }
        Ok(())
    }
}

/// Who wants to know how far it is.
type Told<'t> = &'t mut (dyn FnMut(CopyStep) + Send);

impl CopyStore<'_> {
    /// Whether the copy may be made, and how far it has come if it was begun. Nothing is written.
    ///
    /// # Errors
    /// [`CopyError`] says what is in the way.
    pub async fn begun(&self) -> Result<Option<Copying>, CopyError> {
        if self.source.copying().await?.is_some() {
            return Err(CopyError::SourceIsUnfinished);
        }
        let (source, pulse) = self.identity().await?;
        let Some(begun) = self.target.copying().await? else {
            for table in TABLES {
                let fresh: Vec<Row> = table.fresh().into_iter().collect();
                if of(table, self.target.page(table, None, 2).await)? != fresh {
                    return Err(CopyError::TargetIsNotEmpty(table.name));
                }
            }
            return Ok(None);
        };
        if begun.source != source {
            return Err(CopyError::OtherSource);
        }
        if begun.pulse != pulse {
            return Err(CopyError::SourceMoved);
        }
        Ok(Some(begun))
    }

    /// Copies what is not copied yet, and proves that both sides are equal.
    ///
    /// # Errors
    /// [`CopyError`]; but for what [`CopyStore::begun`] finds, the target is left marked as not complete.
    pub async fn run(&self, told: Told<'_>) -> Result<Vec<Proof>, CopyError> {
        let progress = self.take().await?;
        let done = TABLES
            .iter()
            .position(|table| table.name == progress.table)
            .ok_or(CopyError::OtherSource)?;
        for (at, table) in TABLES.iter().enumerate().skip(done) {
            let begun = (at == done).then_some(&progress);
            self.copy(table, begun, told).await?;
        }
        let mut proofs = Vec::with_capacity(TABLES.len());
        for table in TABLES {
            proofs.push(self.prove(table, told).await?);
        }
        // Its events are counted there: whatever was written is after the last look at its table, or differs in it.
        let begun = self.target.copying().await?.ok_or(CopyError::TakenOver)?;
        if self.identity().await? != (begun.source, begun.pulse) {
            return Err(CopyError::SourceMoved);
        }
        if proofs.iter().any(|proof| proof.source != proof.target) {
            return Err(CopyError::Differs(proofs));
        }
        if self.target.finish_copy(self.run).await? {
            Ok(proofs)
        } else {
            Err(CopyError::TakenOver)
        }
    }

    /// Takes the copy up, from its beginning or from where it was left.
    async fn take(&self) -> Result<Progress, CopyError> {
        if self.begun().await?.is_none() {
            let (source, pulse) = self.identity().await?;
            let copying = Copying {
                source,
                pulse,
                run: self.run,
                begun_at: self.now,
                progress: Progress {
                    table: TABLES.first().map_or("", |table| table.name).to_owned(),
                    last: None,
                    rows: 0,
                },
            };
            if self.target.begin_copy(&copying).await? {
                return Ok(copying.progress);
            }
        }
        // What was written until now counts, and nothing that an earlier run might still write.
        if !self.target.take_over_copy(self.run).await? {
            return Err(CopyError::TakenOver);
        }
        let copying = self.target.copying().await?.ok_or(CopyError::TakenOver)?;
        Ok(copying.progress)
    }

    /// What the source is known by, and what moves in it with every event.
    async fn identity(&self) -> Result<([u8; 32], [u8; 32]), CopyError> {
        let mut identity = None;
        let mut pulse = Vec::new();
        for table in TABLES {
            let Some(fresh) = table.fresh() else { continue };
            let rows = of(table, self.source.page(table, None, 2).await)?;
            let mut digester = Digester::new(table);
            for row in &rows {
                digester.add(row);
            }
            if table.name == IDENTITY {
                if rows == [fresh] {
                    return Err(CopyError::SourceIsNew);
                }
                identity = Some(digester.finish().digest);
            } else {
                pulse.push(digester.finish());
            }
        }
        let identity = identity.ok_or(CopyError::SourceIsNew)?;
        Ok((identity, digest_of(&pulse)))
    }

    async fn copy(
        &self,
        table: &'static Table,
        begun: Option<&Progress>,
        told: Told<'_>,
    ) -> Result<(), CopyError> {
        let total = of(table, self.source.count(table).await)?;
        let mut progress = Progress {
            table: table.name.to_owned(),
            last: begun.and_then(|begun| begun.last.clone()),
            rows: begun.map_or(0, |begun| begun.rows),
        };
        let mut step = CopyStep {
            table: table.name,
            verifying: false,
            rows: progress.rows,
            of: total,
        };
        told(step);
        loop {
            let page = self.source.page(table, progress.last.as_ref(), PAGE);
            let rows = of(table, page.await)?;
            let is_last = rows.len() < PAGE as usize;
            for piece in pieces(rows) {
                for row in &piece {
                    of(table, check(table, row))?;
                }
                progress.rows += count(&piece);
                progress.last = piece.last().and_then(|row| table.key_of(row)).cloned();
                let written = self.target.write(table, piece, self.run, &progress).await;
                if !of(table, written)? {
                    return Err(CopyError::TakenOver);
                }
                step.rows = progress.rows;
                told(step);
            }
            if is_last {
                return Ok(());
            }
        }
    }

    async fn prove(&self, table: &'static Table, told: Told<'_>) -> Result<Proof, CopyError> {
        let mut step = CopyStep {
            table: table.name,
            verifying: true,
            rows: 0,
            of: of(table, self.source.count(table).await)?,
        };
        let mut silence = |_: u64| {};
        let mut tell = |rows| {
            step.rows = rows;
            told(step);
        };
        let source = digest(self.source, table, &mut tell);
        let target = digest(self.target, table, &mut silence);
        let (source, target) = of(table, try_join(source, target).await)?;
        Ok(Proof {
            table: table.name,
            source,
            target,
        })
    }
}

/// Reads a table through.
async fn digest(
    store: &dyn Portable,
    table: &'static Table,
    told: &mut (dyn FnMut(u64) + Send),
) -> Result<TableDigest, StoreError> {
    let mut digester = Digester::new(table);
    let mut last = None;
    let mut rows = 0;
    loop {
        let page = store.page(table, last.as_ref(), PAGE).await?;
        rows += count(&page);
        told(rows);
        for row in &page {
            digester.add(row);
        }
        match page.last() {
            Some(row) if page.len() == PAGE as usize => last = table.key_of(row).cloned(),
            _ => return Ok(digester.finish()),
        }
    }
}

/// Rows that are written together.
fn pieces(rows: Vec<Row>) -> Vec<Vec<Row>> {
    let mut pieces: Vec<Vec<Row>> = Vec::new();
    let mut room = 0;
    for row in rows {
        let size = row.iter().map(Field::size).sum();
        match pieces.last_mut() {
            Some(piece) if size <= room => piece.push(row),
            _ => {
                pieces.push(vec![row]);
                room = PIECE;
            }
        }
        room = room.saturating_sub(size);
    }
    pieces
}

/// An engine that does not mind holds what no other would take.
fn check(table: &Table, row: &Row) -> Result<(), StoreError> {
    let place = |column| StoreError::corrupt(format_args!("{}.{column}", table.name));
    if row.len() != table.columns.len() {
        return Err(place("*"));
    }
    let wrong = table
        .columns
        .iter()
        .zip(row)
        .find(|(column, field)| !column.kind.holds(field));
    wrong.map_or(Ok(()), |(column, _)| Err(place(column.name)))
}

fn count(rows: &[Row]) -> u64 {
    u64::try_from(rows.len()).unwrap_or(u64::MAX)
}

/// Says of which table it is.
fn of<T>(table: &Table, outcome: Result<T, StoreError>) -> Result<T, CopyError> {
    outcome.map_err(|cause| CopyError::Table {
        table: table.name,
        cause,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_bounded_and_hold_everything_in_order() {
        let row = |size: usize| vec![Field::Bytes(vec![0; size])];
        let sizes = [10, PIECE - 10, 1, PIECE * 3, 5, 5];
        let pieces = pieces(sizes.map(row).into());
        let found: Vec<Vec<usize>> = pieces
            .iter()
            .map(|piece| piece.iter().map(|row| row[0].size()).collect())
            .collect();
        assert_eq!(
            found,
            [vec![10, PIECE - 10], vec![1], vec![PIECE * 3], vec![5, 5]]
        );
    }
}
