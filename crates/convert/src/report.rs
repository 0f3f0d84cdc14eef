use std::collections::BTreeMap;

use crate::{
    quantize::{ErrorSum, Form},
    weights::WeightFormat,
};

/// What a conversion did to the weights.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// One entry per pair of stored format and form in the package.
    pub changes: BTreeMap<(WeightFormat, Form), Change>,
}

/// The tensors that went from one format to one form.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// Number of tensors.
    pub tensors: usize,
    /// Bytes in the checkpoint.
    pub source_bytes: u64,
    /// Bytes in the package: codes, scales and offsets.
    pub package_bytes: u64,
    /// Difference that the change made.
    pub error: ErrorSum,
}

impl Report {
    pub(crate) fn add(
        &mut self,
        from: WeightFormat,
        to: Form,
        source_bytes: u64,
        package_bytes: u64,
        error: &ErrorSum,
    ) {
        let change = self.changes.entry((from, to)).or_default();
        change.tensors += 1;
        change.source_bytes += source_bytes;
        change.package_bytes += package_bytes;
        change.error.merge(error);
    }
}

/// A table with a line per change.
impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{:<6} {:<36} {:>7} {:>10} {:>10} {:>9} {:>9}",
            "from", "to", "tensors", "MB", "MB now", "RMS error", "max error"
        )?;
        for ((from, to), change) in &self.changes {
            writeln!(
                f,
                "{:<6} {:<36} {:>7} {:>10.2} {:>10.2} {:>9.2e} {:>9.2e}",
                from.to_string(),
                to.to_string(),
                change.tensors,
                change.source_bytes as f64 / 1e6,
                change.package_bytes as f64 / 1e6,
                change.error.relative_rms(),
                change.error.relative_max(),
            )?;
        }
        Ok(())
    }
}
