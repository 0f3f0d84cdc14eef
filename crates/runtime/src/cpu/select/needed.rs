//! Which nodes have to be computed at all.

use sottovoce_graph::ir::{Graph, NodeId, ValueId};

use super::grown::GrownCaches;
use crate::mask::Mask;

/// What the results of a graph need, once sizes are known without computing and some inputs are read as they are. Packages
/// take shapes of repeated keys and cut masks to them; none of that is ever computed.
pub struct Needed {
    /// Nodes, each after those it uses.
    pub nodes: Vec<NodeId>,
    /// How often they, and the caller, read each value.
    pub uses: Vec<usize>,
}

impl Needed {
    /// Walks back from the results.
    pub fn find(graph: &Graph, grown: &GrownCaches) -> Self {
        let mut uses = vec![0; graph.num_values()];
        for root in graph.roots() {
            uses[root.index()] += 1;
        }
        let mut nodes = Vec::new();
        for id in graph.schedule().into_iter().rev() {
            let node = graph.node(id);
            if node.outputs.iter().all(|&output| uses[output.index()] == 0 || is_size(graph, output)) {
                continue;
            }
            nodes.push(id);
            let grows = node.outputs.first().is_some_and(|&output| grown.layer(output).is_some());
            for (name, arg) in &node.args {
                let read_in_place = |index: usize, value: ValueId| {
                    grows && index == 0 || *name == "attn_mask" && Mask::of(graph, value).is_some()
                };
                for (index, &value) in arg.values().iter().enumerate() {
                    uses[value.index()] += usize::from(!is_size(graph, value) && !read_in_place(index, value));
                }
            }
        }
        nodes.reverse();
        Self { nodes, uses }
    }
}

/// Whether the elements follow from the sizes of the inputs.
fn is_size(graph: &Graph, value: ValueId) -> bool {
    graph.fact(value).value.is_some()
}
