//! A graph as text, for golden tests and for looking at.
//!
//! Values are numbered in the order of the schedule; names of the source program do not appear, so that two programs which
//! compute the same in the same way have the same text.

use std::{
    collections::HashMap,
    fmt::{self, Write},
};

use crate::{
    ir::{Arg, Constant, Definition, Graph, ValueId},
    lower::describe,
};

/// Constants of up to so many elements are spelled out.
const MAX_SPELLED: usize = 8;

/// The live part of `graph`, one line per input, state, node and output.
pub fn print(graph: &Graph) -> String {
    let mut printer = Printer { graph, numbers: HashMap::new(), text: String::new() };
    // Writing to a string does not fail.
    let _ = printer.print();
    printer.text
}

struct Printer<'g> {
    graph: &'g Graph,
    numbers: HashMap<ValueId, usize>,
    text: String,
}

impl Printer<'_> {
    fn print(&mut self) -> fmt::Result {
        for &input in &self.graph.inputs {
            let number = self.define(input);
            writeln!(self.text, "%{number} = input {}", describe(self.graph.fact(input)))?;
        }
        for state in &self.graph.states {
            let number = self.define(state.initial);
            writeln!(self.text, "%{number} = state {}", describe(self.graph.fact(state.initial)))?;
        }
        for id in self.graph.schedule() {
            let node = self.graph.node(id);
            let args: Vec<String> = node.args.iter().map(|(name, arg)| format!("{name}={}", self.arg(arg))).collect();
            let results: Vec<String> = node
                .outputs
                .iter()
                .map(|&output| format!("%{}: {}", self.define(output), describe(self.graph.fact(output))))
                .collect();
            writeln!(self.text, "{} = {}({})", results.join(", "), node.op.name, args.join(", "))?;
        }
        for output in &self.graph.outputs {
            let value = self.value(output.value);
            writeln!(self.text, "output {value}")?;
        }
        for state in &self.graph.states {
            let (initial, last) = (self.value(state.initial), self.value(state.last));
            writeln!(self.text, "state {initial} becomes {last}")?;
        }
        for guard in &self.graph.guards {
            writeln!(self.text, "rule {} ({})", guard.condition, guard.reason)?;
        }
        Ok(())
    }

    fn define(&mut self, value: ValueId) -> usize {
        let next = self.numbers.len();
        *self.numbers.entry(value).or_insert(next)
    }

    fn arg(&self, arg: &Arg) -> String {
        match arg {
            Arg::Value(value) => self.value(*value),
            Arg::List(values) => {
                format!("[{}]", values.iter().map(|&value| self.value(value)).collect::<Vec<_>>().join(", "))
            }
            Arg::Text(text) => format!("{text:?}"),
        }
    }

    fn value(&self, value: ValueId) -> String {
        match &self.graph.value(value).definition {
            Definition::Constant(Constant::Tensor(tensor)) if tensor.len() <= MAX_SPELLED => {
                let elements: Vec<String> = if tensor.dtype().is_float() {
                    tensor.to_f32_vec().iter().map(f32::to_string).collect()
                } else {
                    tensor.to_i64_vec().iter().map(i64::to_string).collect()
                };
                if tensor.rank() == 0 { elements.join(", ") } else { format!("[{}]", elements.join(", ")) }
            }
            Definition::Constant(_) => format!("constant {}", describe(self.graph.fact(value))),
            _ => self.numbers.get(&value).map_or_else(|| "%?".to_owned(), |number| format!("%{number}")),
        }
    }
}
