//! The plan of a package in words, for `inspect --plan` and for tests. It holds no names of the package: two packages that
//! compute the same have the same report.

use std::fmt;

use sottovoce_graph::ir::{Definition, Graph, ValueId};
use sottovoce_mil::Package;

use crate::{
    cpu::{
        NoPlan, Plan, Step,
        plan::{Attention, CacheLayer, Columns, Epilogue, HeadItem, Source, Storage, Target, WeightId},
    },
    error::RuntimeError,
    model::plan_package,
};

/// The steps that the cpu back end runs for one function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanReport {
    /// One line per step.
    pub steps: Vec<String>,
    /// Steps by kind, with their number, in order of first appearance.
    pub kinds: Vec<(String, usize)>,
    /// Layers: attention steps.
    pub layers: usize,
    /// f32 elements that the arena needs per row.
    pub arena_width: usize,
    /// Rules that the input sizes must satisfy.
    pub guards: Vec<String>,
    /// Why there is no plan and the reference back end runs the package.
    pub refusal: Option<String>,
}

impl PlanReport {
    /// Plans a function of a package (the default one if none is named) without reading its weights.
    ///
    /// # Errors
    /// When the program cannot be understood.
    pub fn of(package: &Package, function: Option<&str>) -> Result<Self, RuntimeError> {
        plan_package(package, function)
    }

    pub(crate) fn new(graph: &Graph, plan: &Plan) -> Self {
        let mut kinds: Vec<(String, usize)> = Vec::new();
        for step in &plan.steps {
            let kind = step_kind(step, graph);
            match kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, count)) => *count += 1,
                None => kinds.push((kind, 1)),
            }
        }
        let describe = Describe { graph, plan };
        Self {
            steps: plan.steps.iter().map(|step| describe.step(step)).collect(),
            kinds,
            layers: plan.steps.iter().filter(|step| matches!(step, Step::Attention(_))).count(),
            arena_width: plan.assign_slots().1.iter().sum(),
            guards: graph.guards.iter().map(|guard| format!("{} ({})", guard.condition, guard.reason)).collect(),
            refusal: None,
        }
    }

    pub(crate) fn none(reason: NoPlan) -> Self {
        Self {
            steps: Vec::new(),
            kinds: Vec::new(),
            layers: 0,
            arena_width: 0,
            guards: Vec::new(),
            refusal: Some(reason.to_string()),
        }
    }
}

impl fmt::Display for PlanReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(refusal) = &self.refusal {
            return writeln!(f, "no plan: {refusal}");
        }
        for (index, step) in self.steps.iter().enumerate() {
            writeln!(f, "{index:4}  {step}")?;
        }
        for guard in &self.guards {
            writeln!(f, "rule  {guard}")?;
        }
        Ok(())
    }
}

/// What a step is called.
pub(crate) fn step_kind(step: &Step, graph: &Graph) -> String {
    match step {
        Step::Embed { .. } => "embed",
        Step::Linear { .. } => "linear",
        Step::Apply { .. } => "apply",
        Step::Heads(_) => "heads",
        Step::Carry(_) => "carry",
        Step::Attention(_) => "attention",
        Step::Add { .. } => "add",
        Step::Scale { .. } => "scale",
        Step::ToTensor { .. } => "to_tensor",
        Step::ToRows { .. } => "to_rows",
        Step::Sizes { .. } => "sizes",
        Step::Generic { node } => return format!("generic {}", graph.node(*node).op.name),
    }
    .to_owned()
}

struct Describe<'a> {
    graph: &'a Graph,
    plan: &'a Plan,
}

