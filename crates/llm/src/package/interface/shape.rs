//! The sizes that a feature accepts.

use std::ops::RangeInclusive;

use sottovoce_mil::description::{Feature, FeatureType, Flexibility};
use sottovoce_tensor::DType;

use super::recognise::MAX_CONTEXT;

/// Element type and range of each dimension.
pub(super) struct Shape<'a> {
    feature: &'a Feature,
    pub(super) dtype: DType,
    ranges: Vec<RangeInclusive<usize>>,
}

impl<'a> Shape<'a> {
    pub(super) fn of(feature: &'a Feature) -> Result<Self, String> {
        let FeatureType::Array { dtype: Some(dtype), shape, flexibility } = &feature.ty else {
            return Err(format!("{} is {}, expected an array of known type", feature.name, feature.ty));
        };
        let ranges = match flexibility {
            Flexibility::Fixed => shape.iter().map(|&size| size..=size).collect(),
            Flexibility::Ranges(ranges) => {
                ranges.iter().map(|&(low, high)| low..=high.unwrap_or(MAX_CONTEXT)).collect()
            }
            // What runs the package takes what lies between, too.
            Flexibility::Enumerated(shapes) => hull(shapes),
        };
        Ok(Self { feature, dtype: *dtype, ranges })
    }

    pub(super) fn rank(&self) -> usize {
        self.ranges.len()
    }

    /// Sizes of the axis that is `from_last` before the last.
    pub(super) fn range(&self, from_last: usize) -> RangeInclusive<usize> {
        self.ranges.iter().rev().nth(from_last).cloned().unwrap_or(1..=1)
    }

    /// Ranges of all axes.
    pub(super) fn ranges(&self) -> &[RangeInclusive<usize>] {
        &self.ranges
    }

    /// Checks that all but the last `free` axes can be 1.
    pub(super) fn expect_ones(&self, free: usize, expected: &str) -> Result<(), String> {
        let leading = &self.ranges[..self.rank().saturating_sub(free)];
        let fits = leading.iter().all(|range| range.contains(&1));
        if fits { Ok(()) } else { Err(self.wrong(expected)) }
    }

    /// `causalMask is fp16 [2, 64], expected …`
    pub(super) fn wrong(&self, expected: &str) -> String {
        format!("{} is {}, expected {expected}", self.feature.name, self.feature.ty)
    }
}

/// Per axis, from the smallest size to the largest.
fn hull(shapes: &[Vec<usize>]) -> Vec<RangeInclusive<usize>> {
    let rank = shapes.iter().map(Vec::len).min().unwrap_or(0);
    let sizes = |axis: usize| shapes.iter().map(move |shape| shape[axis]);
    (0..rank).map(|axis| sizes(axis).min().unwrap_or(0)..=sizes(axis).max().unwrap_or(0)).collect()
}
