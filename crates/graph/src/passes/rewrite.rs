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

/// Sweeps over a graph before the rules are taken to undo each other. Every rule removes something, so that the depth of
/// nesting bounds the number of sweeps; real programs need two.
const MAX_SWEEPS: usize = 16;

/// Tries the rules, in order, at every live value, makes the replacements, and begins again until there are none.
pub fn rewrite(mut graph: Graph, rules: &[Rule]) -> Graph {
    for _ in 0..MAX_SWEEPS {
        if !sweep(&mut graph, rules) {
            break;
        }
    }
    graph
}

fn sweep(graph: &mut Graph, rules: &[Rule]) -> bool {
    let mut replace = vec![None; graph.num_values()];
    for node in graph.schedule() {
        for output in graph.node(node).outputs.clone() {
            for rule in rules {
                let Some(captures) = rule.pattern.find(graph, output) else { continue };
                if let Some(new) = (rule.build)(graph, output, &captures) {
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
    replace.iter().any(Option::is_some)
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

/// A captured factor, or the inverse of a captured divisor; 1 when the program has neither.
pub(super) fn factor(graph: &Graph, captures: &Captures, factor: &str, divisor: &str) -> Option<f32> {
    match (captures.get(factor), captures.get(divisor)) {
        (Some(factor), _) => graph.scalar(factor),
        (None, Some(divisor)) => graph.scalar(divisor).map(|divisor| 1.0 / divisor),
        (None, None) => Some(1.0),
    }
}