impl Describe<'_> {
    fn step(&self, step: &Step) -> String {
        match step {
            Step::Embed { table, scale, out, .. } => {
                let scaled = if *scale == 1.0 { String::new() } else { format!(" · {scale}") };
                format!("{} = embed ids in {}{scaled}", columns(out), self.weight(*table))
            }
            Step::Linear { source, segments, out, epilogue } => {
                let weights: Vec<String> = segments.iter().map(|segment| self.weight(segment.weight)).collect();
                let then = match epilogue {
                    Epilogue::Write => String::new(),
                    Epilogue::Add(residual) => format!(" + {}", columns(residual)),
                    Epilogue::Gate(activation) => format!(", {activation:?} of the first gates the second"),
                    Epilogue::SoftCap { factor, cap } => format!(", {cap} · tanh({factor} · it)"),
                };
                format!("{} = linear {} by {}{then}", columns(out), self.source(source), weights.join(", "))
            }
            Step::Apply { source, out } => format!("{} = {}", columns(out), self.source(source)),
            Step::Heads(items) => {
                format!("heads {}", items.iter().map(|item| self.head_item(item)).collect::<Vec<_>>().join("; "))
            }
            Step::Carry(layers) => {
                let layers: Vec<String> = layers.iter().map(|&layer| self.layer(layer)).collect();
                format!("carry {} over from the inputs", layers.join(", "))
            }
            Step::Attention(Attention { query, heads, key, value, mask, options, out }) => {
                let masked = mask.map_or_else(String::new, |mask| format!(", mask {mask}"));
                let capped = options.soft_cap.map_or_else(String::new, |cap| format!(", soft cap {cap}"));
                format!(
                    "{} = attention of {} ({} heads of {}) over {} and {}, scale {}{capped}{masked}",
                    columns(out),
                    columns(query),
                    heads.count,
                    heads.size,
                    self.layer(*key),
                    self.layer(*value),
                    options.scale,
                )
            }
            Step::Add { x, y, out } => format!("{} = {} + {}", columns(out), columns(x), self.source(y)),
            Step::Scale { x, factor, out } => format!("{} = {} · {factor}", columns(out), columns(x)),
            Step::ToTensor { x, value, .. } => format!("tensor {} of {}", self.shape(*value), columns(x)),
            Step::ToRows { value, out } => format!("{} = rows of tensor {}", columns(out), self.shape(*value)),
            Step::Sizes { value } => format!("tensor {} of sizes", self.shape(*value)),
            Step::Generic { node } => {
                let node = self.graph.node(*node);
                let results: Vec<String> = node.outputs.iter().map(|&output| self.shape(output)).collect();
                format!("tensor {} = generic {}", results.join(", "), node.op.name)
            }
        }
    }

    fn source(&self, source: &Source) -> String {
        match source {
            Source::Rows(x) => columns(x),
            Source::RmsNorm { x, .. } => format!("rms_norm({})", columns(x)),
            Source::Gate { gate, up, activation } => {
                format!("{activation:?}({}) · {}", columns(gate), columns(up)).to_lowercase()
            }
        }
    }

    fn shape(&self, value: ValueId) -> String {
        let fact = self.graph.fact(value);
        let dims: Vec<String> = fact.shape.iter().map(ToString::to_string).collect();
        format!("{} [{}]", fact.dtype, dims.join(", "))
    }

    fn head_item(&self, item: &HeadItem) -> String {
        let rotated = item.rotate.map_or_else(String::new, |table| format!(" rotated by table {}", table.0));
        let target = match item.target {
            Target::Rows(out) => columns(&out),
            Target::Cache(cache) => self.layer(cache),
        };
        let source = columns(&item.source);
        let source = if item.norm.is_some() { format!("rms_norm({source}) by heads") } else { source };
        format!("{target} = {source}{rotated}")
    }

    fn layer(&self, CacheLayer { cache, layer }: CacheLayer) -> String {
        match self.plan.caches[cache.0].storage {
            Storage::State => format!("state {} layer {layer}", cache.0),
            Storage::Grown(_) => format!("grown cache {} layer {layer}", cache.0),
            Storage::Scratch(_) => format!("cache {} of the call", cache.0),
        }
    }

    /// `[960 x 576] int4 / 32`: shape, element type, and columns that share a scale.
    fn weight(&self, id: WeightId) -> String {
        let value = self.plan.weights[id.0].value;
        let shape = self.graph.fact(value).fixed_shape().unwrap_or_default();
        let dims: Vec<String> = shape.iter().map(ToString::to_string).collect();
        let Definition::Node(node, _) = self.graph.value(value).definition else {
            return format!("[{}] {}", dims.join(" x "), self.graph.fact(value).dtype);
        };
        let node = self.graph.node(node);
        let codes = ["data", "indices", "quantized_data", "nonzero_data"]
            .iter()
            .find_map(|name| node.value(name))
            .map_or(self.graph.fact(value).dtype, |codes| self.graph.fact(codes).dtype);
        let scale = node.value("scale").and_then(|scale| self.graph.fact(scale).fixed_shape());
        let block = match (shape.last(), scale.as_deref().and_then(<[usize]>::last)) {
            (Some(&columns), Some(&groups)) if groups > 1 => format!(" / {}", columns / groups),
            _ => String::new(),
        };
        let form = node.op.name.trim_start_matches("constexpr_");
        format!("[{}] {codes}{block} {form}", dims.join(" x "))
    }
}

fn columns(columns: &Columns) -> String {
    let Columns { buffer, offset, width } = columns;
    format!("b{}[{offset}..{}]", buffer.0, offset + width)
}
