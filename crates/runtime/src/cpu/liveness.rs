//! What each step reads and writes, and what follows from it: steps that nothing needs, steps that only the last row
//! needs, and buffers that can share memory.

use std::collections::HashSet;

use sottovoce_graph::ir::{Graph, ValueId};

use super::plan::{Attention, BufferId, Epilogue, Outlet, Plan, Source, Step, Target};

impl Source {
    /// Buffers it reads.
    pub fn reads(&self) -> Vec<BufferId> {
        match self {
            Self::Rows(x) | Self::RmsNorm { x, .. } => vec![x.buffer],
            Self::Gate { gate, up, .. } => vec![gate.buffer, up.buffer],
        }
    }
}

impl Step {
    /// Buffers it reads.
    pub fn reads(&self) -> Vec<BufferId> {
        match self {
            Self::Embed { .. } | Self::ToRows { .. } | Self::Sizes { .. } | Self::Generic { .. } | Self::Carry(_) => {
                Vec::new()
            }
            Self::Linear { source, epilogue, .. } => {
                let mut reads = source.reads();
                if let Epilogue::Add(residual) = epilogue {
                    reads.push(residual.buffer);
                }
                reads
            }
            Self::Apply { source, .. } => source.reads(),
            Self::Heads(items) => items.iter().map(|item| item.source.buffer).collect(),
            Self::Attention(attention) => vec![attention.query.buffer],
            Self::Add { x, y, .. } => [vec![x.buffer], y.reads()].concat(),
            Self::Scale { x, .. } | Self::ToTensor { x, .. } => vec![x.buffer],
        }
    }

    /// Buffers it writes.
    pub fn writes(&self) -> Vec<BufferId> {
        match self {
            Self::Embed { out, .. }
            | Self::Linear { out, .. }
            | Self::Apply { out, .. }
            | Self::Attention(Attention { out, .. })
            | Self::Add { out, .. }
            | Self::Scale { out, .. }
            | Self::ToRows { out, .. } => vec![out.buffer],
            Self::Heads(items) => items
                .iter()
                .filter_map(|item| match item.target {
                    Target::Rows(columns) => Some(columns.buffer),
                    Target::Cache(_) => None,
                })
                .collect(),
            Self::ToTensor { .. } | Self::Sizes { .. } | Self::Generic { .. } | Self::Carry(_) => Vec::new(),
        }
    }

    /// True when it writes a cache.
    pub fn writes_cache(&self) -> bool {
        match self {
            Self::Heads(items) => items.iter().any(|item| matches!(item.target, Target::Cache(_))),
            Self::Carry(_) => true,
            _ => false,
        }
    }
}

impl Plan {
    /// Removes steps whose results nothing reads, shape arithmetic above all.
    pub fn remove_dead_steps(&mut self, graph: &Graph) {
        let mut tensors: HashSet<ValueId> = self.output_tensors().collect();
        let mut buffers: HashSet<BufferId> = HashSet::new();
        for table in &self.tables {
            if let super::plan::Positions::Tensor(value) = table.positions {
                tensors.insert(value);
            }
        }
        let mut keep = vec![false; self.steps.len()];
        for (index, step) in self.steps.iter().enumerate().rev() {
            keep[index] = step.writes_cache()
                || step.writes().iter().any(|buffer| buffers.contains(buffer))
                || match step {
                    Step::ToTensor { value, .. } | Step::Sizes { value } => tensors.contains(value),
                    Step::Generic { node } => graph.node(*node).outputs.iter().any(|value| tensors.contains(value)),
                    _ => false,
                };
            if keep[index] {
                buffers.extend(step.reads());
                match step {
                    Step::Generic { node } => tensors.extend(graph.node(*node).operands()),
                    Step::ToRows { value, .. } => {
                        tensors.insert(*value);
                    }
                    _ => {}
                }
            }
        }
        let mut keep = keep.into_iter();
        self.steps.retain(|_| keep.next().unwrap_or(true));
    }

    /// For each step whether only its last row matters when the caller wants the last row of the outputs: the head of a
    /// language model, and what leads to it from the last attention on.
    pub fn last_row_steps(&self) -> Vec<bool> {
        let mut needs_all: HashSet<BufferId> = HashSet::new();
        let mut last = vec![false; self.steps.len()];
        for (index, step) in self.steps.iter().enumerate().rev() {
            let output = matches!(step, Step::ToTensor { value, .. } if self.outputs.contains(&Outlet::Tensor(*value)));
            let all = match step {
                Step::ToTensor { .. } => !output,
                Step::Generic { .. } | Step::ToRows { .. } | Step::Heads(_) | Step::Carry(_) => true,
                _ => step.writes().iter().any(|buffer| needs_all.contains(buffer)),
            };
            last[index] = !all;
            if all {
                needs_all.extend(step.reads());
            }
        }
        last
    }

    /// Memory slot of each buffer: buffers whose lives do not overlap share one. Gives the slots and their widths.
    pub fn assign_slots(&self) -> (Vec<usize>, Vec<usize>) {
        let mut last_use = vec![0; self.widths.len()];
        for (index, step) in self.steps.iter().enumerate() {
            for buffer in step.reads().into_iter().chain(step.writes()) {
                last_use[buffer.0] = index;
            }
        }
        let mut slots = vec![usize::MAX; self.widths.len()];
        let mut widths: Vec<usize> = Vec::new();
        let mut free: Vec<usize> = Vec::new();
        for (index, step) in self.steps.iter().enumerate() {
            for buffer in step.writes() {
                if slots[buffer.0] != usize::MAX {
                    continue;
                }
                let width = self.widths[buffer.0];
                // The slot that wastes least, or the widest one, which then grows least.
                let fit = free.iter().copied().filter(|&slot| widths[slot] >= width).min_by_key(|&slot| widths[slot]);
                let slot = fit.or_else(|| free.iter().copied().max_by_key(|&slot| widths[slot]));
                let slot = slot.unwrap_or_else(|| {
                    widths.push(0);
                    widths.len() - 1
                });
                free.retain(|&other| other != slot);
                widths[slot] = widths[slot].max(width);
                slots[buffer.0] = slot;
            }
            let dying: HashSet<BufferId> = step.reads().into_iter().chain(step.writes()).collect();
            let mut dying: Vec<usize> =
                dying.into_iter().filter(|buffer| last_use[buffer.0] == index).map(|buffer| slots[buffer.0]).collect();
            // A fixed order, so that a graph always gets the same plan.
            dying.sort_unstable();
            free.extend(dying);
        }
        (slots, widths)
    }
}
