use std::{collections::HashSet, fs, path::Path};

use super::*;
use crate::{
    description::{Feature, FeatureType, Flexibility, FunctionDescription},
    program::{Dimension, NamedValueType, ValueType},
    text, validate,
};

/// A program that breaks a rule and one beside it that does not, both for the same target.
struct Case {
    rule: &'static str,
    target: &'static str,
    broken: Model,
    sound: Model,
}

/// A specification, the body of a function, and shapes of its first input where they matter.
struct Model {
    spec_version: i32,
    text: String,
    shapes: Vec<(&'static str, Flexibility)>,
}

impl Model {
    /// A function of `CoreML8` with these inputs and operations, in specification 9. Its result is `y`.
    fn new(inputs: &str, operations: &str) -> Self {
        Self::of("CoreML8", 9, inputs, operations)
    }

    fn of(opset: &str, spec_version: i32, inputs: &str, operations: &str) -> Self {
        let body = format!("func main({inputs}) {opset} {{\n{operations}\nreturn %y\n}}\n");
        Self { spec_version, text: format!("program 1\n{body}"), shapes: Vec::new() }
    }

    fn shaped(mut self, input: &'static str, flexibility: Flexibility) -> Self {
        self.shapes.push((input, flexibility));
        self
    }

    fn broken_rules(&self, target: &str) -> HashSet<&'static str> {
        let program = text::parse(&self.text).unwrap_or_else(|error| panic!("{error} in\n{}", self.text));
        let description = self.describe(&program);
        validate::program(&program).unwrap_or_else(|error| panic!("{error} in\n{}", self.text));
        validate::description(&description, &program).unwrap_or_else(|error| panic!("{error} in\n{}", self.text));
        let target = target.parse().unwrap();
        check(self.spec_version, &description, &program, target).into_iter().map(|finding| finding.rule.name).collect()
    }

    fn describe(&self, program: &Program) -> ModelDescription {
        let mut functions = program.functions.iter().map(|(name, function)| {
            let mut described = FunctionDescription::default();
            for input in &function.inputs {
                let list = match input.ty {
                    ValueType::State(_) => &mut described.states,
                    _ => &mut described.inputs,
                };
                list.push(self.feature(input));
            }
            (name.clone(), described)
        });
        if program.functions.len() > 1 {
            return ModelDescription { functions: functions.collect(), ..ModelDescription::default() };
        }
        ModelDescription { main: functions.next().unwrap().1, ..ModelDescription::default() }
    }

    /// Of one shape where the program has one; unknown dimensions may be anything from 1 to 64.
    fn feature(&self, input: &NamedValueType) -> Feature {
        let ty = input.ty.as_tensor().unwrap();
        let range = |dimension: &Dimension| match dimension {
            Dimension::Fixed(size) => (*size as usize, Some(*size as usize)),
            Dimension::Unknown { .. } => (1, Some(64)),
        };
        let ranges: Vec<_> = ty.dimensions.iter().map(range).collect();
        let shape = ranges.iter().map(|range| range.0).collect();
        let own = self.shapes.iter().find(|(name, _)| *name == input.name).map(|(_, flexibility)| flexibility.clone());
        let plain = if ty.fixed_shape().is_some() { Flexibility::Fixed } else { Flexibility::Ranges(ranges) };
        let ty = FeatureType::Array { dtype: ty.dtype(), shape, flexibility: own.unwrap_or(plain) };
        Feature { name: input.name.clone(), short_description: String::new(), optional: false, ty }
    }
}

/// `x` in, `y` out.
fn on(x: &str, operations: &str) -> Model {
    Model::new(&format!("%x: {x}"), operations)
}

fn state(ty: &str) -> Model {
    Model::new(&format!("%s: state<{ty}>"), &format!("%y: {ty} = read_state(input=%s)"))
}

fn enumerated(count: usize) -> Flexibility {
    Flexibility::Enumerated((1..=count).map(|size| vec![1, size]).collect())
}

