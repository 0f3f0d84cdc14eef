//! Keys and values: appended to states, to outputs that grow from inputs, or kept for the call; and attention over them.

use sottovoce_graph::ir::{Dim, Node};
use sottovoce_kernels::AttentionOptions;

use super::{Form, NoPlan, Selector, refusal};
use crate::{
    cpu::plan::{Attention, Cache, CacheId, CacheLayer, Columns, HeadItem, Heads, Layout, Step, Storage, Target},
    mask::Mask,
    slices::slice_ranges,
};

impl<'g> Selector<'g> {
    /// `slice_update` of a state with the rows of this call, at one layer and consecutive positions.
    pub(super) fn append(&mut self, node: &Node) -> Result<Option<Form>, NoPlan> {
        let (Some(x), Some(update)) = (node.value("x"), node.value("update")) else { return Ok(None) };
        let Some(Form::State(state)) = self.forms[x.index()] else { return Ok(None) };
        self.norm_heads(update);
        let graph = self.graph;
        let refuse = |reason: &str| Err(refusal(graph, node.outputs[0], reason));
        if self.versions[state] != x {
            return refuse("an old version of a state is updated");
        }
        let Some(Form::Rows(source, Layout::HeadsFirst(heads))) = self.forms[update.index()] else {
            return refuse("the update of a state is not a view of rows by heads");
        };
        let Some(ranges) = slice_ranges(self.graph, node) else {
            return refuse("the updated part of a state is not known before it runs");
        };
        let shape = self.fact_shape(x);
        let ([layer, batch, groups, positions, size], [_, _, all_groups, _, all_size]) = (ranges.as_slice(), shape)
        else {
            return refuse("a cache state needs five dimensions");
        };
        let rows = positions.1.clone() - positions.0.clone();
        let fits = is_whole(batch, &Dim::from(1i64))
            && is_whole(groups, all_groups)
            && is_whole(size, all_size)
            && rows == self.plan.rows
            && all_groups.as_size() == Some(heads.count)
            && all_size.as_size() == Some(heads.size);
        let Some(layer) = single(layer).filter(|_| fits) else {
            return refuse("the updated part of a state is not the rows of one layer");
        };
        let cache = CacheLayer { cache: CacheId(state), layer };
        if self.reads.contains(&cache) || self.appends.contains(&cache) {
            return refuse("a cache layer is updated after it was read or updated");
        }
        if self.plan.state_length().is_some_and(|length| *length != positions.1) {
            return refuse("cache layers are updated at different positions");
        }
        self.plan.caches[state].length = Some(positions.1.clone());
        self.append_rows(source, heads, cache);
        self.versions[state] = node.outputs[0];
        Ok(Some(Form::State(state)))
    }

    fn append_rows(&mut self, source: Columns, heads: Heads, cache: CacheLayer) {
        self.appends.push(cache);
        self.heads_item(HeadItem { source, heads, norm: None, rotate: None, target: Target::Cache(cache) });
    }

    /// Slices of a state: one layer, all positions or the used ones.
    pub(super) fn slice(&mut self, node: &Node) -> Result<Option<Form>, NoPlan> {
        let Some(x) = node.value("x") else { return Ok(None) };
        let shape = self.fact_shape(x);
        let not_used = "it takes positions of a state that are not the used ones";
        let form = match self.forms[x.index()] {
            Some(Form::State(state)) => {
                let Some(ranges) = slice_ranges(self.graph, node) else {
                    return Err(
                        self.refuse(node.outputs[0], "the part of a state it takes is not known before it runs")
                    );
                };
                let [layer, rest @ .., positions, size] = ranges.as_slice() else { return Ok(None) };
                let others = rest.iter().zip(&shape[1..]).all(|(range, all)| is_whole(range, all));
                let Some(layer) = single(layer).filter(|_| others && shape.len() == 5 && is_whole(size, &shape[4]))
                else {
                    return Err(self.refuse(node.outputs[0], "it takes a part of a state that is not one layer"));
                };
                let cache = CacheLayer { cache: CacheId(state), layer };
                self.reads.push(cache);
                if is_whole(positions, &shape[3]) {
                    Form::Layer(cache)
                } else if self.is_used(positions, cache) {
                    Form::Used(cache)
                } else {
                    return Err(self.refuse(node.outputs[0], not_used));
                }
            }
            Some(Form::Layer(cache)) => {
                let ranges = slice_ranges(self.graph, node).unwrap_or_default();
                let [rest @ .., positions, size] = ranges.as_slice() else { return Ok(None) };
                let (context, all_size) = (&shape[shape.len() - 2], &shape[shape.len() - 1]);
                let others =
                    rest.iter().zip(shape).all(|(range, all)| is_whole(range, all)) && is_whole(size, all_size);
                let all_used = (Dim::from(0i64), context.clone());
                let used =
                    self.is_used(positions, cache) || is_whole(positions, context) && self.is_used(&all_used, cache);
                if !(others && used) {
                    return Err(self.refuse(node.outputs[0], not_used));
                }
                Form::Used(cache)
            }
            _ => return Ok(None),
        };
        Ok(Some(form))
    }

