//! What the AWS Guidance's middleware does or gets wrong, case by case, and the test that says what is done here.
//!
//! Chat:
//! - an answer passes: `bodies_pass_byte_for_byte_both_ways`
//! - a history that is not asked for: `without_its_fields_nothing_is_kept`
//! - a new session: `a_new_session_is_told_in_header_and_body_and_goes_on`
//! - every message is kept, calls of tools too: `every_incoming_message_is_kept_and_calls_of_tools_too`
//! - a session of another key: `a_session_of_another_and_one_that_does_not_exist_look_the_same`
//! - an id that a client chose, and another takes: `clients_choose_ids_only_where_that_is_allowed`
//! - 401, 429 and 502 of LiteLLM: `errors_of_litellm_keep_status_body_and_retry_after`
//! - an answer that is no JSON: `an_answer_that_is_no_json_passes_as_it_is`
//! - LiteLLM is away, and its address: `a_litellm_that_is_away_is_a_bad_gateway_without_its_address`
//! - LiteLLM is silent: `a_litellm_that_is_silent_is_a_gateway_timeout`
//! - a stream, its comments, its usage and its `[DONE]`: `every_byte_of_a_stream_arrives_also_comments_events_and_done`
//! - an error before a stream: `an_error_before_the_first_event_is_an_error_and_no_stream`
//! - a stream that is cut within a character: `any_cut_of_the_bytes_gives_the_same_stream_and_the_same_history`
//! - a client that goes away: `a_client_that_goes_away_finds_what_was_said`
//! - an error in a stream: `an_error_in_a_stream_leaves_no_half_call_and_ends_it_cleanly`
//! - two turns at once: `a_thousand_turns_at_once_on_one_session_lose_none_and_do_not_mix`
//! - a request that LiteLLM refuses: `a_turn_that_litellm_refuses_leaves_nothing_behind`
//! - one that is refused after its session was made: `a_session_whose_first_request_is_refused_is_not_listed`
//! - keys in every form: `a_key_is_taken_in_every_form_and_sent_in_one`
//! - no key: `without_a_key_litellm_is_not_asked`
//! - headers of tags and traces: `the_allow_list_holds_both_ways`
//! - the query: `the_query_of_a_request_and_who_changes_something_reach_litellm`
//! - a model of the query: `a_model_of_the_query_does_not_reach_litellm`
//! - an answer that comes compressed: `an_answer_that_comes_compressed_is_decoded`
//! - a body that is no object: `bodies_that_are_no_objects_are_refused`
//! - messages that are none: `mistakes_in_history_requests_are_told`
//! - other paths and methods: `other_paths_and_methods_are_refused_in_their_dialect`
//!
//! Converse:
//! - text: `an_answer_is_text_with_tokens_and_time`
//! - several blocks: `blocks_of_text_stay_apart`
//! - instructions and earlier messages: `instructions_and_all_messages_reach_the_model`
//! - tools in and out: `a_model_asks_for_a_tool_and_gets_its_result`
//! - an answer with a tool, read by an SDK: `converse_uses_tools`
//! - an image and a document: `an_image_and_a_document_reach_the_model`
//! - what cannot be carried: `what_cannot_be_carried_is_refused_by_name`
//! - parameters of the model: `parameters_of_the_model_reach_it`
//! - such parameters that are null: `no_parameters_of_the_model_are_none`
//! - an attempt to choose another model: `the_model_of_the_path_cannot_be_replaced`
//! - an attempt to reach around the gateway: `parameters_that_reach_around_the_gateway_are_reserved`
//! - every reason to stop: `every_reason_has_bedrocks_name`
//! - tokens of a cache: `tokens_of_the_cache_are_counted_beside_the_others`
//! - an ARN in the path: `an_arn_in_the_path_is_the_model_encoded_or_not`
//! - statuses of LiteLLM: `a_status_of_litellm_is_the_clients_status_with_bedrocks_name`
//! - no key: `a_request_without_a_key_is_denied`
//! - bad JSON: `a_body_that_is_not_json_is_the_clients_mistake`
//! - LiteLLM is silent: `an_answer_that_does_not_go_on_is_a_timeout_of_the_model`
//! - an answer that comes compressed: `an_answer_that_comes_compressed_is_one_of_converse`
//! - InvokeModel: `other_operations_are_not_found`
//! - a session, its instructions and its tools: `a_session_goes_on_with_its_instructions_and_tools`
//! - a session of another: `a_session_is_its_owners_alone`
//!
//! Streams of Converse:
//! - the frame of the beginning: `a_frame_is_what_bedrock_sends_to_the_byte`
//! - of a piece of text: `the_frame_of_a_piece_of_text_is_too`
//! - of the end of a block: `the_frame_of_the_end_of_a_block_is_too`
//! - of the end: `the_frame_of_the_end_is_too`
//! - of tokens and time: `the_frame_of_tokens_and_time_is_too`
//! - of exceptions: `the_frames_of_exceptions_are_too`
//! - frames that the SDK for Rust reads: `converse_stream_says_and_uses_tools`
//! - text and its tokens: `text_comes_in_pieces_and_ends_with_its_tokens`
//! - every reason to stop: `every_reason_to_stop_is_told`
//! - a tool: `a_use_of_a_tool_comes_in_pieces`
//! - characters that are cut: `an_event_that_is_cut_into_bytes_is_the_same_event`
//! - an error before it: `an_error_before_a_stream_has_its_type`
//! - an error in it: `an_error_in_the_middle_is_an_exception`
//! - a connection that breaks: `a_connection_that_breaks_is_an_exception`
//! - the same in log and trace: `a_stream_that_ends_with_an_exception_is_not_whole_in_log_and_trace`
//! - a model that falls silent: `a_model_that_stops_sending_is_an_exception`
//! - a client that goes away: `what_was_said_is_kept_when_the_client_goes_away`
//!
//! Managed prompts:
//! - model, words and parameters: `a_prompt_names_the_model_the_words_and_the_parameters`
//! - parameters of the request: `parameters_of_the_request_count_more`
//! - the same in Converse: `parameters_of_a_converse_request_count_more_wherever_they_are_given`
//! - variables that do not fit: `variables_that_do_not_fit_are_named_in_order`
//! - values that are plain texts: `values_that_are_no_texts_are_refused`
//! - spaces in a placeholder: `spaces_around_a_name_do_not_matter`
//! - a placeholder in a value: `a_placeholder_in_a_value_stays_as_it_is`
//! - the default variant: `the_default_variant_is_taken`
//! - chat templates: `a_chat_template_has_instructions_turns_and_tools`
//! - region and cache: `a_prompt_is_read_in_its_own_region_and_kept`
//! - other partitions: `a_prompt_of_another_partition_is_a_prompt`
//! - other ARNs: `other_arns_are_names_of_models`
//! - messages of a Converse request: `messages_of_a_converse_request_follow_the_prompt`
//! - history with messages of the caller: `a_session_that_began_with_a_prompt_goes_on_with_messages_of_the_caller`
//! - the same in Converse: `a_prompt_before_the_messages_of_a_request_is_not_kept`
//!
//! History:
//! - messages in OpenAI's form: `history_comes_in_pages`
//! - in Bedrock's form: `bedrocks_form_of_a_page_has_every_kind_of_part`
//! - errors in Bedrock's form: `errors_have_bedrocks_form`
//! - sessions of a key: `sessions_come_in_pages_the_last_used_first`
//! - deleting: `an_owner_deletes_sessions_and_nobody_else_does`
//! - deleting under Bedrock's path: `a_session_is_deleted_by_its_owner`
//! - no key: `without_a_key_no_history_is_read_or_deleted`
//! - a key that is revoked: `a_revoked_key_reads_nothing_once_the_cache_has_forgotten_it`
//! - a key that is rotated: `sessions_belong_to_the_user_and_outlive_a_key_that_is_rotated`
//! - keys of a team: `sessions_of_a_key_of_no_user_are_its_teams`
//! - the hash of a key: `the_hash_is_litellms`
//! - sessions that nobody uses: `sessions_that_are_too_old_are_swept_and_others_stay`
//! - sessions without an end: `a_session_that_is_too_long_is_said_and_left_as_it_is`
//! - tables that every task makes: `tasks_that_start_together_make_database_and_tables_once`
//!
//! Access tokens:
//! - a right one: `a_right_token_makes_the_user_that_it_names_with_the_master_key`
//! - one for several audiences: `an_audience_may_be_one_of_many`
//! - expired a minute or three ago: `a_clock_may_be_a_minute_off_and_not_more_than_two`
//! - not yet valid: `a_token_of_the_future_is_refused`
//! - without a subject: `a_token_of_nobody_is_forbidden`
//! - for another audience: `a_token_for_another_audience_is_refused`
//! - of another issuer, or of one with a slash more: `a_token_of_another_issuer_is_refused`
//! - signed with HS256: `a_token_that_is_signed_with_a_shared_secret_is_refused`
//! - of a key that is not known: `unknown_keys_are_asked_for_once_and_not_again_and_again`
//! - without an end: `a_token_that_never_expires_is_refused`
//! - none at all: `what_is_no_token_is_refused`
//! - scopes: `a_scope_that_is_asked_for_has_to_be_there`
//! - budgets: `budgets_are_not_the_users_to_set`
//! - a body that is no object: `a_body_of_a_user_is_a_json_object`
//! - no token: `a_user_without_a_token_is_not_made`
//! - keys and tokens in the log: `neither_the_master_key_nor_a_token_is_in_the_log`
//! - a key of LiteLLM: `a_key_goes_to_litellm_as_it_is`
//! - without an issuer, no key: `without_a_key_nobody_is_asked_to_make_a_user`
//! - without an issuer, a token: `a_token_that_nobody_here_can_check_goes_to_litellm_as_it_is`
//! - without an issuer, bad JSON: `what_is_no_json_is_litellms_to_refuse`
//!
//! The rest:
//! - keys for others: `a_user_makes_none_for_another`
//! - keys and users that come compressed: `keys_and_users_that_come_compressed_are_decoded`
//! - liveness and readiness: `it_lives_whatever_litellm_does_and_is_ready_only_with_it`
//! - the database in readiness: `readiness_says_when_the_database_is_away_and_chat_goes_on`
//! - browsers: `browsers_get_nothing_unless_their_origin_is_configured`
//! - keys and bodies in the log: `it_logs_json_without_keys_and_bodies_and_ends_after_its_streams`

use std::path::Path;

/// All tests of the directories, as they are written.
#[expect(clippy::disallowed_methods, reason = "a test needs no name of a file")]
fn sources(directory: &Path, text: &mut String) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(&path).expect("a file"));
        }
    }
}

#[test]
fn every_case_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    for directory in ["src", "tests"] {
        sources(&root.join(directory), &mut text);
    }
    let cases = include_str!("conformance.rs").lines().filter(|line| line.starts_with("//! - "));
    let mut count = 0;
    for case in cases {
        let name = case.trim_end_matches('`').rsplit('`').next().expect("a name");
        assert!(text.contains(&format!("fn {name}()")), "{case}");
        count += 1;
    }
    assert!(count > 100, "{count}");
}
