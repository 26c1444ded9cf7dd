//! `RESULTS.md`: what was measured, as text that differs from run to run by its figures only.

mod explain;
mod goals;
mod tables;

use crate::results::Results;

/// What each table means; it has no figures.
const LEGEND: &str = include_str!("legend.md");

/// The whole text.
pub(crate) fn text(results: &Results) -> String {
    let section = |title: &str, measured: bool, text: String| {
        let text = if measured { text } else { "Not measured in this run.".to_owned() };
        format!("## {title}\n\n{text}")
    };
    let Results { sizes, packets, instructions, .. } = results;
    let processes = !sizes.is_empty();
    let sections = [
        HEAD.to_owned(),
        tables::machine(results),
        section("Figures to reach", true, goals::table(results)),
        explain::unreached(results),
        section("Whole processes", processes, tables::processes(results)),
        section("The kernel part and the floor", processes, tables::kernel_parts(results)),
        section("Where the time goes", processes, tables::steps(results)),
        section("The first packet of a connection", !packets.is_empty(), tables::packets(results)),
        section(
            "Instructions of the pure core",
            !instructions.is_empty(),
            tables::instructions(results),
        ),
        LEGEND.to_owned(),
    ];
    let sections: Vec<&str> = sections.iter().map(|section| section.trim_end()).collect();
    sections.join("\n\n") + "\n"
}

const HEAD: &str = "\
# What was measured

Written by `make bench`; do not edit. Times are medians of wall time, memory is the median of peak
resident memory, and a ratio is the median of the ratios of the runs that were made next to each
other, A B A B …. What the rows mean is said [at the end](#what-the-rows-mean).
";
