//! What holds on every engine.

use super::*;

#[tokio::test]
async fn values_come_back_as_they_went_in() {
    static TABLE: Statement = Statement::new("v.table", "CREATE TABLE v (i BIGINT, t TEXT, b ");
    static INSERT: Statement =
        Statement::new("v.insert", "INSERT INTO v (i, t, b) VALUES (?, ?, ?)");
    static READ: Statement = Statement::new("v.read", "SELECT i, t, b FROM v");
    let rows: [[Value; 3]; 3] = [
        [Value::Null, Value::Null, Value::Null],
        [Value::Int(i64::MIN), Value::from(""), Value::Bytes(vec![])],
        [
            Value::Int(i64::MAX),
            Value::from("a'b\"c? 山田 😀 \\ %"),
            Value::Bytes(vec![0, 255, 39, 92]),
        ],
    ];
    for engine in engines().await {
        let bytes = match engine.dialect() {
            #[cfg(feature = "postgres")]
            Dialect::Postgres => "BYTEA)",
            _ => "BLOB)",
        };
        // Both orders, because a driver may learn a placeholder's type from its first value.
        for reversed in [false, true] {
            let mut expected = rows.clone();
            if reversed {
                expected.reverse();
            }
            let (table, written) = (format!("{}{bytes}", TABLE.text()), expected.clone());
            let unit = doing(move |conn| {
                let (table, written) = (table.clone(), written.clone());
                Box::pin(async move {
                    conn.execute(&Statement::new("v.drop", "DROP TABLE IF EXISTS v"), &[])
                        .await?;
                    conn.execute(&Statement::built("v.table", table), &[])
                        .await?;
                    for row in &written {
                        assert_eq!(conn.execute(&INSERT, row).await?, 1);
                    }
                    Ok(())
                })
            });
            run(&**engine, unit).await.unwrap();
            let mut found = Vec::new();
            for mut row in engine.query(&READ, &[]).await.unwrap() {
                found.push([
                    row.value().unwrap(),
                    row.value().unwrap(),
                    row.value().unwrap(),
                ]);
            }
            for row in &expected {
                assert!(found.contains(row), "{:?}: {found:?}", engine.dialect());
            }
        }
    }
}

#[tokio::test]
async fn a_conditional_write_counts_what_it_matched() {
    for engine in engines().await {
        write(&**engine, [(&TABLE, &[])]).await.unwrap();
        write(&**engine, [(&INSERT, &[1, 5])]).await.unwrap();
        let unit = doing(|conn| {
            Box::pin(async move {
                assert_eq!(conn.execute(&TAKE, &ints([1, 4])).await?, 0);
                // Matched, though nothing changes.
                assert_eq!(conn.execute(&ADD, &ints([0, 1])).await?, 1);
                assert_eq!(conn.execute(&TAKE, &ints([1, 5])).await?, 1);
                // A transaction sees what it wrote.
                assert_eq!(
                    conn.query(&READ, &ints([1])).await?.pop().unwrap().int()?,
                    6
                );
                Ok(())
            })
        });
        run(&**engine, unit).await.unwrap();
        assert_eq!(int(&**engine, &READ, &ints([1])).await, 6);
    }
}

#[tokio::test]
async fn an_error_undoes_everything() {
    for engine in engines().await {
        write(&**engine, [(&TABLE, &[]), (&INSERT, &[1, 1])])
            .await
            .unwrap();
        let refused = write(&**engine, [(&INSERT, &[2, 2]), (&INSERT, &[1, 1])]).await;
        assert!(matches!(refused, Err(StoreError::Taken(_))), "{refused:?}");
        assert_eq!(int(&**engine, &COUNT, &[]).await, 1);
    }
}

#[tokio::test]
async fn a_collision_that_was_foreseen_is_survived() {
    for engine in engines().await {
        write(&**engine, [(&TABLE, &[]), (&INSERT, &[1, 1])])
            .await
            .unwrap();
        let unit = doing(|conn| {
            Box::pin(async move {
                conn.execute(&INSERT, &ints([2, 2])).await?;
                let refused = conn.execute(&INSERT_SURVIVABLY, &ints([1, 9])).await;
                assert!(matches!(refused, Err(Error::Duplicate(_))), "{refused:?}");
                conn.execute(&INSERT_SURVIVABLY, &ints([3, 3])).await?;
                Ok(())
            })
        });
        run(&**engine, unit).await.unwrap();
        assert_eq!(int(&**engine, &COUNT, &[]).await, 3);
        assert_eq!(int(&**engine, &READ, &ints([1])).await, 1);
    }
}