fn two_inputs(first: Flexibility, second: Flexibility) -> Model {
    let model = Model::new("%a: fp16[1,?], %b: fp16[1,?]", "%y: fp16[1,?] = add(x=%a, y=%b)");
    model.shaped("a", first).shaped("b", second)
}

fn range(high: Option<usize>) -> Flexibility {
    Flexibility::Ranges(vec![(1, Some(1)), (1, high)])
}

fn beside_a_state(mask: Flexibility) -> Model {
    let inputs = "%a: fp16[1,?], %b: fp16[1,32], %s: state<fp16[1,32]>";
    let model = Model::new(inputs, "%o: fp16[1,32] = read_state(input=%s)\n%y: fp16[1,32] = add(x=%o, y=%b)");
    model.shaped("b", mask)
}

fn lookup(indices: &str, rows: usize) -> Model {
    let text = format!("%t: fp16[{rows},32] = const(@64)\n%y: fp16[1,32] = gather(x=%t, indices=%x, axis=0)");
    Model::new(&format!("%x: {indices}[1]"), &text)
}

fn write_at(begin: &str) -> Model {
    let text = format!(
        "%o: fp16[8,32] = read_state(input=%s)\n%c: int32[2] = const(0, 0)\n%e: int32[2] = const(1, 32)\n\
         %y: fp16[8,32] = slice_update(x=%o, update=%u, begin=%{begin}, end=%e)"
    );
    Model::new("%u: fp16[1,32], %b: int32[2], %s: state<fp16[8,32]>", &text)
}

fn norm(square: &str, scaled: bool) -> Model {
    let input = if scaled { "d" } else { "x" };
    let scale = "%m: fp16[1,1] = reduce_max(x=%x)\n%n: fp16[1,1] = maximum(x=%m, y=fp16(1.0))\n\
                 %d: fp16[1,32] = real_div(x=%x, y=%n)";
    let square = square.replace("%in", &format!("%{input}"));
    on("fp16[1,32]", &format!("{scale}\n{square}\n%y: fp16[1,1] = reduce_mean(x=%q)"))
}

/// Weights in blocks of the sizes that these scales make.
fn scales(shape: &str) -> Model {
    let text = format!(
        "%w: fp16[64,64] = constexpr_blockwise_shift_scale(data=int4[64,64](@64), scale=fp16[{shape}](@4096))\n\
         %y: fp16[1,64] = linear(x=%x, weight=%w)"
    );
    on("fp16[1,64]", &text)
}

const PALETTE: &str = "%p: fp16[64,64] = constexpr_lut_to_dense(indices=uint4[64,64](@64), lut=fp16[1,1,16,1](@4096))";

/// A weight as it comes out of `operations` under the name `w`.
fn palette(operations: &str) -> Model {
    on("fp16[1,64]", &format!("{PALETTE}\n{operations}\n%y: fp16[1,64] = linear(x=%x, weight=%w)"))
}

/// A table of rank 6, as palettes of convolutions have.
const LONG_TABLE: &str = "%l: fp16[1,1,1,1,16,1] = const(@4096)\n\
    %w: fp16[64,64,1,1] = constexpr_lut_to_dense(indices=uint4[64,64,1,1](@64), lut=%l)\n\
    %y: fp16[1,64,1,1] = conv(x=%x, weight=%w)";

