//! Chooses the steps for an optimised graph.
//!
//! One walk over the schedule. Every value gets a *form*: rows of a buffer, a view of rows by heads, a state, a part of a
//! cache, or a plain tensor. Hot operations on rows become fast steps; everything else becomes a generic step on tensors.
//! What no form covers (a state read in the middle of its updates, say) is refused, and the reference back end runs the
//! package instead.

mod caches;
mod grown;
mod needed;

use sottovoce_graph::{
    ir::{Arg, Definition, Dim, Graph, Node, NodeId, ValueId},
    ops,
};

use super::plan::{
    Activation, BufferId, Cache, CacheId, CacheLayer, Columns, Epilogue, HeadItem, HeadNorm, Heads, Layout, Outlet,
    Plan, Positions, Role, Segment, Source, Step, Storage, Table, TableId, Target, Weight, WeightId,
};
use grown::GrownCaches;
use needed::Needed;

/// What a value is at run time.
#[derive(Clone, Debug, PartialEq)]
enum Form {
    /// Columns of a buffer, seen as a tensor in the given layout.
    Rows(Columns, Layout),
    /// A norm or gate that its consumers compute themselves, unless one of them needs rows.
    Pending(Source),
    /// Columns of which every head goes through a norm, which the step that turns them computes.
    NormedHeads(Columns, Layout, HeadNorm),
    /// The current version of a state.
    State(usize),
    /// All positions of a cache layer, [.., groups, context, size].
    Layer(CacheLayer),
    /// The used positions of a cache layer, [.., groups, past + q, size].
    Used(CacheLayer),
    /// A whole cache that leaves as an output.
    Whole(CacheId),
    /// A tensor.
    Tensor,
}

/// Why a graph has no plan.
#[derive(Debug, thiserror::Error)]
#[error("'{value}' ({operation}): {reason}")]
pub struct NoPlan {
    /// Name of the value, as the package spells it.
    pub value: String,
    /// Operation.
    pub operation: String,
    /// What does not fit.
    pub reason: String,
}

/// Chooses steps.
///
/// # Errors
/// [`NoPlan`] with the first value that does not fit.
pub fn select(graph: &Graph) -> Result<Plan, NoPlan> {
    let grown = GrownCaches::find(graph, graph.states.len());
    let needed = Needed::find(graph, &grown);
    let mut selector = Selector::new(graph, grown, &needed);
    for id in needed.nodes {
        selector.visit(id)?;
    }
    selector.finish()
}

struct Selector<'g> {
    graph: &'g Graph,
    plan: Plan,
    forms: Vec<Option<Form>>,
    /// How often each value is read.
    uses: Vec<usize>,
    /// Current version of each state.
    versions: Vec<ValueId>,
    /// Layers of states that have been read.
    reads: Vec<CacheLayer>,
    /// Cache layers that have been appended to.
    appends: Vec<CacheLayer>,
    /// Caches that are inputs and outputs.
    grown: GrownCaches,
    /// Linear nodes by the value they read: they become one step.
    linears: Vec<Vec<NodeId>>,
    /// Which values have been made tensors.
    tensors: Vec<bool>,
}

impl<'g> Selector<'g> {
    fn new(graph: &'g Graph, grown: GrownCaches, needed: &Needed) -> Self {
        let mut forms = vec![None; graph.num_values()];
        let mut linears = vec![Vec::new(); graph.num_values()];
        for (index, state) in graph.states.iter().enumerate() {
            forms[state.initial.index()] = Some(Form::State(index));
        }
        for &id in &needed.nodes {
            let node = graph.node(id);
            if let (true, Some(x)) = (is_linear(graph, node), node.value("x")) {
                linears[x.index()].push(id);
            }
        }
        let states = graph.states.iter().map(|_| Cache { storage: Storage::State, length: None });
        let caches = states.chain(grown.caches(graph)).collect();
        Self {
            graph,
            plan: Plan { rows: rows_of(graph), caches, ..Plan::default() },
            forms,
            uses: needed.uses.clone(),
            versions: graph.states.iter().map(|state| state.initial).collect(),
            reads: Vec::new(),
            appends: Vec::new(),
            grown,
            linears,
            tensors: vec![false; graph.num_values()],
        }
    }

