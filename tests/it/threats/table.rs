//! Which test stands for which row of the list of threats, and what the others wait for. Held to the
//! tests that there are by `held.rs`.

use super::held::Row::{self, By, Partly, Waits};

/// The rows of lists A to I, and those that the design added, by their numbers.
pub(super) const ROWS: &[(u16, Row)] = &[
    (1, By(&["t001_without_a_signature"])),
    (2, By(&["t002_one_bit_of_the_body_flipped"])),
    (3, By(&["t003_body_and_digest_changed"])),
    (4, By(&["t004_without_covering_the_body"])),
    (5, By(&["t005_with_the_digest_of_nothing"])),
    (
        6,
        By(&["t006_sent_to_another_host", "t006_signed_for_another_host"]),
    ),
    (7, By(&["t007_with_a_query_added"])),
    (8, By(&["t008_too_old_or_of_the_future"])),
    (9, By(&["t009_without_a_time_or_with_one_that_is_none"])),
    (
        10,
        By(&[
            "t010_sent_twice",
            "t010_only_calls_that_change_something_keep_their_nonce",
        ]),
    ),
    (11, By(&["t011_sent_again_to_another_instance"])),
    (12, By(&["t012_a_forger_cannot_burn_a_nonce"])),
    (13, By(&["t013_a_nonce_that_is_none"])),
    (14, By(&["t014_the_public_key_as_a_shared_secret"])),
    (15, By(&["t015_a_statement_by_no_algorithm"])),
    (16, By(&["t016_a_statement_that_brings_its_key"])),
    (
        17,
        By(&["t017_a_statement_that_asks_for_more_or_says_it_twice"]),
    ),
    (18, By(&["t018_a_weak_key_is_not_registered"])),
    (19, By(&["t019_a_signature_in_another_spelling"])),
    (20, By(&["t020_a_signature_beside_ours"])),
    (
        21,
        By(&[
            "t021_about_another_institutions_order",
            "t021_of_another_institutions_proof_nobody_hears",
        ]),
    ),
    (22, By(&["t022_a_key_of_another_kind"])),
    (
        23,
        By(&[
            "t023_a_key_that_is_over_and_one_that_goes",
            "t023_a_key_that_goes_is_refused_everywhere_at_once",
        ]),
    ),
    (
        24,
        By(&["t024_a_wrong_code_takes_as_long_wherever_it_is_wrong"]),
    ),
    (
        25,
        By(&[
            "t025_an_unknown_key_takes_as_long_as_a_known_one",
            "t025_a_call_is_refused_as_quickly_whatever_key_it_names",
            "t023_a_key_that_is_over_and_one_that_goes",
        ]),
    ),
    (
        26,
        By(&["t026_who_is_not_let_in_hears_401_and_at_last_to_come_later"]),
    ),
    (27, By(&["t027_headers_that_are_meant_to_hurt"])),
    (28, By(&["t028_digests_that_do_not_hold"])),
    (
        29,
        By(&[
            "t029_one_fen_for_a_hundred_yuan_is_an_exception",
            "t029_what_does_not_fit_the_named_amount_account_or_code_is_no_proof",
        ]),
    ),
    (
        30,
        By(&["t030_dollars_for_an_order_in_yuan_are_an_exception"]),
    ),
    (
        31,
        By(&["t031_money_in_the_neighbours_account_is_an_exception_and_tells_nobody_of_the_other"]),
    ),
    (
        32,
        By(&["t032_money_for_an_order_that_nobody_knows_is_kept"]),
    ),
    (
        33,
        By(&["t033_one_transaction_number_with_another_amount_is_a_conflict"]),
    ),
    (
        34,
        By(&["t034_one_transaction_number_for_two_orders_is_a_conflict"]),
    ),
    (
        35,
        By(&["t035_two_institutions_may_use_the_same_transaction_number"]),
    ),
    (
        36,
        By(&[
            "t036_amounts_that_are_none",
            "t036_what_is_no_amount_is_refused_and_nothing_changes",
        ]),
    ),
    (37, By(&["t037_a_day_beyond_64_bits_is_still_added_up"])),
    (38, By(&["t038_currencies_that_are_none"])),
    (39, By(&["an_amount_is_read_as_it_was_typed_or_not_at_all"])),
    (40, Waits("refunds")),
    (41, Waits("refunds")),
    (42, Waits("refunds")),
    (
        43,
        By(&["t043_what_comes_after_success_is_acknowledged_and_changes_nothing"]),
    ),
    (
        44,
        Partly(
            &["t044_money_for_an_order_that_the_merchant_cancelled_is_kept"],
            "refunds: the task that sends it back",
        ),
    ),
    (
        45,
        Partly(
            &["t045_two_wallets_that_both_paid_one_order"],
            "refunds: the task that sends the second back",
        ),
    ),
    (
        46,
        By(&["what_a_changed_page_says_about_the_price_is_refused"]),
    ),
    (
        47,
        By(&[
            "t047_times_that_cannot_be_are_refused",
            "t047_a_leap_second_counts_as_the_second_before",
        ]),
    ),
    (48, By(&["t048_parts_that_do_not_add_up"])),
    (
        49,
        By(&[
            "t049_guessed_codes_are_all_unknown_alike",
            "t049_a_wallet_that_guesses_hears_no_more",
            "t049_a_browser_that_guesses_hears_no_more",
        ]),
    ),
    (50, By(&["t050_a_changed_code_is_never_taken"])),
    (
        51,
        By(&["t051_a_code_of_another_host_or_merchant_does_not_exist_here"]),
    ),
    (
        52,
        By(&["t052_an_order_code_ends_with_its_time_and_fairness_goes_by_when_the_payer_paid"]),
    ),
    (
        53,
        By(&[
            "t053_what_resolve_saw_does_not_bind_start",
            "t053_what_is_over_when_its_turn_comes_is_not_begun",
        ]),
    ),
    (54, By(&["t054_of_two_wallets_at_one_order_one_holds_it"])),
    (
        55,
        By(&["t055_a_silent_institution_holds_the_order_and_the_cashier_makes_another"]),
    ),
    (
        56,
        Partly(
            &["t056_an_order_code_is_bound_to_its_counter_and_its_amount"],
            "payers' codes: a token that is spent at another till",
        ),
    ),
    (
        57,
        Partly(
            &["no_secret_and_no_forgery_reaches_the_log"],
            "payers' codes: one that is sent twice",
        ),
    ),
    (
        58,
        By(&[
            "t058_each_class_has_its_cap_and_the_refusal_names_the_rule",
            "t058_of_twenty_at_once_no_sum_passes_the_cap",
            "t058_the_two_limits_of_a_day_are_counted_apart",
        ]),
    ),
    (
        59,
        By(&[
            "t059_a_revoked_code_is_refused_at_once_on_every_instance",
            "t059_a_code_that_is_let_go_is_refused_at_once_on_every_instance",
        ]),
    ),
    (
        60,
        By(&[
            "t060_the_page_names_the_merchant_and_the_sign",
            "a_cashier_hears_of_each_sign_what_it_is",
            "staff_check_their_sign_and_print_another",
            "a_busy_code_that_falls_silent_is_told_once_until_somebody_pays",
        ]),
    ),
    (
        61,
        By(&[
            "t061_a_host_that_looks_like_ours_is_not_ours",
            "t061_an_imitation_of_a_networks_code_is_called_one",
            "texts_that_only_look_like_codes_are_never_taken",
        ]),
    ),
    (
        62,
        By(&[
            "t062_nothing_can_be_smuggled_into_a_code",
            "t062_what_is_smuggled_beside_the_payee_counts_for_nothing",
            "texts_that_only_look_like_codes_are_never_taken",
        ]),
    ),
    (
        63,
        By(&[
            "t063_broken_payloads_are_refused_where_they_break",
            "texts_that_only_look_like_codes_are_never_taken",
        ]),
    ),
    (
        64,
        By(&["opening_a_page_takes_nothing_however_often_and_by_whom"]),
    ),
    (65, By(&["a_browser_that_is_no_wallet_gets_to_choose_one"])),
    (
        66,
        By(&["opening_a_page_takes_nothing_however_often_and_by_whom"]),
    ),
    (67, By(&["nobody_keeps_a_page_for_the_next_payer"])),
    (
        68,
        By(&[
            "t068_a_personal_code_is_not_for_trade",
            "t068_a_persons_code_and_one_for_one_payment_are_not_adopted",
        ]),
    ),
    (69, By(&["t069_without_a_key"])),
    (70, By(&["t070_with_a_key_that_is_none"])),
    (71, By(&["t071_another_body_under_the_key"])),
    (72, By(&["t072_elsewhere_the_key_is_another"])),
    (
        73,
        By(&[
            "t073_while_the_first_still_runs",
            "t073_twins_at_once_have_one_effect",
        ]),
    ),
    (74, By(&["t074_after_a_refusal_the_key_is_free"])),
    (75, By(&["t075_after_a_busy_database_the_key_is_free"])),
    (
        76,
        By(&[
            "t076_an_answer_that_was_lost_is_given_again",
            "t076_a_client_that_hangs_up_finds_it_done",
        ]),
    ),
    (77, By(&["t071_another_body_under_the_key"])),
    (78, By(&["t078_until_its_time_is_over"])),
    (79, By(&["t072_elsewhere_the_key_is_another"])),
    (
        80,
        By(&[
            "t080_one_order_goes_one_legal_way",
            "t080_of_five_hundred_at_one_order_one_has_its_way",
        ]),
    ),
    (
        81,
        Partly(
            &[
                "t081_a_worker_that_dies_leaves_its_events_to_the_next",
                "t081_two_workers_that_wake_together_share_the_work",
                "t081_an_order_is_followed_up_by_one_worker_until_its_claim_is_over",
            ],
            "webhooks: a repeat keeps its webhook-id",
        ),
    ),
    (
        82,
        By(&[
            "t082_what_belongs_to_others_does_not_exist",
            "anothers_batch_stays_anothers_with_the_secret_in_hand",
        ]),
    ),
    (
        83,
        By(&["t083_a_cursor_is_good_for_one_list_of_one_merchant"]),
    ),
    (84, By(&["t084_fields_that_are_not_the_clients_to_set"])),
    (
        85,
        By(&[
            "t085_a_device_at_a_counter_may_not_do_what_keys_do",
            "t086_a_key_may_do_what_its_scopes_say",
            "a_counter_does_not_hear_of_another_store",
        ]),
    ),
    (86, By(&["t086_a_key_may_do_what_its_scopes_say"])),
    (
        87,
        Partly(
            &[
                "t087_pairing_codes_are_all_wrong_alike",
                "t129_pairing_codes_are_tried_ten_times_a_minute",
            ],
            "people with passwords and second factors; devices have neither",
        ),
    ),
    (88, By(&["t088_a_session_is_new_and_ends"])),
    (
        89,
        By(&[
            "t089_a_cookie_that_scripts_and_others_cannot_have",
            "t089_on_https_it_is_bound_to_the_host",
        ]),
    ),
    (
        90,
        By(&[
            "t090_requests_of_other_sites",
            "a_form_of_another_site_starts_nothing",
            "another_site_cannot_pair_leave_or_check",
            "another_site_and_another_merchant_cannot_bind",
        ]),
    ),
    (91, By(&["t091_a_verb_is_what_the_request_line_says"])),
    (92, Waits("WebAuthn, which nothing here speaks")),
    (93, By(&["t093_a_key_anywhere_but_in_its_header"])),
    (94, By(&["t094_a_stolen_database_opens_nothing"])),
    (
        95,
        Partly(
            &[
                "t095_a_secret_is_shown_once",
                "an_api_keys_text_is_shown_once_and_ends_with_it",
            ],
            "webhooks: their endpoints' secrets",
        ),
    ),
    (
        96,
        By(&[
            "t096_of_twenty_codes_at_once_as_many_are_made_as_the_quota_has",
            "t096_stores_tills_and_keys_have_quotas",
            "t096_plates_have_a_quota",
        ]),
    ),
    (
        97,
        Waits("refunds and exports that a second person approves"),
    ),
    (98, Waits("webhooks")),
    (99, Waits("webhooks")),
    (100, Waits("webhooks")),
    (101, Waits("webhooks")),
    (102, Waits("webhooks")),
    (103, Waits("webhooks")),
    (104, Waits("webhooks")),
    (105, Waits("webhooks")),
    (106, Waits("webhooks")),
    (107, By(&["no_address_leads_away_from_here"])),
    (
        108,
        By(&["t108_a_payer_is_led_to_the_institution_or_nowhere"]),
    ),
    (109, Waits("webhooks")),
    (
        110,
        Partly(
            &["t110_an_answer_that_is_forged_cut_or_about_another_order_decides_nothing"],
            "wallets' own protocols",
        ),
    ),
    (111, By(&["t111_json_that_is_none"])),
    (112, By(&["t112_bodies_of_another_kind"])),
    (
        113,
        By(&[
            "pictures_that_mean_no_good_are_refused_quickly",
            "a_polyglot_is_only_a_picture",
        ]),
    ),
    (
        114,
        By(&[
            "t114_pictures_full_of_patterns_noise_and_codes",
            "t114_of_two_codes_in_a_picture_nobody_chooses",
        ]),
    ),
    (115, By(&["t115_codes_that_say_what_no_payment_code_says"])),
    (116, By(&["t116_nobody_reads_xml"])),
    (
        117,
        By(&[
            "t117_a_request_that_ends_in_two_places",
            "t117_a_bare_line_feed_hides_nothing",
            "t117_a_body_in_parts_that_end_in_another_way",
            "t117_no_connection_becomes_another_protocol",
        ]),
    ),
    (
        118,
        By(&[
            "t118_heads_that_come_by_drops_are_cut_off_and_nobody_waits_for_them",
            "t118_whoever_says_nothing_is_not_waited_for",
            "t118_one_address_has_its_share_of_connections_and_no_more",
            "t118_feeds_have_a_share_each_and_are_not_idle",
        ]),
    ),
    (119, By(&["t119_texts_that_make_patterns_and_tables_slow"])),
    (120, By(&["t120_texts_for_another_language"])),
    (121, By(&["t121_other_spellings_of_a_path"])),
    (
        122,
        By(&["t122_the_database_driver_counts_the_length_of_what_it_sends"]),
    ),
    (123, By(&["a_name_is_text_whatever_stands_in_it"])),
    (
        124,
        By(&[
            "t124_a_name_that_looks_like_another_is_held",
            "t124_a_name_is_set_apart_from_the_text_around_it",
        ]),
    ),
    (125, By(&["t125_a_symbol_is_a_drawing_and_nothing_else"])),
    (126, Waits("exports")),
    (127, Waits("exports")),
    (
        128,
        By(&[
            "a_feed_ends_soon_after_its_session_did",
            "a_program_hears_everything_until_its_key_is_revoked",
            "a_line_break_cannot_forge_an_event",
        ]),
    ),
    (
        129,
        By(&[
            "a_receipt_gets_one_of_five_verdicts",
            "t129_receipts_are_checked_sixty_times_a_minute",
            "t129_claim_secrets_are_tried_so_often_a_minute",
        ]),
    ),
    (130, By(&["no_secret_and_no_forgery_reaches_the_log"])),
    (131, By(&["no_secret_and_no_forgery_reaches_the_log"])),
    (
        132,
        By(&[
            "a_line_that_is_changed_taken_out_or_moved_is_named",
            "what_cannot_be_written_down_is_not_done",
            "what_cannot_be_written_down_is_answered_busy_and_not_done",
            "reading_the_log_is_written_there",
        ]),
    ),
    (
        133,
        By(&["t133_the_payers_institution_cannot_confirm_at_anothers_account"]),
    ),
    (134, By(&["t134_a_report_of_success_moves_no_money"])),
    (
        135,
        By(&[
            "t135_a_statement_about_one_order_says_nothing_of_another",
            "a_statement_about_one_order_sent_to_another_is_a_mismatch",
        ]),
    ),
    (136, By(&["t136_the_same_statement_twice_has_one_effect"])),
    (
        137,
        By(&[
            "t137_a_shared_secret_cannot_confirm",
            "t137_an_institution_with_shared_keys_only_cannot_confirm",
            "a_shared_secret_proves_nothing_about_money",
        ]),
    ),
    (138, Waits("refunds")),
];

/// The last row that the list has.
pub(super) const LAST: u16 = 138;
