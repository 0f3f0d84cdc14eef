//! Weights of a package.

use sottovoce_mil::Package;
use sottovoce_tensor::{DType, Tensor};

use super::Weights;
use crate::{error::GraphError, ir::BlobRef};

impl Weights for Package {
    fn load(&self, blob: &BlobRef, dtype: DType, shape: &[usize]) -> Result<Tensor, GraphError> {
        self.blob(&blob.file, blob.offset, dtype, shape).map_err(|error| GraphError::Weight(error.to_string()))
    }
}
