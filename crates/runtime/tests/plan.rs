//! Plans of the full SmolLM2 programs that Apple's converter made, without their weights: how few steps are left, and that
//! neither names nor the order of independent operations matter. Plans of small packages in every variant.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    ops::ControlFlow,
    sync::Arc,
};

use sottovoce_convert::{Checkpoint, ConvertOptions, Variant};
use sottovoce_mil::{
    Package,
    program::{Binding, Block, Operation, ValueData},
};
use sottovoce_runtime::PlanReport;
use sottovoce_testkit::{Random, fixtures_dir};

const LAYERS: usize = 30;
const MOST_STEPS_A_LAYER: usize = 9;
/// Embedding, last norm with the vocabulary, and the result in the caller's type.
const STEPS_OUTSIDE_LAYERS: usize = 3;

fn programs() -> [Package; 2] {
    ["SmolLM2-135M-Stateful-512", "SmolLM2-135M-Stateful-4bit-512"].map(|name| {
        let path = fixtures_dir().join("programs").join(format!("{name}.mlpackage"));
        Package::open(&path).unwrap_or_else(|error| panic!("{error}"))
    })
}

#[test]
fn apples_packages_run_in_at_most_nine_steps_a_layer() {
    for package in programs() {
        let report = PlanReport::of(&package, None).unwrap();
        assert_eq!(report.refusal, None);
        assert_eq!(report.layers, LAYERS);
        let count = report.steps.len();
        assert!(count <= MOST_STEPS_A_LAYER * LAYERS + STEPS_OUTSIDE_LAYERS, "{count} steps: {:?}", report.kinds);
        let generic: Vec<_> = report.kinds.iter().filter(|(kind, _)| kind.starts_with("generic")).collect();
        assert!(generic.is_empty(), "left to the interpreter: {generic:?}");
    }
}

#[test]
fn both_of_apples_packages_are_fused_alike() {
    let [f16, int4] = programs().map(|package| PlanReport::of(&package, None).unwrap().kinds);
    assert_eq!(f16, int4);
}

/// Steps by kind of the three variants of one small model, and its number of layers.
fn check_variants([stateful, grown, baseline]: [Package; 3]) {
    let [stateful, grown, baseline] = [stateful, grown, baseline].map(|package| {
        let report = PlanReport::of(&package, None).unwrap();
        assert_eq!(report.refusal, None, "{}", package.path().display());
        report
    });
    assert!(stateful.kinds.iter().all(|(kind, _)| !kind.starts_with("generic")), "{:?}", stateful.kinds);
    assert_eq!(baseline.kinds, stateful.kinds);
    let mut kinds = grown.kinds;
    let carry = kinds.iter().position(|(kind, _)| kind == "carry").expect("earlier positions are carried over");
    assert_eq!(kinds.remove(carry).1, stateful.layers, "once a layer for keys and values together");
    assert_eq!(kinds, stateful.kinds);
}

#[test]
fn apples_packages_without_states_run_the_steps_of_those_with_states() {
    let open = |variant| {
        let path = fixtures_dir().join(format!("coremltools/llama-{variant}.mlpackage"));
        Package::open(&path).unwrap_or_else(|error| panic!("{error}"))
    };
    check_variants(["fp16", "kvio", "baseline"].map(open));
}