#[tokio::test]
async fn a_swallowed_error_cannot_be_committed() {
    for engine in engines().await {
        write(&**engine, [(&TABLE, &[]), (&INSERT, &[1, 1])])
            .await
            .unwrap();
        let unit = doing(|conn| {
            Box::pin(async move {
                conn.execute(&INSERT, &ints([2, 2])).await?;
                assert!(conn.execute(&INSERT, &ints([1, 9])).await.is_err());
                assert!(
                    conn.execute(&INSERT, &ints([3, 3])).await.is_err(),
                    "it goes on after an error"
                );
                Ok(())
            })
        });
        assert!(run(&**engine, unit).await.is_err());
        assert_eq!(int(&**engine, &COUNT, &[]).await, 1);
    }
}

#[tokio::test]
async fn a_panic_undoes_its_own_work_only() {
    for engine in engines().await {
        write(&**engine, [(&TABLE, &[])]).await.unwrap();
        let panics = doing(|conn| {
            Box::pin(async move {
                conn.execute(&INSERT, &ints([1, 1])).await?;
                panic!("on purpose");
            })
        });
        let (panicked, written) = futures::join!(
            run(&**engine, panics),
            write(&**engine, [(&INSERT, &[2, 2])])
        );
        assert!(
            matches!(panicked, Err(StoreError::Driver(_))),
            "{panicked:?}"
        );
        written.unwrap();
        assert_eq!(int(&**engine, &COUNT, &[]).await, 1);
        // The engine goes on.
        write(&**engine, [(&INSERT, &[3, 3])]).await.unwrap();
    }
}

#[tokio::test]
async fn contention_is_tried_again_until_it_ends() {
    for engine in engines().await {
        write(&**engine, [(&TABLE, &[])]).await.unwrap();
        let tries = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&tries);
        let unit = doing(move |conn| {
            let seen = Arc::clone(&seen);
            Box::pin(async move {
                conn.execute(&INSERT, &ints([1, 1])).await?;
                if seen.fetch_add(1, Ordering::SeqCst) < 2 {
                    Err(StoreError::Contention)
                } else {
                    Ok(())
                }
            })
        });
        run(&**engine, unit).await.unwrap();
        assert_eq!(counted(&tries), 3);
        assert_eq!(int(&**engine, &COUNT, &[]).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixteen_that_race_for_a_conditional_write_one_wins() {
    for engine in engines().await {
        write(&**engine, [(&TABLE, &[]), (&INSERT, &[1, 0])])
            .await
            .unwrap();
        let engine = Arc::new(engine);
        let won = Arc::new(AtomicU32::new(0));
        let racers = (0..16).map(|_| {
            let (engine, won) = (Arc::clone(&engine), Arc::clone(&won));
            tokio::spawn(async move {
                let unit = doing(move |conn| {
                    let won = Arc::clone(&won);
                    Box::pin(async move {
                        if conn.execute(&TAKE, &ints([1, 0])).await? == 1 {
                            won.fetch_add(1, Ordering::SeqCst);
                        }
                        Ok(())
                    })
                });
                run(&***engine, unit).await.unwrap();
            })
        });
        futures::future::try_join_all(racers).await.unwrap();
        assert_eq!(counted(&won), 1, "{:?}", engine.dialect());
        assert_eq!(int(&***engine, &READ, &ints([1])).await, 1);
    }
}

/// Two transactions each lock a row and then want the other's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_resolved() {
    for engine in engines().await {
        write(
            &**engine,
            [(&TABLE, &[]), (&INSERT, &[1, 0]), (&INSERT, &[2, 0])],
        )
        .await
        .unwrap();
        let tries = Arc::new(AtomicU32::new(0));
        let locked = Arc::new(tokio::sync::Barrier::new(2));
        let locks_rows = engine.dialect() != Dialect::Sqlite;
        let crossing = |first: i64, second: i64| {
            let (tries, locked) = (Arc::clone(&tries), Arc::clone(&locked));
            doing(move |conn| {
                let (tries, locked) = (Arc::clone(&tries), Arc::clone(&locked));
                Box::pin(async move {
                    conn.execute(&ADD, &ints([1, first])).await?;
                    if tries.fetch_add(1, Ordering::SeqCst) < 2 && locks_rows {
                        locked.wait().await;
                    }
                    conn.execute(&ADD, &ints([1, second])).await?;
                    Ok(())
                })
            })
        };
        let (a, b) = futures::join!(
            run(&**engine, crossing(1, 2)),
            run(&**engine, crossing(2, 1))
        );
        a.and(b).unwrap();
        assert_eq!(
            counted(&tries),
            if locks_rows { 3 } else { 2 },
            "{:?}",
            engine.dialect()
        );
        assert_eq!(int(&**engine, &READ, &ints([1])).await, 2);
        assert_eq!(int(&**engine, &READ, &ints([2])).await, 2);
    }
}