fn cases() -> Vec<Case> {
    let relu = |ty: &str| on(ty, &format!("%y: {ty} = relu(x=%x)"));
    let old = |opset, spec| Model::of(opset, spec, "%x: fp32[1,4]", "%y: fp32[1,4] = relu(x=%x)");
    let attention = |opset, spec| {
        let text = "%y: fp16[1,2,8,32] = scaled_dot_product_attention(query=%x, key=%x, value=%x)";
        Model::of(opset, spec, "%x: fp16[1,2,8,32]", text)
    };
    let two_functions = |spec_version| {
        let function =
            |name| format!("func {name}(%x: fp32[1,4]) CoreML6 {{\n%y: fp32[1,4] = relu(x=%x)\nreturn %y\n}}\n");
        let text = format!("program 1\n{}{}", function("main"), function("other"));
        Model { spec_version, text, shapes: Vec::new() }
    };
    let hide = |value| on("fp16[1,32]", &format!("%y: fp16[1,32] = add(x=%x, y=fp16({value}))"));
    let big =
        |rows| on("fp16[1,64]", &format!("%w: fp16[{rows},64] = const(@64)\n%y: fp16[1,32] = linear(x=%x, weight=%w)"));
    let squares = [
        "%q: fp16[1,32] = square(x=%in)",
        "%q: fp16[1,32] = mul(x=%in, y=%in)",
        "%q: fp16[1,32] = pow(x=%in, y=fp16(2.0))",
    ];
    let case = |rule, target, broken, sound| Case { rule, target, broken, sound };
    let mut cases = vec![
        case("specification-newer-than-system", "ios17-cpu", old("CoreML8", 9), old("CoreML7", 8)),
        case("opset-newer-than-system", "macos14-gpu", old("CoreML8", 9), old("CoreML7", 8)),
        case("opset-newer-than-specification", "ios26-cpu", old("CoreML8", 8), old("CoreML7", 9)),
        case("operation-newer-than-opset", "ios18-gpu", attention("CoreML7", 9), attention("CoreML8", 9)),
        case("functions-before-ios18", "ios18-cpu", two_functions(8), two_functions(9)),
        case("interface-type-newer-than-system", "ios15-cpu", relu("fp16[1,4]"), relu("fp32[1,4]")),
        case("state-before-ios18", "ios17-ane", state("fp16[1,32]"), relu("fp16[1,32]")),
        case("state-not-float16", "ios18-cpu", state("fp32[1,32]"), state("fp16[1,32]")),
        case(
            "state-of-flexible-shape",
            "ios18-gpu",
            state("fp16[1,32]").shaped("s", Flexibility::Ranges(vec![(1, Some(1)), (32, Some(64))])),
            state("fp16[1,32]"),
        ),
        case("state-row-not-of-32", "ios18-ane", state("fp16[32,270]"), state("fp16[3,256]")),
        case("state-written-at-computed-place", "ios18-ane", write_at("b"), write_at("c")),
        case(
            "more-than-128-shapes",
            "ios18-cpu",
            two_inputs(enumerated(129), range(Some(1))),
            two_inputs(enumerated(128), range(Some(1))),
        ),
        case(
            "shapes-enumerated-for-several-inputs",
            "ios18-cpu",
            two_inputs(enumerated(2), enumerated(3)),
            two_inputs(enumerated(2), enumerated(1)),
        ),
        case(
            "enumerated-beside-range",
            "ios18-gpu",
            two_inputs(enumerated(2), range(Some(8))),
            two_inputs(range(Some(4)), range(Some(8))),
        ),
        case(
            "fixed-beside-range-with-state",
            "ios18-cpu",
            beside_a_state(Flexibility::Fixed),
            beside_a_state(Flexibility::Ranges(vec![(1, Some(1)), (32, Some(32))])),
        ),
        case(
            "unbounded-range",
            "ios18-cpu",
            two_inputs(range(None), range(Some(8))),
            two_inputs(range(Some(8)), range(Some(8))),
        ),
        case("range-on-neural-engine", "ios18-ane", relu("fp16[1,?]"), relu("fp16[1,32]")),
        case("rank-above-5", "ios18-cpu", relu("fp16[1,1,1,1,1,4]"), on("fp16[1,64,1,1]", LONG_TABLE)),
        case("rank-5-on-neural-engine", "ios18-ane", relu("fp16[1,1,1,1,32]"), relu("fp16[1,1,1,32]")),
        case("axis-above-16384", "ios18-ane", relu("fp16[1,16416]"), relu("fp16[16416,1,16384]")),
        case("row-not-of-64-bytes", "ios18-ane", relu("fp16[32,1]"), relu("fp16[1,32]")),
        case("mask-beyond-float16", "ios18-gpu", hide("-inf"), hide("-40000.0")),
        case("float32-on-neural-engine", "ios18-ane", relu("fp32[1,16]"), relu("fp16[1,32]")),
        case(
            "softplus-in-float16",
            "ios18-ane",
            on("fp16[1,32]", "%y: fp16[1,32] = softplus(x=%x)"),
            on("fp16[1,32]", "%y: fp16[1,32] = softsign(x=%x)"),
        ),
        case(
            "log-sum-exp-in-float16",
            "ios18-ane",
            on("fp16[1,32]", "%y: fp16[1,1] = reduce_log_sum_exp(x=%x)"),
            on("fp16[1,32]", "%y: fp16[1,1] = reduce_max(x=%x)"),
        ),
        case("indices-of-16-bits", "ios18-cpu", lookup("uint16", 65_537), lookup("uint16", 65_535)),
        case("indices-of-16-bits", "ios18-cpu", lookup("int16", 32_768), lookup("int32", 32_768)),
        case("table-beyond-16-bits", "ios18-ane", lookup("int32", 128_256), lookup("int32", 65_536)),
        case(
            "recurrent-on-neural-engine",
            "ios18-ane",
            on("fp16[1,32]", "%y: fp16[1,32] = gru(x=%x)"),
            relu("fp16[1,32]"),
        ),
        case(
            "lookup-on-neural-engine",
            "ios18-ane",
            lookup("int32", 64),
            on(
                "fp16[1,32]",
                "%s: int32[2] = shape(x=%x)\n%n: int32 = gather(x=%s, indices=1, axis=0)\n%y: fp16[1,32] = relu(x=%x)",
            ),
        ),
        case(
            "scatter-on-neural-engine",
            "ios18-ane",
            on("fp16[1,32]", "%y: fp16[1,32] = scatter(data=%x, indices=int32[1](0), updates=%x)"),
            relu("fp16[1,32]"),
        ),
        case("sine-on-neural-engine", "ios18-ane", on("fp16[1,32]", "%y: fp16[1,32] = cos(x=%x)"), relu("fp16[1,32]")),
        case(
            "top-k-on-neural-engine",
            "ios18-ane",
            on("fp16[1,32]", "%y: fp16[1,32], %i: int32[1,32] = topk(x=%x, k=32)"),
            relu("fp16[1,32]"),
        ),
        case(
            "control-flow-on-neural-engine",
            "ios18-ane",
            Model::new(
                "%x: fp16[1,32], %p: bool",
                "%y: fp16[1,32] = cond(pred=%p) block() {\nreturn %x\n} block() {\nreturn %x\n}",
            ),
            relu("fp16[1,32]"),
        ),
        case("weights-above-2-gib", "ios18-ane", big(16_777_217), big(16_777_216)),
        case("blocks-on-neural-engine", "ios18-ane", scales("64,2"), scales("64,1")),
        case("palette-off-neural-engine", "ios18-gpu", palette("%w: fp16[64,64] = identity(x=%p)"), scales("64,2")),
        case(
            "scaled-palette-on-neural-engine",
            "ios26-ane",
            palette("%w: fp16[64,64] = constexpr_blockwise_shift_scale(data=%p, scale=fp16[64,1](@8192))"),
            palette("%w: fp16[64,64] = identity(x=%p)"),
        ),
        case(
            "quantised-activations-off-neural-engine",
            "ios18-cpu",
            on("fp16[1,64]", "%y: int8[1,64] = quantize(input=%x, scale=fp16(0.5), output_dtype=\"int8\")"),
            relu("fp16[1,64]"),
        ),
    ];
    cases.extend(
        squares.map(|square| case("squares-summed-in-float16", "ios18-gpu", norm(square, false), norm(square, true))),
    );
    cases
}

