//! Each pass on a small program: the text it gives (golden files beside the programs), and the same results as without it
//! on random inputs. A golden file is written anew with `UPDATE_GOLDEN=1 cargo test -p sottovoce-graph --test passes`.

use std::{path::PathBuf, sync::Arc};

use indexmap::IndexMap;
use sottovoce_graph::{Graph, InterpretOptions, Interpreter, NoWeights, ir::Dim, lower, passes, text};
use sottovoce_mil::{description::FunctionDescription, text::parse};
use sottovoce_tensor::{DType, Tensor};
use sottovoce_testkit::Random;

/// Program, the pass it is for, and the sizes of its unknown dimensions, in the order of the inputs.
const CASES: [(&str, &str, &[usize]); 9] = [
    ("simplify", "simplify", &[3, 3]),
    ("rms_norm", "fuse_rms_norm", &[3]),
    ("rms_norm_heads", "fuse_rms_norm", &[3, 3]),
    ("rotary", "fuse_rotary", &[5, 5]),
    ("rotary_partial", "fuse_rotary", &[5, 5]),
    ("attention", "fuse_attention", &[3, 5, 5, 3, 5]),
    ("soft_cap", "fuse_attention", &[3, 5, 5, 3, 5]),
    ("logit_cap", "fuse_soft_cap", &[3]),
    ("gate", "fuse_gate", &[3, 3]),
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/passes")
}

fn load(name: &str) -> Graph {
    let source = std::fs::read_to_string(folder().join(format!("{name}.mil"))).unwrap();
    let program = parse(&source).unwrap_or_else(|error| panic!("{name}: {error}"));
    lower(&program, &FunctionDescription::default(), "main").unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn run(pass: &str, graph: Graph) -> Graph {
    let pass = passes::ALL.iter().find(|known| known.name == pass).unwrap();
    (pass.run)(graph)
}

/// Random inputs of the graph's types, small integers for ids.
fn inputs(graph: &Graph, sizes: &[usize], random: &mut Random) -> IndexMap<String, Tensor> {
    let mut sizes = sizes.iter();
    let mut inputs = IndexMap::new();
    for &id in &graph.inputs {
        let size_of = |dim: &Dim| dim.as_size().unwrap_or_else(|| *sizes.next().unwrap());
        let shape: Vec<usize> = graph.input_dims(id).iter().map(size_of).collect();
        let dtype = graph.fact(id).dtype;
        let tensor = if dtype == DType::I32 {
            let ids: Vec<i32> = (0..shape.iter().product()).map(|_| random.below(6) as i32 - 3).collect();
            Tensor::from_slice(shape, &ids).unwrap()
        } else {
            random.tensor(dtype, &shape, 1.0)
        };
        inputs.insert(graph.value(id).name.clone(), tensor);
    }
    inputs
}

fn evaluate(graph: Graph, inputs: &IndexMap<String, Tensor>) -> Vec<f32> {
    let interpreter = Interpreter::new(graph, Arc::new(NoWeights), InterpretOptions { exact: true });
    let outputs = interpreter.run(inputs, &mut IndexMap::new()).unwrap();
    outputs.values().flat_map(Tensor::to_f32_vec).collect()
}

#[test]
fn passes_give_the_golden_text() {
    for (name, pass, _) in CASES {
        let found = text::print(&run(pass, load(name)));
        let golden = folder().join(format!("{name}.golden"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_else(|error| panic!("{}: {error}", golden.display()));
        assert_eq!(found, expected, "{pass} on {name}.mil");
    }
}

/// In exact mode both sides compute in f32, in another order: 1e-5 of values around 1 is a hundred roundings.
#[test]
fn passes_keep_the_meaning() {
    for (name, pass, sizes) in CASES {
        for seed in 0..8 {
            let before = load(name);
            let inputs = inputs(&before, sizes, &mut Random::new(seed));
            let after = run(pass, before.clone());
            assert!(after.schedule().len() < before.schedule().len(), "{pass} removes nothing from {name}.mil");
            let (expected, found) = (evaluate(before, &inputs), evaluate(after, &inputs));
            assert_eq!(expected.len(), found.len());
            for (index, (expected, found)) in expected.iter().zip(&found).enumerate() {
                let close = (expected - found).abs() <= 1e-5 * expected.abs().max(1.0);
                assert!(close, "{pass} on {name}.mil, seed {seed}, element {index}: {found} instead of {expected}");
            }
        }
    }
}

#[test]
fn passes_leave_alone_what_they_do_not_know() {
    // Each program is for one pass; the other fusions must not change its results, alone or together.
    for (name, _, sizes) in CASES {
        let before = load(name);
        let inputs = inputs(&before, sizes, &mut Random::new(3));
        let expected = evaluate(before.clone(), &inputs);
        let found = evaluate(passes::optimise(before), &inputs);
        assert!(expected.iter().zip(&found).all(|(a, b)| (a - b).abs() <= 1e-5 * a.abs().max(1.0)), "{name}.mil");
    }
}
