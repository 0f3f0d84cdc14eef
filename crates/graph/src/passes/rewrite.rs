//! The driver of the passes: matches rules at every value and replaces what they match.

use crate::{
    infer::infer_node,
    ir::{Arg, Fact, Graph, ValueId},
    op::OpDef,
    pattern::{Captures, Pattern},
};

/// A rule: where the pattern matches, `build` may give a value that takes the place of the matched one. It looks at what
/// the pattern cannot say (axes, sizes) and gives `None` when that does not fit.
pub struct Rule {
    /// What to look for.
    pub pattern: Pattern,
    /// The replacement.
    pub build: fn(&mut Graph, ValueId, &Captures) -> Option<ValueId>,
}

/// Tries the rules, in order, at every live value, and makes the replacements.
pub fn rewrite(mut graph: Graph, rules: &[Rule]) -> Graph {
    let mut replace = vec![None; graph.num_values()];
    for node in graph.schedule() {
        for output in graph.node(node).outputs.clone() {
            for rule in rules {
                let Some(captures) = rule.pattern.find(&graph, output) else { continue };
                if let Some(new) = (rule.build)(&mut graph, output, &captures) {
                    debug_assert_eq!(graph.fact(new).shape, graph.fact(output).shape);
                    debug_assert_eq!(graph.fact(new).dtype, graph.fact(output).dtype);
                    replace.resize(graph.num_values(), None);
                    replace[output.index()] = Some(new);
                    break;
                }
            }
        }
    }
    graph.replace_uses(&replace);
    graph
}

/// Adds a node with one result, named after the value it will replace. `None` when inference rejects the arguments.
pub fn add_op(
    graph: &mut Graph,
    op: &'static OpDef,
    args: Vec<(&'static str, Arg)>,
    instead_of: ValueId,
) -> Option<ValueId> {
    let old = graph.value(instead_of);
    let result = (old.name.clone(), Fact::new(old.fact.dtype, old.fact.shape.clone()));
    let node = graph.add_node(op, args, [result]);
    infer_node(graph, node).ok()?;
    Some(graph.node(node).outputs[0])
}