#[test]
fn each_rule_finds_what_breaks_it_and_nothing_else() {
    for case in cases() {
        assert!(case.broken.broken_rules(case.target).contains(case.rule), "{}\n{}", case.rule, case.broken.text);
        assert!(!case.sound.broken_rules(case.target).contains(case.rule), "{}\n{}", case.rule, case.sound.text);
    }
}

#[test]
fn every_rule_has_a_case_on_a_unit_that_it_holds_for() {
    let cases = cases();
    for rule in rules() {
        let of_rule: Vec<_> = cases.iter().filter(|case| case.rule == rule.name).collect();
        assert!(!of_rule.is_empty(), "{}", rule.name);
        for case in of_rule {
            let target: Target = case.target.parse().unwrap();
            assert!(rule.units.contains(&target.unit), "{} {target}", rule.name);
            let elsewhere = Unit::ALL.into_iter().filter(|unit| !rule.units.contains(unit));
            for unit in elsewhere {
                let target = Target { unit, ..target }.to_string();
                assert!(!case.broken.broken_rules(&target).contains(rule.name), "{} {target}", rule.name);
            }
        }
    }
}

#[test]
fn rules_have_names_of_their_own_and_sources() {
    let names: HashSet<_> = rules().map(|rule| rule.name).collect();
    assert_eq!(names.len(), rules().count());
    for rule in rules() {
        assert!(rule.source.starts_with("https://"), "{}", rule.name);
        for text in [rule.fact, rule.remedy] {
            assert!(!text.is_empty() && !text.contains(['|', '\n']) && !text.contains("  "), "{}: {text}", rule.name);
        }
    }
}

