//! Medians and percentiles.

/// The median, which is the mean of the middle two of an even number; `None` of nothing.
pub(crate) fn median(figures: impl IntoIterator<Item = f64>) -> Option<f64> {
    let sorted = sorted(figures);
    let upper = sorted.get(sorted.len() / 2)?;
    let lower = sorted.get((sorted.len() - 1) / 2)?;
    Some(f64::midpoint(*lower, *upper))
}

/// The smallest figure that is not exceeded by `percent` of a hundred: the nearest rank.
pub(crate) fn percentile(figures: impl IntoIterator<Item = f64>, percent: usize) -> Option<f64> {
    let sorted = sorted(figures);
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

/// The median of `ours ÷ theirs`, pair by pair as they were taken; `None` of no pairs.
///
/// Not the ratio of the medians: a machine that is slow for a while is so for both of a pair.
pub(crate) fn median_ratio(ours: &[f64], theirs: &[f64]) -> Option<f64> {
    median(ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs))
}

fn sorted(figures: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = figures.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}