    fn visit(&mut self, id: NodeId) -> Result<(), NoPlan> {
        let node = self.graph.node(id);
        let form = match node.op.name {
            _ if node.op.name.starts_with("constexpr_") && self.graph.is_weight(node.outputs[0]) => return Ok(()),
            // Shape arithmetic is not computed: whoever needs its result as a tensor gets it from the symbolic elements.
            _ if node.outputs.iter().all(|&output| self.graph.fact(output).value.is_some()) => return Ok(()),
            "gather" => self.embed(node),
            "linear" if is_linear(self.graph, node) => return self.linear(id),
            "rms_norm" => self.rms_norm(node),
            "gate" => self.gate(node),
            "add" => self.add(node),
            "mul" => self.scale(node),
            "soft_cap" => self.soft_cap(node),
            "cast" | "reshape" | "squeeze" | "expand_dims" | "transpose" => self.view(node),
            "rotary_embedding" => self.rotary(node),
            "slice_update" => self.append(node)?,
            "slice_by_index" => self.slice(node)?,
            "concat" => self.grow(node)?,
            "stack" => self.grown.whole(node.outputs[0]).map(Form::Whole),
            "attention" => self.attention(node)?,
            _ => None,
        };
        match form {
            Some(form) => self.forms[node.outputs[0].index()] = Some(form),
            None => self.generic(id)?,
        }
        Ok(())
    }

    // ---- forms -------------------------------------------------------------------------------------------------------