#[test]
fn places_are_told_with_their_position() {
    let model =
        on("fp16[1,32]", "%c: fp16 = const(1.0)\n%a: fp16[1,32] = add(x=%x, y=%c)\n%y: fp16[1,32] = softplus(x=%a)");
    let program = text::parse(&model.text).unwrap();
    let findings = check(9, &model.describe(&program), &program, "ios18-ane".parse().unwrap());
    assert_eq!(findings[0].place, "operation `y` (softplus), 3rd of `main`");
    assert_eq!(findings[0].found, "fp16[1,32]");
}

#[test]
fn targets_are_read_by_either_name() {
    let target =
        |text: &str| text.parse::<Target>().map(|target| target.to_string()).map_err(|error| error.to_string());
    assert_eq!(target("ios18-ane").unwrap(), "ios18-ane");
    assert_eq!(target("macos15-gpu").unwrap(), "ios18-gpu");
    let error = target("ios18").unwrap_err();
    assert!(error.contains("target `ios18`: expected SYSTEM-UNIT"), "{error}");
}

/// The part of docs/core-ml.md that lists the rules.
fn table() -> String {
    let mut text = String::from("| rule | on | what happens | fact | remedy |\n|---|---|---|---|---|\n");
    for rule in rules() {
        let units: Vec<_> = rule.units.iter().map(|unit| unit.name()).collect();
        let (name, effect) = (rule.name, rule.effect.name());
        let fact = format!("{} ([source]({}))", rule.fact, rule.source);
        text += &format!("| `{name}` | {} | {effect} | {fact} | {} |\n", units.join(", "), rule.remedy);
    }
    text
}

#[test]
fn the_document_lists_the_rules() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/core-ml.md");
    let document = fs::read_to_string(&path).unwrap();
    let start = document.find("| rule | on |").expect("the table of rules");
    let end = document[start..].find("\n\n").map_or(document.len(), |end| start + end + 1);
    if std::env::var_os("SOTTOVOCE_UPDATE").is_some() {
        fs::write(&path, format!("{}{}{}", &document[..start], table(), &document[end..])).unwrap();
        return;
    }
    assert!(
        document[start..end] == table(),
        "docs/core-ml.md is out of date; SOTTOVOCE_UPDATE=1 cargo test -p sottovoce-mil lint writes it anew"
    );
}
