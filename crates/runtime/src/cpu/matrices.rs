//! Weight matrices in the kernels' layout: mapped from the packed cache, or packed once when a model is loaded.

use std::collections::HashSet;

use sottovoce_graph::ir::{Graph, ValueId};
use sottovoce_kernels::{PackedLayout, PackedLinear, Team};
use sottovoce_mil::Package;
use sottovoce_tensor::Bytes;

use super::weights::matrix;
use crate::{
    error::RuntimeError,
    packed_cache::{self, Archive, Writer},
};

/// Where matrices come from.
pub struct Matrices<'a> {
    /// The graph that uses them.
    pub graph: &'a Graph,
    /// The package that holds them.
    pub package: &'a Package,
    /// Who packs them.
    pub team: &'a Team,
}

impl Matrices<'_> {
    /// The matrices of `values` from the packed cache, which is made or made anew where it is missing, stale or damaged.
    ///
    /// # Errors
    /// [`RuntimeError::PackedCache`] when it can neither be used nor written, and those of [`Matrices::pack`].
    pub fn cached(&self, values: &[ValueId]) -> Result<Vec<PackedLinear>, RuntimeError> {
        let Self { graph, package, team } = *self;
        let path = packed_cache::path(package.path());
        let error = |reason: String| RuntimeError::PackedCache { path: path.clone(), reason };
        let fingerprint = packed_cache::fingerprint(package)
            .map_err(|source| error(format!("the weight files cannot be told apart: {source}")))?;
        let keys: Vec<_> =
            values.iter().map(|&value| packed_cache::key(graph, package, value)).collect::<Result<_, _>>()?;
        package.release_weights();
        let read = || {
            let archive = Archive::open(&path, &fingerprint, team)?;
            let find = |(&value, key)| {
                let matrix = archive.matrix(key)?;
                let shape = [matrix.rows(), matrix.columns()];
                (graph.fact(value).fixed_shape()? == shape).then_some(matrix)
            };
            let matrices: Option<Vec<_>> = values.iter().zip(&keys).map(find).collect();
            matrices.ok_or_else(|| error("holds other matrices".to_owned()))
        };
        if let Ok(matrices) = read() {
            return Ok(matrices);
        }
        let like = package.weight_files().map(|(_, metadata)| metadata).next();
        let mut writer = Writer::create(path.clone(), &fingerprint, like)?;
        let mut written = HashSet::new();
        for (&value, key) in values.iter().zip(&keys) {
            if written.insert(key) {
                matrix(graph, package, value, &mut |packer| {
                    writer.append(key, packer.layout(), |out| packer.pack(out, team))
                })?;
                package.release_weights();
            }
        }
        writer.finish()?;
        read()
    }

    /// The matrices of `values`, packed into memory.
    ///
    /// # Errors
    /// When the weight file is missing or damaged, or the compression has a form that nothing here reads.
    pub fn pack(&self, values: &[ValueId]) -> Result<Vec<PackedLinear>, RuntimeError> {
        let mut arena = Arena::default();
        let mut places = Vec::with_capacity(values.len());
        for &value in values {
            places.push(matrix(self.graph, self.package, value, &mut |packer| {
                Ok(arena.place(packer.layout(), |out| packer.pack(out, self.team)))
            })?);
            self.package.release_weights();
        }
        let matrix = |(layout, chunk, offset): (PackedLayout, usize, usize)| {
            let bytes = arena.chunks[chunk].slice(offset, layout.bytes())?;
            PackedLinear::from_packed(layout, &bytes).map_err(|error| RuntimeError::Kernels(error.to_string()))
        };
        places.into_iter().map(matrix).collect()
    }
}

/// Memory for packed matrices side by side, since only large pieces come in huge pages.
#[derive(Default)]
struct Arena {
    chunks: Vec<Bytes>,
    /// Bytes of the last chunk.
    used: usize,
}

impl Arena {
    /// Places a matrix, whose bytes `pack` writes: layout, chunk and offset in it.
    fn place(&mut self, layout: &PackedLayout, pack: impl FnOnce(&mut [u8])) -> (PackedLayout, usize, usize) {
        const CHUNK: usize = 64 << 20;
        let len = layout.bytes();
        if self.chunks.last().is_none_or(|chunk| chunk.len() - self.used < len) {
            self.chunks.push(Bytes::zeroed_in_huge_pages(len.max(CHUNK)));
            self.used = 0;
        }
        let (last, offset) = (self.chunks.len() - 1, self.used);
        pack(&mut self.chunks[last].make_mut()[offset..offset + len]);
        self.used += len;
        (*layout, last, offset)
    }
}
