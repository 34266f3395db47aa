//! What every transport must do, whatever it is made of.
//!
//! Each test is a generic function over [`bed::Transport`]; [`suite!`] makes the tests of one transport out of them.
//! Nothing here knows how a transport moves its packets.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(unreachable_pub, reason = "the suite is meant to be used once per transport")]

mod aborts;
mod batches;
mod bed;
mod deadlines;
mod endings;
mod ids;
mod leaks;
mod pipelining;
mod sessions;
mod sizes;
#[path = "../support/mod.rs"]
mod support;
mod turns;
mod wait_objects;

/// Instantiates the listed tests; the compiler tells of one that is in no list.
macro_rules! tests {
    ($transport:ty: $($topic:ident { $($test:ident)+ })+) => {
        $(mod $topic {
            $(#[test]
            fn $test() {
                crate::$topic::$test::<$transport>();
            })+
        })+
    };
}

/// What every transport must pass, and what those of its kind must pass besides.
macro_rules! suite {
    ($name:ident: $transport:ty, $($kind:tt)+) => {
        mod $name {
            tests! { $transport:
                sizes {
                    smallest_packets small_packets page_packets fault_04_default_packets packet_size_is_the_smaller
                    limits_are_exact a_limit_of_zero responses_above_the_clients_ceiling headers_must_tell_the_length
                }
                batches {
                    items_arrive_as_they_were more_items_than_agreed single_messages_in_disguise odd_directories_pass
                    unsound_directories_end_the_session a_failed_batch_needs_no_directory
                }
                ids {
                    an_id_in_flight_is_refused answers_to_nothing_end_the_session each_side_sends_its_own_kind
                    unknown_flags_are_ignored
                }
                deadlines { receiving_in_vain accepting_in_vain connecting_in_vain what_is_there_needs_no_time }
                aborts {
                    a_receive an_accept a_connect a_connect_behind_a_full_backlog one_handle_for_many_and_no_others
                }
                endings { is_seen_at_once by_close_is_bounded }
                wait_objects { a_listener a_listener_with_a_crowd a_listener_with_a_late_client }
                sessions {
                    side_by_side agree_on_one_thing know_their_peers are_for_those_on_the_list need_the_token_besides
                    have_requests_that_the_server_takes need_a_profile_that_runs fault_15_are_limited_honestly
                }
                leaks {
                    of_sessions_in_every_state of_connects_that_fail of_listeners_with_guests of_a_long_lived_listener
                }
            }
            mod kind {
                $($kind)+
            }
        }
    };
}

suite!(baseline: crate::bed::Baseline,
    // Packets that queue up in both directions, and a descriptor that tells of them.
    tests! { crate::bed::Baseline:
        pipelining {
            answers_in_any_order both_directions_full a_send_that_would_block_goes_on_later
            send_many_keeps_order_and_boundaries send_many_stops_at_a_refusal a_send_waits_for_a_slow_reader
        }
        deadlines {
            sending_to_a_peer_that_does_not_read half_a_message_ends_the_session half_a_message_ends_a_polled_session
            half_a_message_outlives_a_receive
        }
        aborts { a_send }
        endings {
            comes_after_what_was_sent comes_after_what_was_sent_in_spite_of_a_reset
            of_the_peer_does_not_break_a_send wakes_a_send_that_waits_for_room in_the_middle_of_a_message
            by_close_loses_nothing by_close_sends_what_was_kept
        }
        wait_objects { a_session_that_can_receive a_session_with_half_a_message a_session_that_can_send }
    }
);
suite!(hybrid: crate::bed::Hybrid,
    // One request in flight, and nothing to poll.
    tests! { crate::bed::Hybrid:
        turns {
            a_second_request_waits a_second_request_can_time_out a_second_request_can_be_aborted
            answers_that_come_meanwhile_are_kept many_requests_go_out_one_by_one a_refusal_stops_those_behind_it
            an_answer_needs_a_request an_answer_outlives_its_server a_peer_that_is_gone_breaks_no_send
            the_end_wakes_a_send_that_waits there_is_nothing_to_poll
        }
    }
);
