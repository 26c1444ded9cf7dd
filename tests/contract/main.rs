//! What any kernel does with a plan: each clause holds for the fake and for the real one.

mod atomicity;
mod elements;
mod expecting;
mod faults;
mod objects;
mod reading;
#[path = "../witness/mod.rs"]
mod witness;
mod world;

/// Makes two tests of every clause: in `fake` and in `real`.
macro_rules! clauses {
    ($($module:ident: $($clause:ident)*;)*) => {
        mod fake {
            $($(
                #[test]
                fn $clause() {
                    crate::$module::$clause(&mut hairnat::kernel::FakeKernel::new());
                }
            )*)*
        }

        mod real {
            $($(
                #[test]
                fn $clause() {
                    crate::witness::inside(|| {
                        // Small sets read as large ones are.
                        let kernel = hairnat::kernel::NfTables::open().unwrap();
                        crate::$module::$clause(&mut kernel.with_large_sets_from(1));
                    });
                }
            )*)*
        }
    };
}

clauses! {
    reading:
        nothing_is_read_as_nothing
        what_was_committed_is_read_back
        every_rule_has_a_handle_of_its_own
        a_commit_moves_the_generation_by_one
        a_plan_without_operations_sends_nothing;
    atomicity:
        a_plan_holds_though_others_commit_to_their_tables
        a_plan_for_what_our_tables_were_is_stale
        a_plan_of_a_generation_to_come_is_stale
        validation_changes_nothing
        a_failure_in_the_middle_changes_nothing
        a_table_is_made_anew_in_one_batch;
    faults:
        a_fault_before_or_after_any_operation_leaves_the_old_state
        a_batch_that_ends_after_any_operation_is_not_taken
        an_element_is_refused_wherever_it_is_among_many
        of_many_refusals_the_first_is_told;
    objects:
        a_table_is_not_made_twice
        a_table_that_is_not_there_is_not_deleted
        nothing_is_put_into_a_table_that_is_not_there
        a_set_is_not_made_twice
        a_chain_is_not_made_twice
        a_rule_goes_into_its_place
        a_rule_needs_its_chain
        a_rule_needs_the_one_that_it_goes_before
        a_rule_needs_its_sets
        a_rule_that_is_not_there_is_not_deleted
        a_flushed_chain_has_only_the_rules_that_are_added_then
        a_chain_that_is_not_there_is_not_flushed
        addresses_are_translated_only_in_chains_of_nat
        what_can_only_be_read_is_not_written;
    expecting:
        what_is_expected_is_read_as_it_is
        what_differs_from_the_expected_is_read_as_it_is
        a_set_that_is_declared_otherwise_is_read_as_it_is
        an_element_in_place_of_an_expected_one_is_read;
    elements:
        an_element_is_not_there_twice_with_other_data
        an_element_that_is_there_already_is_no_error
        intervals_do_not_overlap
        ranges_of_l4_ports_do_not_overlap
        an_element_that_is_not_there_is_not_deleted
        an_interval_with_another_end_is_not_deleted
        an_element_is_not_deleted_twice
        a_full_set_takes_no_more
        a_deleted_element_makes_room_in_the_same_batch
        an_interval_takes_the_place_of_others_in_the_same_batch
        thousands_of_elements_come_and_go_in_one_batch;
}