    fn fact_shape(&self, value: ValueId) -> &'g [Dim] {
        &self.graph.fact(value).shape
    }

    /// True when the value is [1, .., 1, q, width], so that rows of the plan can hold it.
    fn row_width(&self, value: ValueId) -> Option<usize> {
        let (width, leading) = self.fact_shape(value).split_last()?;
        let (rows, ones) = leading.split_last()?;
        (*rows == self.plan.rows && ones.iter().all(|dim| dim.as_const() == Some(1))).then(|| width.as_size())?
    }

    /// Computes norms of heads now, for a consumer that does not.
    fn norm_heads(&mut self, value: ValueId) {
        let Some(Form::NormedHeads(source, layout, norm)) = self.forms[value.index()] else { return };
        let Some(heads) = layout.heads() else { return };
        let out = self.new_columns(source.width);
        self.heads_item(HeadItem { source, heads, norm: Some(norm), rotate: None, target: Target::Rows(out) });
        self.forms[value.index()] = Some(Form::Rows(out, layout));
    }

    /// Rows of a value, computed or converted now if it has another form.
    fn rows(&mut self, value: ValueId) -> Option<Columns> {
        self.norm_heads(value);
        match self.forms[value.index()].clone() {
            Some(Form::Rows(columns, Layout::Rows)) => Some(columns),
            Some(Form::Pending(source)) => {
                let out = self.new_columns(self.row_width(value)?);
                self.plan.steps.push(Step::Apply { source, out });
                self.forms[value.index()] = Some(Form::Rows(out, Layout::Rows));
                Some(out)
            }
            Some(Form::Tensor) if self.graph.fact(value).dtype.is_float() => {
                let out = self.new_columns(self.row_width(value)?);
                self.plan.steps.push(Step::ToRows { value, out });
                self.forms[value.index()] = Some(Form::Rows(out, Layout::Rows));
                Some(out)
            }
            _ => None,
        }
    }

    fn source(&mut self, value: ValueId) -> Option<Source> {
        match self.forms[value.index()].clone() {
            Some(Form::Pending(source)) => Some(source),
            _ => self.rows(value).map(Source::Rows),
        }
    }

    fn new_columns(&mut self, width: usize) -> Columns {
        self.plan.widths.push(width);
        Columns { buffer: BufferId(self.plan.widths.len() - 1), offset: 0, width }
    }

    fn weight(&mut self, value: ValueId, role: Role) -> WeightId {
        let weight = Weight { value, role };
        let index = self.plan.weights.iter().position(|other| *other == weight);
        WeightId(index.unwrap_or_else(|| {
            self.plan.weights.push(weight);
            self.plan.weights.len() - 1
        }))
    }

    fn used_once(&self, value: ValueId) -> bool {
        self.uses[value.index()] == 1
    }

    // ---- operations --------------------------------------------------------------------------------------------------

    /// `gather` of whole rows of a weight by an integer input.
    fn embed(&mut self, node: &Node) -> Option<Form> {
        let (x, ids, out) = (node.value("x")?, node.value("indices")?, node.outputs[0]);
        let axis = node.value("axis").map_or(Some(0), |axis| Some(self.graph.tensor(axis)?.to_i64_vec()[0]))?;
        let batch = node.value("batch_dims").map_or(Some(0), |dims| Some(self.graph.tensor(dims)?.to_i64_vec()[0]))?;
        let is_input = matches!(self.graph.value(ids).definition, Definition::Input(_));
        let fits = axis == 0 && batch == 0 && is_input && self.graph.is_weight(x) && self.fact_shape(x).len() == 2;
        let width = self.row_width(out).filter(|_| fits)?;
        let (table, out) = (self.weight(x, Role::Matrix), self.new_columns(width));
        self.plan.steps.push(Step::Embed { ids, table, scale: 1.0, out });
        Some(Form::Rows(out, Layout::Rows))
    }

    /// All linear layers over the same rows, as one step at the first of them.
    fn linear(&mut self, id: NodeId) -> Result<(), NoPlan> {
        let node = self.graph.node(id);
        if self.forms[node.outputs[0].index()].is_some() {
            return Ok(());
        }
        let Some(x) = node.value("x") else { return self.generic(id) };
        if self.row_width(node.outputs[0]).is_none() {
            return self.generic(id);
        }
        let Some(source) = self.source(x) else { return self.generic(id) };
        let group = self.linears[x.index()].clone();
        let mut segments = Vec::with_capacity(group.len());
        let mut offset = 0;
        for &member in &group {
            let member = self.graph.node(member);
            let (Some(weight), Some(width)) = (member.value("weight"), self.row_width(member.outputs[0])) else {
                return Err(self.refuse(member.outputs[0], "its rows are not the rows of its neighbours"));
            };
            let weight = self.weight(weight, Role::Matrix);
            let bias = member.value("bias").map(|bias| self.weight(bias, Role::Bias));
            segments.push(Segment { weight, bias, offset, width });
            offset += width;
        }
        let out = self.new_columns(offset);
        for (&member, segment) in group.iter().zip(&segments) {
            let columns = Columns { buffer: out.buffer, offset: segment.offset, width: segment.width };
            let result = self.graph.node(member).outputs[0];
            self.forms[result.index()] = Some(Form::Rows(columns, Layout::Rows));
        }
        self.plan.steps.push(Step::Linear { source, segments, out, epilogue: Epilogue::Write });
        Ok(())
    }

    /// A norm of rows, left to its consumers, or of the heads in them.
    fn rms_norm(&mut self, node: &Node) -> Option<Form> {
        let value = node.value("x")?;
        let epsilon = self.graph.scalar(node.value("epsilon")?)?;
        if let Some(Form::Rows(source, layout)) = self.forms[value.index()]
            && layout != Layout::Rows
        {
            let norm = HeadNorm { weight: self.weight(node.value("weight")?, Role::Vector), epsilon };
            return Some(Form::NormedHeads(source, layout, norm));
        }
        let x = self.rows(value)?;
        let weight = self.weight(node.value("weight")?, Role::Vector);
        Some(Form::Pending(Source::RmsNorm { x, weight, epsilon }))
    }

    /// A gated unit; it joins the linear step that was just chosen, if that computes both its halves and nothing else.
    fn gate(&mut self, node: &Node) -> Option<Form> {
        let activation = match node.arg("activation")? {
            Arg::Text(name) if name == ops::fused::gate::SILU => Activation::Silu,
            Arg::Text(name) if name == ops::fused::gate::GELU => Activation::Gelu,
            Arg::Text(name) if name == ops::fused::gate::GELU_TANH => Activation::GeluTanh,
            _ => return None,
        };
        let halves = [node.value("gate")?, node.value("up")?];
        let once = halves.iter().all(|&half| self.used_once(half));
        let (gate, up) = (self.rows(halves[0])?, self.rows(halves[1])?);
        if let Some(Step::Linear { segments, out, epilogue: epilogue @ Epilogue::Write, .. }) =
            self.plan.steps.last_mut()
            && let [first, second] = segments.as_mut_slice()
            && once
            && gate.width == up.width
            && gate.offset != up.offset
            && [gate.buffer, up.buffer] == [out.buffer; 2]
        {
            if first.offset != gate.offset {
                std::mem::swap(first, second);
            }
            *epilogue = Epilogue::Gate(activation);
            out.width = gate.width;
            self.plan.widths[out.buffer.0] = out.width;
            return Some(Form::Rows(*out, Layout::Rows));
        }
        Some(Form::Pending(Source::Gate { gate, up, activation }))
    }

    /// A soft cap; it joins the linear step that was just chosen.
    fn soft_cap(&mut self, node: &Node) -> Option<Form> {
        let x = node.value("x")?;
        let [factor, cap] = ["factor", "cap"].map(|name| self.graph.scalar(node.value(name)?));
        let (factor, cap) = (factor?, cap?);
        let Some(Form::Rows(columns, Layout::Rows)) = self.forms[x.index()] else { return None };
        let once = self.used_once(x);
        let Some(Step::Linear { segments, out, epilogue: epilogue @ Epilogue::Write, .. }) = self.plan.steps.last_mut()
        else {
            return None;
        };
        if *out != columns || segments.len() != 1 || !once {
            return None;
        }
        *epilogue = Epilogue::SoftCap { factor, cap };
        Some(Form::Rows(columns, Layout::Rows))
    }

    /// A sum of rows; a residual sum joins the linear step that was just chosen, a norm is computed on the way.
    fn add(&mut self, node: &Node) -> Option<Form> {
        let (x, y) = (node.value("x")?, node.value("y")?);
        let width = self.row_width(node.outputs[0])?;
        if self.row_width(x) != Some(width) || self.row_width(y) != Some(width) {
            return None;
        }
        // Of two norms or gates one is computed before.
        let (rows, added) = match (self.source(x)?, self.source(y)?) {
            (Source::Rows(rows), added) | (added, Source::Rows(rows)) => (rows, added),
            (_, added) => (self.rows(x)?, added),
        };
        if let Source::Rows(other) = added {
            for (value, columns, other) in [(x, rows, other), (y, other, rows)] {
                if let Some(Step::Linear { segments, out, epilogue: epilogue @ Epilogue::Write, .. }) =
                    self.plan.steps.last_mut()
                    && *out == columns
                    && segments.len() == 1
                    && other.buffer != out.buffer
                    && self.uses[value.index()] == 1
                {
                    *epilogue = Epilogue::Add(other);
                    return Some(Form::Rows(columns, Layout::Rows));
                }
            }
        }
        let out = self.new_columns(width);
        self.plan.steps.push(Step::Add { x: rows, y: added, out });
        Some(Form::Rows(out, Layout::Rows))
    }

    /// Rows times a constant; the factor of an embedding joins its step.
    fn scale(&mut self, node: &Node) -> Option<Form> {
        let (x, y) = (node.value("x")?, node.value("y")?);
        let (value, factor) = self
            .graph
            .scalar(y)
            .map(|factor| (x, factor))
            .or_else(|| self.graph.scalar(x).map(|factor| (y, factor)))?;
        let width = self.row_width(node.outputs[0])?;
        let columns = self.rows(value)?;
        let once = self.used_once(value);
        if let Some(Step::Embed { scale, out, .. }) = self.plan.steps.last_mut()
            && *out == columns
            && once
        {
            *scale *= factor;
            return Some(Form::Rows(columns, Layout::Rows));
        }
        let out = self.new_columns(width);
        self.plan.steps.push(Step::Scale { x: columns, factor, out });
        Some(Form::Rows(out, Layout::Rows))
    }

    /// Casts between floats, and reshapes and transposes between rows and heads: the same memory.
    fn view(&mut self, node: &Node) -> Option<Form> {
        let (x, out) = (node.value("x")?, node.outputs[0]);
        let (from, to) = (self.graph.fact(x), self.graph.fact(out));
        if from.dtype != to.dtype && !(from.dtype.is_float() && to.dtype.is_float()) {
            return None;
        }
        if !matches!(node.op.name, "cast" | "transpose") {
            self.norm_heads(x);
        }
        let form = self.forms[x.index()].clone()?;
        if node.op.name == "cast" {
            return (form != Form::Tensor).then_some(form);
        }
        match form {
            Form::Rows(columns, layout) => Some(Form::Rows(columns, self.layout(node, columns, layout)?)),
            Form::NormedHeads(columns, layout, norm) => {
                Some(Form::NormedHeads(columns, self.layout(node, columns, layout)?, norm))
            }
            Form::Layer(_) | Form::Used(_) if node.op.name != "transpose" => {
                let significant =
                    |shape: &'g [Dim]| shape.iter().filter(|dim| dim.as_const() != Some(1)).collect::<Vec<_>>();
                (significant(&from.shape) == significant(&to.shape)).then_some(form)
            }
            _ => None,
        }
    }

    /// How the result of a view lies over the columns that its operand lies over.
    fn layout(&self, view: &Node, columns: Columns, layout: Layout) -> Option<Layout> {
        let out = view.outputs[0];
        let layout = match (view.op.name, layout) {
            ("transpose", Layout::SplitHeads(heads)) => Layout::HeadsFirst(heads),
            ("transpose", Layout::HeadsFirst(heads)) => Layout::SplitHeads(heads),
            ("transpose", Layout::Rows) | (_, Layout::HeadsFirst(_)) => return None,
            (_, Layout::Rows | Layout::SplitHeads(_)) if self.row_width(out) == Some(columns.width) => Layout::Rows,
            (_, _) => Layout::SplitHeads(self.split_heads(out, columns.width)?),
        };
        let perm = view.value("perm").and_then(|perm| self.graph.tensor(perm));
        perm.is_none_or(|perm| perm.to_i64_vec() == [0, 2, 1, 3]).then_some(layout)
    }

    /// Heads of a value [1, q, heads, size].
    fn split_heads(&self, value: ValueId, width: usize) -> Option<Heads> {
        let [one, rows, count, size] = self.fact_shape(value) else { return None };
        let heads = Heads { count: count.as_size()?, size: size.as_size()? };
        let fits = one.as_const() == Some(1) && *rows == self.plan.rows && heads.count * heads.size == width;
        fits.then_some(heads)
    }

    fn rotary(&mut self, node: &Node) -> Option<Form> {
        let (source, heads, norm) = match self.forms[node.value("x")?.index()] {
            Some(Form::Rows(source, Layout::HeadsFirst(heads))) => (source, heads, None),
            Some(Form::NormedHeads(source, Layout::HeadsFirst(heads), norm)) => (source, heads, Some(norm)),
            _ => return None,
        };
        let inverse_frequencies = node.value("inverse_frequencies")?;
        let pairs: usize = self.graph.fact(inverse_frequencies).fixed_shape()?.iter().product();
        if 2 * pairs > heads.size {
            return None;
        }
        let amplitude = node.value("amplitude").map_or(Some(1.0), |factor| self.graph.scalar(factor))?;
        let table = Table { positions: self.positions(node.value("positions")?), inverse_frequencies, amplitude };
        let index = self.plan.tables.iter().position(|other| *other == table);
        let table = TableId(index.unwrap_or_else(|| {
            self.plan.tables.push(table);
            self.plan.tables.len() - 1
        }));
        let out = self.new_columns(source.width);
        self.heads_item(HeadItem { source, heads, norm, rotate: Some(table), target: Target::Rows(out) });
        Some(Form::Rows(out, Layout::HeadsFirst(heads)))
    }

    fn positions(&self, value: ValueId) -> Positions {
        let Definition::Node(id, _) = self.graph.value(value).definition else { return Positions::Tensor(value) };
        let node = self.graph.node(id);
        let dim_of = |name: &str| self.graph.fact(node.value(name)?).value.as_ref()?.first().cloned();
        match (node.op.name, dim_of("start"), dim_of("step")) {
            ("range_1d", Some(start), Some(step)) if step.as_const() == Some(1) => Positions::From(start),
            _ => Positions::Tensor(value),
        }
    }

    /// Adds to the heads step that was just chosen, or begins one. Items run in order for each row, so that a later one
    /// may read what an earlier one wrote.
    fn heads_item(&mut self, item: HeadItem) {
        match self.plan.steps.last_mut() {
            Some(Step::Heads(items)) => items.push(item),
            _ => self.plan.steps.push(Step::Heads(vec![item])),
        }
    }

    /// An operation on tensors. Its operands are made tensors first.
    fn generic(&mut self, id: NodeId) -> Result<(), NoPlan> {
        let node = self.graph.node(id);
        for operand in node.operands().collect::<Vec<_>>() {
            self.tensor(operand)?;
        }
        self.plan.steps.push(Step::Generic { node: id });
        for &output in &node.outputs {
            self.forms[output.index()] = Some(Form::Tensor);
            self.tensors[output.index()] = true;
        }
        Ok(())
    }

    /// Makes sure that a tensor of `value` exists.
    fn tensor(&mut self, value: ValueId) -> Result<(), NoPlan> {
        self.norm_heads(value);
        if self.tensors[value.index()] || self.graph.is_weight(value) {
            return Ok(());
        }
        match self.forms[value.index()] {
            Some(Form::Pending(_)) => _ = self.rows(value),
            // Nothing was thought to need it: an attention, say, whose mask is an input but that has no fast form.
            None if self.graph.fact(value).value.is_none() => {
                if let Some(producer) = self.graph.producer(value) {
                    self.visit(producer)?;
                }
            }
            _ => {}
        }
        match self.forms[value.index()] {
            None if self.graph.fact(value).value.is_some() => self.plan.steps.push(Step::Sizes { value }),
            None | Some(Form::Tensor) => {}
            Some(Form::Rows(x, layout)) => self.plan.steps.push(Step::ToTensor { x, layout, value }),
            Some(_) => return Err(self.refuse(value, "a cache is used by an operation without a fast form")),
        }
        self.tensors[value.index()] = true;
        Ok(())
    }

    fn refuse(&self, value: ValueId, reason: &str) -> NoPlan {
        refusal(self.graph, value, reason)
    }

    fn finish(mut self) -> Result<Plan, NoPlan> {
        for output in &self.graph.outputs {
            let outlet = match self.forms[output.value.index()] {
                Some(Form::Whole(cache)) => Outlet::Cache(cache),
                _ => {
                    self.tensor(output.value)?;
                    Outlet::Tensor(output.value)
                }
            };
            self.plan.outputs.push(outlet);
        }
        for (state, slot) in self.graph.states.iter().enumerate() {
            if self.versions[state] != slot.last {
                return Err(self.refuse(slot.last, "a state ends with something else than its appends"));
            }
        }
        self.plan.remove_dead_steps(self.graph);
        Ok(self.plan)
    }
}

fn refusal(graph: &Graph, value: ValueId, reason: &str) -> NoPlan {
    let producer = graph.producer(value).map_or("input", |id| graph.node(id).op.name);
    NoPlan { value: graph.value(value).name.clone(), operation: producer.to_owned(), reason: reason.to_owned() }
}

/// A linear layer whose weights are known when the model is loaded.
fn is_linear(graph: &Graph, node: &Node) -> bool {
    node.op.name == "linear"
        && node.value("weight").is_some_and(|weight| graph.is_weight(weight) && graph.fact(weight).rank() == 2)
        && node.value("bias").is_none_or(|bias| graph.is_weight(bias))
}

/// The number of rows of a call: the length of the integer input that indexes an embedding, else of any integer input.
fn rows_of(graph: &Graph) -> Dim {
    let input = graph.inputs.iter().find(|&&input| graph.fact(input).dtype.is_int());
    input.and_then(|&input| graph.fact(input).shape.last().cloned()).unwrap_or_else(|| Dim::from(1i64))
}
