use super::*;

#[test]
fn the_steps_are_those_of_the_sql_engines() {
    let ours: Vec<_> = STEPS
        .iter()
        .map(|step| format!("{}.sql", step.name))
        .collect();
    for folder in ["sqlite", "mysql", "postgres"] {
        let directory = format!(
            "{}/../store-sql/migrations/{folder}",
            env!("CARGO_MANIFEST_DIR")
        );
        let mut theirs: Vec<_> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        theirs.sort();
        assert_eq!(ours, theirs, "{folder}");
    }
}

#[test]
fn a_foreign_or_newer_database_is_refused() {
    let ours = |step: &Step| (step.name.to_owned(), checksum(step));
    let refusal = |taken: &[(String, String)]| {
        let pending = pending(taken).map(<[_]>::len);
        pending.unwrap_err().to_string()
    };
    assert_eq!(pending(&[]).unwrap().len(), STEPS.len());
    assert!(refusal(&[("0001_house".into(), "0".into())]).contains("another version"));
    let mut newer: Vec<_> = STEPS.iter().map(ours).collect();
    assert_eq!(pending(&newer).unwrap().len(), 0);
    let last = STEPS.last().unwrap().name.split('_').next().unwrap();
    newer.push((format!("9998_more_from_{last}"), "0".into()));
    assert_eq!(pending(&newer).unwrap().len(), 0);
    newer.push(("9999_future".into(), "0".into()));
    assert!(refusal(&newer).contains("newer version"));
}
