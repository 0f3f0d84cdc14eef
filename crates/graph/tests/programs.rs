//! Shapes of the full SmolLM2 packages that Apple's converter made, from their programs alone.

use sottovoce_graph::{Graph, ir::Fact, lower};
use sottovoce_mil::Package;
use sottovoce_testkit::fixtures_dir;

fn graph(name: &str) -> Graph {
    let package = Package::open(&fixtures_dir().join("programs").join(name)).unwrap();
    lower(&package.program, package.interface("main").unwrap(), "main").unwrap()
}

fn shape(fact: &Fact) -> String {
    fact.shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// Shapes of the results of every live operation of that name, without repetition.
fn shapes_of(graph: &Graph, op: &str) -> Vec<String> {
    let nodes = graph.schedule().into_iter().map(|id| graph.node(id)).filter(|node| node.op.name == op);
    let mut shapes: Vec<String> = nodes.map(|node| shape(graph.fact(node.outputs[0]))).collect();
    shapes.sort();
    shapes.dedup();
    shapes
}

/// 30 layers, 9 heads over 3 key and value heads of 64, hidden size 576; `s0` is q, `s2` is kv.
#[test]
fn every_shape_of_smollm2_follows_from_the_sizes_of_the_inputs() {
    for name in ["SmolLM2-135M-Stateful-512.mlpackage", "SmolLM2-135M-Stateful-4bit-512.mlpackage"] {
        let graph = graph(name);
        assert_eq!(shapes_of(&graph, "tile"), ["1,3,3,s2,64"], "{name}");
        assert_eq!(shapes_of(&graph, "matmul"), ["1,32,s0", "1,9,s0,64", "1,9,s0,s2"], "{name}");
        assert_eq!(shapes_of(&graph, "softmax"), ["1,9,s0,s2"], "{name}");
        assert_eq!(shapes_of(&graph, "slice_update"), ["30,1,3,512,64"], "{name}");
        assert_eq!(shapes_of(&graph, "range_1d"), ["s0"], "{name}");
        assert_eq!(shape(graph.fact(graph.outputs[0].value)), "1,s0,49152", "{name}");
        assert!(graph.schedule().iter().all(|&id| {
            let node = graph.node(id);
            // The shape arithmetic is known too: nothing that computes a shape is left to run time.
            !["shape", "real_div", "equal", "select"].contains(&node.op.name)
                || graph.fact(node.outputs[0]).rank() > 1
                || graph.fact(node.outputs[0]).value.is_some()
        }));
    }
}

#[test]
fn the_rules_that_smollm2_relies_on_are_few() {
    for name in ["SmolLM2-135M-Stateful-512.mlpackage", "SmolLM2-135M-Stateful-4bit-512.mlpackage"] {
        let rules: Vec<String> = graph(name).guards.iter().map(|guard| guard.condition.to_string()).collect();
        // The past is not negative, and the two inputs have the same q. Everything else follows from the ranges.
        assert_eq!(rules, ["0 <= -s0 + s2", "s0 = s1"], "{name}");
    }
}
