//! `copying`: one row while a copy into this database is not complete.

use ntt_auth_core::store::StoreError;
use ntt_auth_core::store::portable::{Copying, Field, Progress};

use crate::engine::{Row, Statement, Value};
use crate::view::View;

static GET: Statement = Statement::new(
    "copying.get",
    "SELECT source, pulse, run, begun_at, place, last_key, row_count FROM copying WHERE id = 1",
);

static BEGIN: Statement = Statement::new(
    "copying.begin",
    "INSERT INTO copying (id, source, pulse, run, begun_at, place, last_key, row_count) VALUES (1, ?, ?, ?, ?, ?, ?, ?)",
)
.may_collide();

static TAKE_OVER: Statement = Statement::new(
    "copying.take_over",
    "UPDATE copying SET run = ? WHERE id = 1",
);

static ADVANCE: Statement = Statement::new(
    "copying.advance",
    "UPDATE copying SET place = ?, last_key = ?, row_count = ? WHERE id = 1 AND run = ?",
);

static FINISH: Statement = Statement::new(
    "copying.finish",
    "DELETE FROM copying WHERE id = 1 AND run = ?",
);

#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[&GET, &BEGIN, &TAKE_OVER, &ADVANCE, &FINISH];

pub(crate) async fn get(view: &mut View<'_>) -> Result<Option<Copying>, StoreError> {
    view.first(&GET, &[], |mut row| {
        Ok(Copying {
            source: row.array()?,
            pulse: row.array()?,
            run: row.array()?,
            begun_at: row.time()?,
            progress: Progress {
                table: row.text()?,
                last: last(&mut row)?,
                rows: row.int()?.unsigned_abs(),
            },
        })
    })
    .await
}

fn last(row: &mut Row) -> Result<Option<Field>, crate::engine::Error> {
    row.opt_bytes()?
        .map(|octets| Field::decode(&octets).ok_or_else(|| row.corrupt()))
        .transpose()
}

/// `false` if there is one already.
pub(crate) async fn begin(view: &mut View<'_>, copying: &Copying) -> Result<bool, StoreError> {
    let [place, last, rows] = values(&copying.progress);
    let values = [
        copying.source.as_slice().into(),
        copying.pulse.as_slice().into(),
        copying.run.as_slice().into(),
        copying.begun_at.into(),
        place,
        last,
        rows,
    ];
    match view.count(&BEGIN, &values).await {
        Err(StoreError::Taken(_)) => Ok(false),
        begun => begun.map(|_| true),
    }
}

pub(crate) async fn take_over(view: &mut View<'_>, run: [u8; 16]) -> Result<bool, StoreError> {
    view.took(&TAKE_OVER, &[run.as_slice().into()]).await
}

/// `false` if another run has taken over.
pub(crate) async fn advance(
    view: &mut View<'_>,
    run: [u8; 16],
    progress: &Progress,
) -> Result<bool, StoreError> {
    let [place, last, rows] = values(progress);
    view.took(&ADVANCE, &[place, last, rows, run.as_slice().into()])
        .await
}

pub(crate) async fn finish(view: &mut View<'_>, run: [u8; 16]) -> Result<bool, StoreError> {
    view.took(&FINISH, &[run.as_slice().into()]).await
}

fn values(progress: &Progress) -> [Value; 3] {
    let last = progress.last.as_ref().map(Field::encode);
    let rows = i64::try_from(progress.rows).unwrap_or(i64::MAX);
    [
        progress.table.as_str().into(),
        last.as_deref().into(),
        rows.into(),
    ]
}
