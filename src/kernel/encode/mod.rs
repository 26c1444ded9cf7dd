//! From values to messages. Pure: nothing here needs a kernel.

mod element;
mod expression;
mod object;
mod rule;
mod set;

pub(super) use element::{COMMENT, ElementWriter, FLAGS, get_catch_all};
pub(super) use object::{
    Family, delete_rule, delete_table, flush_chain, new_chain, new_rule, new_table,
};
pub(super) use rule::Unwritable;
pub(super) use set::{flags as set_flags, is_concatenation_of_ranges, new_set, type_number};