#[test]
fn our_packages_without_states_run_the_steps_of_those_with_states() {
    let checkpoint = Checkpoint::open(&fixtures_dir().join("checkpoints/llama-hf")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let convert = |variant| {
        let path = folder.path().join(format!("{variant:?}.mlpackage"));
        let options = ConvertOptions { variant, ..ConvertOptions::default() };
        sottovoce_convert::convert(&checkpoint, &path, &options, &mut |_| ControlFlow::Continue(())).unwrap();
        Package::open(&path).unwrap()
    };
    check_variants([Variant::Stateful, Variant::KvIo, Variant::Baseline].map(convert));
}

#[test]
fn apples_gemma_2_has_its_soft_cap_inside_attention() {
    let path = fixtures_dir().join("coremltools/gemma2-fp16.mlpackage");
    let report = PlanReport::of(&Package::open(&path).unwrap(), None).unwrap();
    assert_eq!(report.layers, 2);
    let capped = report.steps.iter().filter(|step| step.contains("attention") && step.contains("soft cap 50"));
    assert_eq!(capped.count(), report.layers, "{report}");
    assert!(report.kinds.iter().all(|(kind, _)| !kind.starts_with("generic")), "that of the logits too: {report}");
}

#[test]
fn names_and_order_leave_the_plan_as_it_is() {
    let mut random = Random::from_env(7);
    for mut package in programs() {
        let expected = PlanReport::of(&package, None).unwrap();
        let before = package.program.clone();
        scramble(&mut package, &mut random);
        assert_ne!(before, package.program);
        let found = PlanReport::of(&package, None).unwrap();
        for (index, (found, expected)) in found.steps.iter().zip(&expected.steps).enumerate() {
            assert_eq!(found, expected, "step {index}");
        }
        assert_eq!(found, expected);
    }
}

/// Renames every value that is not part of the interface and puts the operations in another order that means the same.
fn scramble(package: &mut Package, random: &mut Random) {
    let function = &mut Arc::make_mut(&mut package.program).functions["main"];
    let interface: HashSet<String> = function.inputs.iter().map(|input| input.name.clone()).collect();
    let block = &mut function.block_specializations[function.opset.as_str()];
    block.operations = shuffled(std::mem::take(&mut block.operations), random);
    let mut names = HashMap::new();
    for operation in &block.operations {
        for output in operation.outputs.iter().filter(|output| !block.outputs.contains(&output.name)) {
            names.insert(output.name.clone(), format!("x{:016x}", random.bits()));
        }
    }
    assert!(interface.iter().all(|name| !names.contains_key(name)));
    rename(block, &names, random);
}

fn rename(block: &mut Block, names: &HashMap<String, String>, random: &mut Random) {
    for operation in &mut block.operations {
        assert!(operation.blocks.is_empty(), "these programs have no nested blocks");
        let bindings = operation.inputs.values_mut().flatten().filter_map(|binding| match binding {
            Binding::Name(name) => Some(name),
            Binding::Value(_) => None,
        });
        for name in bindings.chain(operation.outputs.iter_mut().map(|output| &mut output.name)) {
            if let Some(new) = names.get(name) {
                name.clone_from(new);
            }
        }
        if let Some(ValueData::Strings(strings)) = operation.attributes.get_mut("name").map(|value| &mut value.data) {
            *strings = vec![format!("y{:016x}", random.bits())];
        }
    }
}

/// A random order in which every operation still follows the ones whose results it takes, and those that touch a state keep
/// their order.
fn shuffled(operations: Vec<Operation>, random: &mut Random) -> Vec<Operation> {
    let mut maker = HashMap::new();
    let mut last_on_state = None;
    let mut waits_for = vec![0; operations.len()];
    let mut followers = BTreeMap::<usize, Vec<usize>>::new();
    for (index, operation) in operations.iter().enumerate() {
        let mut earlier: HashSet<usize> = names_in(operation).filter_map(|name| maker.get(name).copied()).collect();
        if matches!(operation.kind.as_str(), "read_state" | "write_state") {
            earlier.extend(last_on_state.replace(index));
        }
        waits_for[index] = earlier.len();
        for before in earlier {
            followers.entry(before).or_default().push(index);
        }
        maker.extend(operation.outputs.iter().map(|output| (output.name.as_str(), index)));
    }
    let mut ready: Vec<usize> = (0..operations.len()).filter(|&index| waits_for[index] == 0).collect();
    let mut order = Vec::with_capacity(operations.len());
    while !ready.is_empty() {
        let next = ready.swap_remove(random.below(ready.len()));
        for &follower in followers.get(&next).into_iter().flatten() {
            waits_for[follower] -= 1;
            if waits_for[follower] == 0 {
                ready.push(follower);
            }
        }
        order.push(next);
    }
    assert_eq!(order.len(), operations.len(), "the operations depend on each other in a circle");
    order.into_iter().map(|index| operations[index].clone()).collect()
}

fn names_in(operation: &Operation) -> impl Iterator<Item = &str> {
    operation.inputs.values().flatten().filter_map(|binding| match binding {
        Binding::Name(name) => Some(name.as_str()),
        Binding::Value(_) => None,
    })
}