    /// Whether a range of positions is what a cache holds after the call.
    fn is_used(&self, (begin, end): &(Dim, Dim), cache: CacheLayer) -> bool {
        begin.as_const() == Some(0) && self.plan.caches[cache.cache.0].length.as_ref() == Some(end)
    }

    /// `concat` of a layer of a cache that came in with the rows of this call: they are appended to the output that it
    /// will be part of.
    pub(super) fn grow(&mut self, node: &Node) -> Result<Option<Form>, NoPlan> {
        let Some((cache, update)) = self.grown.layer(node.outputs[0]) else { return Ok(None) };
        self.norm_heads(update);
        let Some(Form::Rows(source, Layout::HeadsFirst(heads))) = self.forms[update.index()] else {
            return Err(self.refuse(node.outputs[0], "what is added to a cache is not a view of rows by heads"));
        };
        self.append_rows(source, heads, cache);
        self.carry(cache);
        Ok(Some(Form::Used(cache)))
    }

    /// Brings the earlier positions of a layer into the output, before the heads step that was just chosen.
    fn carry(&mut self, layer: CacheLayer) {
        let appending = self.plan.steps.len() - 1;
        match self.plan.steps[..appending].last_mut() {
            Some(Step::Carry(layers)) => layers.push(layer),
            _ => self.plan.steps.insert(appending, Step::Carry(vec![layer])),
        }
    }

    pub(super) fn attention(&mut self, node: &Node) -> Result<Option<Form>, NoPlan> {
        for operand in ["query", "key", "value"].into_iter().filter_map(|name| node.value(name)) {
            self.norm_heads(operand);
        }
        let form_of = |name: &str| node.value(name).and_then(|value| self.forms[value.index()].clone());
        let (Some(query), Some(key), Some(value)) = (form_of("query"), form_of("key"), form_of("value")) else {
            return Ok(None);
        };
        let (query, heads) = match query {
            Form::Rows(query, Layout::HeadsFirst(heads)) => (query, heads),
            _ => return self.only_fast(node, &[key, value], "the queries are not a view of rows by heads"),
        };
        let mask = node.value("attn_mask").map(|mask| Mask::of(self.graph, mask));
        if mask == Some(None) {
            let reason = "the mask is computed; only the first columns of an input can be one";
            return self.only_fast(node, &[key, value], reason);
        }
        let (key, value) = match (key, value) {
            (Form::Used(key), Form::Used(value)) => (key, value),
            (Form::Rows(key, Layout::HeadsFirst(groups)), Form::Rows(value, Layout::HeadsFirst(value_groups)))
                if groups == value_groups && groups.size == heads.size =>
            {
                self.keep_for_the_call(groups, key, value)
            }
            forms => return self.only_fast(node, &[forms.0, forms.1], "keys and values are kept in different ways"),
        };
        let mask = mask.flatten().map(|mask| self.mask(mask));
        let number = |name: &str| node.value(name).and_then(|value| self.graph.scalar(value));
        let Some(scale) = number("scale") else { return Ok(None) };
        let options = AttentionOptions { scale, soft_cap: number("soft_cap"), exact: false };
        let out = self.new_columns(query.width);
        self.plan.steps.push(Step::Attention(Attention { query, heads, key, value, mask, options, out }));
        Ok(Some(Form::Rows(out, Layout::HeadsFirst(heads))))
    }

    /// Keys and values of the call alone, in memory that the layers share: they run one after the other.
    fn keep_for_the_call(&mut self, heads: Heads, key: Columns, value: Columns) -> (CacheLayer, CacheLayer) {
        let storage = Storage::Scratch(heads);
        let known = self.plan.caches.iter().position(|cache| cache.storage == storage);
        let first = known.unwrap_or_else(|| {
            let cache = Cache { storage, length: Some(self.plan.rows.clone()) };
            self.plan.caches.extend([cache.clone(), cache]);
            self.plan.caches.len() - 2
        });
        let [keys, values] = [first, first + 1].map(|cache| CacheLayer { cache: CacheId(cache), layer: 0 });
        self.append_rows(key, heads, keys);
        self.append_rows(value, heads, values);
        (keys, values)
    }

    fn mask(&mut self, mask: Mask) -> usize {
        let known = self.plan.masks.iter().position(|other| *other == mask);
        known.unwrap_or_else(|| {
            self.plan.masks.push(mask);
            self.plan.masks.len() - 1
        })
    }

    /// An attention over tensors can run as a generic step; one over a cache cannot.
    fn only_fast(&self, node: &Node, operands: &[Form], reason: &str) -> Result<Option<Form>, NoPlan> {
        let caches = operands.iter().any(|form| matches!(form, Form::Used(_) | Form::Layer(_)));
        if caches { Err(self.refuse(node.outputs[0], reason)) } else { Ok(None) }
    }
}

fn is_whole(range: &(Dim, Dim), all: &Dim) -> bool {
    range.0.as_const() == Some(0) && range.1 == *all
}

/// The index that a range of one element takes.
fn single(range: &(Dim, Dim)) -> Option<usize> {
    range.0.as_size().filter(|&first| range.1.as_size() == Some(first + 1))
}
