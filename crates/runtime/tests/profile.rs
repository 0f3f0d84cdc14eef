//! What a profile says that steps did.

use sottovoce_runtime::{
    BackendKind, Inputs, LoadOptions, Model, OutputRows, PlanReport, PredictOptions, Profile, Work,
};
use sottovoce_tensor::Tensor;
use sottovoce_testkit::{MASKED, causal_mask, fixtures_dir};

/// Calls a fixture with `rows` ids after `past` others, and profiles that call alone.
fn profile(name: &str, backend: BackendKind, past: usize, rows: usize, wanted: OutputRows) -> (Profile, PlanReport) {
    let path = fixtures_dir().join("coremltools").join(format!("{name}.mlpackage"));
    let options = LoadOptions { threads: Some(2), backend: Some(backend), ..LoadOptions::default() };
    let model = Model::load(path, &options).unwrap();
    let mut state = model.new_state();
    let mut call = |ids: usize, past: usize, profiled: bool| {
        let inputs = Inputs::from([
            ("inputIds", Tensor::from_slice([1, ids], &vec![7i32; ids]).unwrap()),
            ("causalMask", causal_mask(ids, past + ids, MASKED)),
        ]);
        if profiled {
            state.start_profile();
        }
        model.predict_with(&inputs, &mut state, &PredictOptions { rows: wanted, ..PredictOptions::default() }).unwrap();
        state.take_profile()
    };
    if past > 0 {
        assert!(call(past, 0, false).is_none(), "nobody asked");
    }
    (call(rows, past, true).unwrap(), PlanReport::of(model.package(), None).unwrap())
}

/// The work of all steps whose kind begins with `kind`.
fn work(profile: &Profile, kind: &str) -> Work {
    let mut sum = Work::default();
    profile.kinds.iter().filter(|cost| cost.kind.starts_with(kind)).for_each(|cost| sum += cost.work);
    sum
}

#[test]
fn every_step_is_counted_once() {
    let (profile, plan) = profile("llama-int4", BackendKind::Cpu, 0, 3, OutputRows::All);
    assert_eq!(profile.kinds.iter().map(|cost| cost.steps).sum::<usize>(), plan.steps.len());
    assert!(profile.kinds.iter().all(|cost| !cost.time.is_zero()), "{profile:?}");
}

#[test]
fn linear_steps_multiply_every_weight_by_every_row() {
    let one = profile("llama-int4", BackendKind::Cpu, 0, 1, OutputRows::All).0;
    let all = profile("llama-int4", BackendKind::Cpu, 0, 3, OutputRows::All).0;
    let last = profile("llama-int4", BackendKind::Cpu, 0, 3, OutputRows::Last).0;
    let (one, all, last) = (work(&one, "linear"), work(&all, "linear"), work(&last, "linear"));
    assert!(one.integer_operations > 0);
    assert_eq!(all.integer_operations, 3 * one.integer_operations);
    assert_eq!(all.bytes, one.bytes, "weights are read once for all rows");
    // What follows the last attention is computed for one row: its projection, gate, up, down, and the logits.
    let after_attention = 2 * (64 * 64 + 3 * 192 * 64 + 320 * 64);
    assert_eq!(last.integer_operations, all.integer_operations - 2 * after_attention);
    let float = profile("llama-fp16", BackendKind::Cpu, 0, 1, OutputRows::All).0;
    assert_eq!(work(&float, "linear").float_operations, one.integer_operations);
    assert_eq!(work(&float, "linear").integer_operations, 0);
}

#[test]
fn attention_reads_the_cache_up_to_the_call_s_end() {
    let (profile, plan) = profile("llama-int4", BackendKind::Cpu, 4, 2, OutputRows::All);
    let attention = work(&profile, "attention");
    let (groups, heads, size) = (2, 4, 16);
    assert_eq!(attention.bytes, (plan.layers * 2 * 6 * groups * size * 2) as u64);
    // Row 0 sees 5 positions, row 1 sees 6.
    assert_eq!(attention.float_operations, (plan.layers * 4 * (5 + 6) * heads * size) as u64);
}

#[test]
fn the_reference_back_end_has_no_steps() {
    let (profile, _) = profile("llama-fp16", BackendKind::Reference, 0, 1, OutputRows::All);
    assert!(profile.kinds.is_empty());
    assert_eq!(profile.work(), Work::default());
}
