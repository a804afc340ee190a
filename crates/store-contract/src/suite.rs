//! The list of all cases.

/// Makes a test of each case. The argument is the path of an `async fn() -> Option<Fresh>`, as seen from a module inside
/// the one that calls this; `None` leaves out the engine because there is no server, which it must say itself.
#[macro_export]
macro_rules! suite {
    ($fresh:path) => {
        $crate::suite! { @noun $fresh, consents: [
            consents_come_back_as_they_were_given,
            a_withdrawal_is_of_the_whole_document,
            of_sixteen_consents_one_stands,
        ] }
        $crate::suite! { @noun $fresh, erasures: [
            erasures_come_back_page_by_page,
            of_sixteen_that_note_an_erasure_one_takes,
            old_erasures_are_forgotten_in_bounded_steps,
            users_are_walked_in_order_of_their_ids,
            who_is_forgotten_is_forgotten_everywhere_and_nobody_else_is,
        ] }
        $crate::suite! { @noun $fresh, audit: [
            a_new_trail_is_empty,
            events_come_back_as_they_were,
            a_place_is_taken_once,
            of_sixteen_that_append_each_takes_a_place,
            an_append_that_is_rolled_back_leaves_no_gap,
            the_head_comes_back_as_it_was,
            pages_show_each_event_once_newest_first,
            each_filter_of_events_holds,
            the_key_of_a_person_can_be_replaced,
            whoever_is_erased_is_blank,
            checkpoints_come_back_as_they_were,
            old_events_are_forgotten,
            events_that_nobody_chains_are_refused,
        ] }
        $crate::suite! { @noun $fresh, imports: [
            an_import_comes_back_as_it_was,
            an_import_of_the_same_file_begins_anew,
            a_step_is_taken_from_where_the_import_is,
            of_sixteen_that_take_a_step_one_does,
        ] }
        $crate::suite! { @noun $fresh, codes: [
            a_code_comes_back_as_it_was,
            a_code_is_of_one_kind,
            a_code_is_used_once_and_in_time,
            of_sixteen_redeemers_one_takes,
            a_newer_code_takes_the_place_of_an_older_one,
            of_sixteen_codes_for_one_place_one_stays,
            codes_are_voided_by_kind_and_go_with_their_user,
            expired_codes_are_forgotten_in_bounded_steps,
        ] }
        $crate::suite! { @noun $fresh, jobs: [
            a_job_comes_back_as_it_was,
            a_job_id_is_used_once,
            a_job_is_asked_for_by_the_commit,
            jobs_are_due_when_their_time_has_come,
            a_lease_keeps_others_away_until_it_runs_out,
            of_sixteen_nodes_one_gets_each_job,
            a_job_of_a_newer_program_is_shown_and_left_to_it,
            a_job_that_is_done_forgets_its_payload,
            a_job_that_failed_waits,
            who_lost_the_lease_records_nothing,
            a_dead_job_can_be_tried_again,
            of_sixteen_retries_one_takes,
            a_removed_job_is_gone,
            a_persons_jobs_go_with_them,
            pages_show_jobs_newest_first,
            what_is_over_is_forgotten_in_bounded_steps,
            what_a_person_was_sent_is_counted,
            a_persons_jobs_are_listed,
        ] }
        $crate::suite! { @noun $fresh, keys: [
            keys_come_back_in_the_order_they_were_made,
            a_key_goes_from_next_to_current_to_retired_and_never_back,
            of_sixteen_rotations_one_takes,
            of_sixteen_that_remove_a_key_one_does,
            retired_keys_are_forgotten_when_they_expire,
            a_key_id_is_used_once,
        ] }
        $crate::suite! { @noun $fresh, restored: [
            what_a_backup_believes_to_be_good_is_made_invalid,
        ] }
        $crate::suite! { @noun $fresh, revocations: [
            a_new_log_is_empty,
            entries_come_back_in_order,
            an_append_that_is_rolled_back_leaves_no_gap,
            concurrent_appends_leave_no_gap,
            a_follower_never_misses_an_entry,
            whoever_listens_hears_of_each_commit,
            expired_entries_are_forgotten_but_never_counted_again,
        ] }
        $crate::suite! { @noun $fresh, sessions: [
            a_session_comes_back_as_it_was,
            rotation_takes_once_per_generation,
            rotation_needs_an_open_session,
            of_sixteen_rotations_one_takes,
            rotation_cannot_prolong_beyond_the_end,
            open_sessions_are_listed_last_used_first,
            a_session_ends_once,
            of_sixteen_that_end_a_session_one_does,
            ending_all_spares_the_exception_and_says_which,
            of_sixteen_that_end_all_each_session_is_told_once,
            closed_sessions_are_forgotten_in_bounded_steps,
            where_a_user_was_seen_is_remembered,
            all_sessions_of_a_user_are_listed,
        ] }
        $crate::suite! { @noun $fresh, root: [
            a_new_store_has_no_root_secret,
            a_root_secret_is_kept_once,
            of_sixteen_that_keep_a_root_secret_one_does,
            a_root_secret_is_sealed_anew_from_what_it_was,
            of_sixteen_that_seal_it_anew_one_does,
        ] }
        $crate::suite! { @noun $fresh, setup: [
            a_new_store_is_open_for_set_up,
            a_later_offer_takes_the_place_of_an_earlier_one,
            only_the_offered_token_redeems_and_only_in_time,
            of_sixteen_redeemers_one_takes,
            closed_set_up_never_opens_again,
            of_sixteen_resignations_one_super_admin_remains,
        ] }
        $crate::suite! { @noun $fresh, throttles: [
            a_counter_comes_back_as_it_was,
            a_counter_is_added_once,
            of_sixteen_guesses_five_are_admitted,
            counters_are_forgotten_alone_or_by_account,
            expired_counters_are_forgotten_in_bounded_steps,
        ] }
        $crate::suite! { @noun $fresh, stats: [
            accounts_are_counted,
            open_sessions_are_counted,
            events_are_counted,
        ] }
        $crate::suite! { @noun $fresh, transactions: [
            the_engine_answers,
            an_error_rolls_back_every_noun,
            a_rejection_is_committed,
            a_transaction_sees_what_it_wrote,
            a_panic_rolls_back_and_is_told,
            contention_is_tried_again_from_the_start,
            endless_contention_is_told,
            many_transactions_at_once_are_all_kept,
            what_was_deleted_can_be_overwritten,
        ] }
        $crate::suite! { @noun $fresh, users: [
            a_user_comes_back_as_they_were,
            who_is_absent_is_none,
            an_address_is_unique_in_its_folded_form,
            a_user_name_is_unique_in_its_folded_form,
            an_id_is_used_once,
            a_taken_address_leaves_the_transaction_usable,
            of_sixteen_registrations_of_an_address_one_takes,
            of_sixteen_registrations_of_a_user_name_one_takes,
            a_deleted_user_keeps_address_and_name,
            an_update_writes_every_field_and_counts_up,
            an_update_of_an_older_revision_writes_nothing,
            an_update_cannot_take_what_another_has,
            of_sixteen_updates_of_a_revision_one_takes,
            a_sign_in_is_noted_without_a_revision,
            a_password_is_upgraded_if_it_still_is_the_old_one,
            of_sixteen_upgrades_of_a_password_one_takes,
            super_admins_are_counted,
            the_longest_deleted_are_found,
            the_longest_unverified_are_found,
        ] }
        $crate::suite! { @noun $fresh, users_page: [
            pages_show_each_user_once_in_every_order,
            pages_are_not_shifted_by_inserts,
            deleted_users_are_shown_on_demand,
            each_filter_holds,
            who_never_signed_in_counts_as_the_epoch,
            addresses_are_sorted_by_code_point,
        ] }
        $crate::suite! { @noun $fresh, users_search: [
            users_are_found_by_the_beginning_of_any_word,
            a_term_is_literal,
            words_of_the_address_are_of_another_kind,
            many_of_one_word_are_paged_in_the_order_of_creation,
            words_follow_their_user,
            who_is_erased_is_not_found,
            no_word_holds_a_space,
            of_sixteen_renamings_the_words_of_one_remain,
        ] }
        $crate::suite! { @noun $fresh, bounds: [
            the_longest_values_come_back,
            the_last_of_times_comes_back,
            the_greatest_of_numbers_comes_back,
            what_ends_with_time_is_not_over_before_it,
            nobody_comes_after_the_last,
            a_limit_of_nothing_gives_nothing,
            a_limit_of_nothing_clears_up_nothing,
        ] }
        $crate::suite! { @noun $fresh, clocks: [
            an_ended_session_stays_ended_for_every_clock,
            a_generation_is_used_up_for_every_clock,
            a_used_code_stays_used_for_every_clock,
            closed_set_up_stays_closed_for_every_clock,
            of_sixteen_nodes_with_other_clocks_one_gets_the_job,
            a_finished_job_stays_finished_for_every_clock,
            revocations_of_a_node_that_is_behind_are_followed,
            a_retired_key_stays_retired_for_every_clock,
            a_sign_in_told_late_is_not_the_last,
        ] }
        $crate::suite! { @noun $fresh, pages: [
            of_users,
            of_the_ids_of_users,
            of_the_sessions_of_a_user,
            of_jobs,
            of_events,
            of_erasures,
        ] }
        $crate::suite! { @noun $fresh, races: [
            of_sixteen_that_erase_a_user_one_does,
            of_sixteen_that_end_a_lease_one_does,
            of_sixteen_that_remove_a_job_one_does,
            of_sixteen_that_activate_a_key_one_does,
            of_sixteen_that_close_set_up_one_does,
            of_sixteen_that_forget_a_counter_one_does,
            what_sixteen_take_back_at_once_is_counted_once,
            what_sixteen_clear_up_at_once_is_counted_once,
            a_session_that_ends_while_it_is_refreshed_stays_ended,
            what_is_written_together_is_seen_together,
        ] }
        $crate::suite! { @noun $fresh, rollback: [
            an_error_leaves_every_noun_as_it_was,
            a_panic_leaves_every_noun_as_it_was,
            a_swallowed_refusal_loses_nothing,
            a_caller_who_goes_away_leaves_all_or_nothing,
        ] }
        $crate::suite! { @noun $fresh, texts: [
            letters_that_collations_confuse_are_different,
            a_composed_letter_and_a_decomposed_one_are_the_same,
            words_are_found_letter_by_letter,
            names_are_compared_with_their_case_and_accents,
            texts_are_kept_as_they_are,
        ] }
    };
    (@noun $fresh:path, $noun:ident: [$($case:ident,)*]) => {
        mod $noun {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    if let Some($crate::Fresh { store, kept }) = $fresh().await {
                        $crate::case::$noun::$case(::std::sync::Arc::clone(&store)).await;
                        drop(store);
                        drop(kept);
                    }
                }
            )*
        }
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_case_is_in_the_suite() {
        let directory = format!("{}/src/case", env!("CARGO_MANIFEST_DIR"));
        let suite = include_str!("suite.rs");
        for file in std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            let noun = file.file_stem().unwrap().to_str().unwrap();
            let source = std::fs::read_to_string(&file).unwrap();
            let list = suite
                .split_once(&format!(", {noun}: ["))
                .map_or("", |(_, rest)| rest.split(']').next().unwrap());
            for case in source
                .lines()
                .filter_map(|line| line.strip_prefix("pub async fn "))
            {
                let case = case.split('(').next().unwrap();
                assert!(
                    list.lines()
                        .any(|line| line.trim().trim_end_matches(',') == case),
                    "{noun}: {case}"
                );
            }
        }
    }
}
