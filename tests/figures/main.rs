//! The pure parts of the benchmarks: their arithmetic, their floats and their report.

#[path = "../../benches/figures/floats.rs"]
mod floats;
#[path = "../../benches/figures/numbers.rs"]
mod numbers;
#[path = "../../benches/figures/report/mod.rs"]
mod report;
#[allow(dead_code, reason = "the tables here have a part of the rows only")]
#[path = "../../benches/figures/results.rs"]
mod results;
mod scripts;
#[path = "../../benches/figures/statistics.rs"]
mod statistics;
mod tables;

use numbers::{digits, thousands};
use statistics::{median, median_ratio, percentile};

#[test]
fn the_median_of_an_even_number_is_the_mean_of_the_middle_two() {
    assert_eq!(median([3.0, 1.0, 2.0]), Some(2.0));
    assert_eq!(median([4.0, 1.0, 2.0, 3.0]), Some(2.5));
    assert_eq!(median([]), None);
}

#[test]
fn a_percentile_is_the_nearest_rank() {
    let hundred = || (1..=100).map(f64::from);
    assert_eq!(percentile(hundred(), 50), Some(50.0));
    assert_eq!(percentile(hundred(), 99), Some(99.0));
    assert_eq!(percentile([7.0], 99), Some(7.0));
    assert_eq!(percentile([], 50), None);
}

#[test]
fn a_ratio_is_taken_pair_by_pair() {
    // The machine was ten times slower in the second round, for both.
    assert_eq!(median_ratio(&[1.0, 10.0, 1.0], &[2.0, 20.0, 4.0]), Some(0.5));
    assert_eq!(median_ratio(&[], &[]), None);
}

#[test]
fn a_run_is_read_as_it_was_told() {
    let mut run = results::Run::default();
    run.put("parse", 1.5);
    run.put(results::Run::TIME, 20.25);
    let told = results::Run::parse(&run.to_string()).unwrap();
    assert_eq!(told.get("parse"), Some(1.5));
    assert_eq!(told.get(results::Run::TIME), Some(20.25));
    assert!(results::Run::parse("no figure").is_none());
}

#[test]
fn figures_have_three_digits_and_numbers_of_floats_have_groups() {
    assert_eq!(
        [0.5, 9.994, 12.34, 123.4, 12_345.6].map(digits),
        ["0.50", "9.99", "12.3", "123", "12346"]
    );
    assert_eq!([7, 999, 1_000, 1_234_567].map(thousands), ["7", "999", "1,000", "1,234,567"]);
}
