//! Arena of values and nodes.

use sottovoce_tensor::{DType, Tensor};

use super::{
    dim::Dim,
    symbols::{Guard, Symbols},
};
use crate::op::OpDef;

/// Index of a value in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub(crate) u32);

/// Index of a node in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(crate) u32);

impl ValueId {
    /// Position in the arena, below [`Graph::num_values`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl NodeId {
    /// Position in the arena.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What is known of a value before it is computed.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// Element type.
    pub dtype: DType,
    /// Dimensions, outermost first.
    pub shape: Vec<Dim>,
    /// The elements of small integer tensors (shapes, slice bounds), where they are known symbolically.
    pub value: Option<SymbolicValue>,
}

/// Elements of a small integer tensor of rank 0 or 1, in row-major order.
pub type SymbolicValue = Vec<Dim>;

impl Fact {
    /// A fact without known elements.
    pub fn new(dtype: DType, shape: Vec<Dim>) -> Self {
        Self { dtype, shape, value: None }
    }

    /// The shape, when no dimension depends on the inputs.
    pub fn fixed_shape(&self) -> Option<Vec<usize>> {
        self.shape.iter().map(Dim::as_size).collect()
    }

    /// Number of dimensions.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }
}

/// A tensor in the package's weight file, not read yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BlobRef {
    /// Name as the program spells it.
    pub file: String,
    /// Byte offset of the blob's metadata.
    pub offset: u64,
}

/// A value known when the graph is built.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// Elements at hand.
    Tensor(Tensor),
    /// Elements in the weight file.
    Blob(BlobRef),
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Definition {
    /// An input of the function, by position in [`Graph::inputs`].
    Input(usize),
    /// Contents of a state when the call starts, by position in [`Graph::states`].
    State(usize),
    /// A constant.
    Constant(Constant),
    /// A result of a node, by position.
    Node(NodeId, usize),
}

/// A value: defined once, used any number of times.
#[derive(Clone, Debug)]
pub struct Value {
    /// Name in the source program, for messages only: no pass reads it.
    pub name: String,
    /// Type, shape and symbolic elements.
    pub fact: Fact,
    /// Where it comes from.
    pub definition: Definition,
}

/// An argument of a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    /// One value.
    Value(ValueId),
    /// The values of a variadic parameter.
    List(Vec<ValueId>),
    /// A string literal (`mode`, `dtype`).
    Text(String),
}

impl Arg {
    /// The values it refers to.
    pub fn values(&self) -> &[ValueId] {
        match self {
            Self::Value(value) => std::slice::from_ref(value),
            Self::List(values) => values,
            Self::Text(_) => &[],
        }
    }

    fn values_mut(&mut self) -> &mut [ValueId] {
        match self {
            Self::Value(value) => std::slice::from_mut(value),
            Self::List(values) => values,
            Self::Text(_) => &mut [],
        }
    }
}

/// An operation with its arguments.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it computes.
    pub op: &'static OpDef,
    /// Arguments by parameter name, in the order of the operation's parameters; optional ones may be missing.
    pub args: Vec<(&'static str, Arg)>,
    /// Results.
    pub outputs: Vec<ValueId>,
}

impl Node {
    /// The argument of a parameter.
    pub fn arg(&self, name: &str) -> Option<&Arg> {
        self.args.iter().find(|(param, _)| *param == name).map(|(_, arg)| arg)
    }

    /// The value of a parameter that takes one.
    pub fn value(&self, name: &str) -> Option<ValueId> {
        match self.arg(name)? {
            Arg::Value(value) => Some(*value),
            _ => None,
        }
    }

    /// Every value that the node reads, in parameter order.
    pub fn operands(&self) -> impl Iterator<Item = ValueId> + '_ {
        self.args.iter().flat_map(|(_, arg)| arg.values().iter().copied())
    }
}

/// A mutable buffer that lives longer than a call.
#[derive(Clone, Debug)]
pub struct StateSlot {
    /// Name.
    pub name: String,
    /// Contents when the call starts.
    pub initial: ValueId,
    /// Contents when the call ends; `initial` when nothing writes it.
    pub last: ValueId,
}

/// A result of the function.
#[derive(Clone, Debug)]
pub struct Output {
    /// Name.
    pub name: String,
    /// Value.
    pub value: ValueId,
}

/// A function in SSA form. States are values too: each write makes a new version, so that every node is pure.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Name of the function, for messages.
    pub function: String,
    values: Vec<Value>,
    nodes: Vec<Node>,
    /// Inputs in order.
    pub inputs: Vec<ValueId>,
    /// Dimensions of the inputs as they were declared: inference may replace symbols in their facts by equal ones.
    declared: Vec<Vec<Dim>>,
    /// States in order.
    pub states: Vec<StateSlot>,
    /// Outputs in order.
    pub outputs: Vec<Output>,
    /// Unknown sizes.
    pub symbols: Symbols,
    /// What the facts rely on.
    pub guards: Vec<Guard>,
}

impl Graph {
    /// An empty graph for a function of that name.
    pub fn new(function: impl Into<String>) -> Self {
        Self { function: function.into(), ..Self::default() }
    }

    /// A value.
    pub fn value(&self, id: ValueId) -> &Value {
        &self.values[id.index()]
    }

    /// A value, to refine its fact.
    pub fn value_mut(&mut self, id: ValueId) -> &mut Value {
        &mut self.values[id.index()]
    }

    /// Type and shape of a value.
    pub fn fact(&self, id: ValueId) -> &Fact {
        &self.value(id).fact
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// Number of values in the arena, dead ones included.
    pub fn num_values(&self) -> usize {
        self.values.len()
    }

    /// Number of nodes in the arena, dead ones included.
    pub fn num_nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Adds an input.
    pub fn add_input(&mut self, name: impl Into<String>, fact: Fact) -> ValueId {
        self.declared.push(fact.shape.clone());
        let id = self.push(name.into(), fact, Definition::Input(self.inputs.len()));
        self.inputs.push(id);
        id
    }

    /// Dimensions of an input as declared, each with a symbol of its own where it is flexible; empty for other values.
    pub fn input_dims(&self, id: ValueId) -> &[Dim] {
        match self.value(id).definition {
            Definition::Input(index) => &self.declared[index],
            _ => &[],
        }
    }

    /// Adds a state.
    pub fn add_state(&mut self, name: impl Into<String>, fact: Fact) -> ValueId {
        let name = name.into();
        let id = self.push(name.clone(), fact, Definition::State(self.states.len()));
        self.states.push(StateSlot { name, initial: id, last: id });
        id
    }

    /// Adds a constant; small integers become symbolic values too.
    pub fn add_constant(&mut self, name: impl Into<String>, constant: Constant, fact: Fact) -> ValueId {
        self.push(name.into(), fact, Definition::Constant(constant))
    }

    /// Adds a constant tensor.
    pub fn add_tensor(&mut self, name: impl Into<String>, tensor: Tensor) -> ValueId {
        let fact = fact_of(&tensor);
        self.add_constant(name, Constant::Tensor(tensor), fact)
    }

    /// Adds a node with one result per name and fact.
    pub fn add_node(
        &mut self,
        op: &'static OpDef,
        args: Vec<(&'static str, Arg)>,
        results: impl IntoIterator<Item = (String, Fact)>,
    ) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        let outputs = results
            .into_iter()
            .enumerate()
            .map(|(index, (name, fact))| self.push(name, fact, Definition::Node(id, index)))
            .collect();
        self.nodes.push(Node { op, args, outputs });
        id
    }

    fn push(&mut self, name: String, fact: Fact, definition: Definition) -> ValueId {
        self.values.push(Value { name, fact, definition });
        ValueId(self.values.len() as u32 - 1)
    }

    /// The node that computes a value, if one does.
    pub fn producer(&self, id: ValueId) -> Option<NodeId> {
        match self.value(id).definition {
            Definition::Node(node, _) => Some(node),
            _ => None,
        }
    }

    /// The constant that a value is, if it is one whose elements are at hand.
    pub fn tensor(&self, id: ValueId) -> Option<&Tensor> {
        match &self.value(id).definition {
            Definition::Constant(Constant::Tensor(tensor)) => Some(tensor),
            _ => None,
        }
    }

    /// The element of a constant that has just one.
    pub fn scalar(&self, id: ValueId) -> Option<f32> {
        self.tensor(id).filter(|tensor| tensor.len() == 1).and_then(|tensor| tensor.to_f32_vec().first().copied())
    }

    /// True when a value is a constant, or made from constants by `constexpr` operations: a weight, known when the
    /// model is loaded.
    pub fn is_weight(&self, id: ValueId) -> bool {
        match self.value(id).definition {
            Definition::Constant(_) => true,
            Definition::Node(node, _) => {
                let node = self.node(node);
                node.op.name.starts_with("constexpr_") && node.operands().all(|operand| self.is_weight(operand))
            }
            Definition::Input(_) | Definition::State(_) => false,
        }
    }

    /// Results and final states, in order: what the graph is computed for.
    pub fn roots(&self) -> Vec<ValueId> {
        self.outputs.iter().map(|output| output.value).chain(self.states.iter().map(|state| state.last)).collect()
    }

    /// Nodes that the roots need, each after the nodes it uses. The order depends on the dataflow alone, not on names
    /// or on the order of independent operations in the source.
    pub fn schedule(&self) -> Vec<NodeId> {
        let mut order = Vec::new();
        let mut visited = vec![false; self.nodes.len()];
        for root in self.roots() {
            self.schedule_from(root, &mut visited, &mut order);
        }
        order
    }

    /// Depth-first without recursion: real programs are thousands of operations deep.
    fn schedule_from(&self, root: ValueId, visited: &mut [bool], order: &mut Vec<NodeId>) {
        let mut stack: Vec<(NodeId, Vec<ValueId>)> = Vec::new();
        let mut enter = |value: ValueId, stack: &mut Vec<(NodeId, Vec<ValueId>)>| {
            if let Some(node) = self.producer(value)
                && !std::mem::replace(&mut visited[node.index()], true)
            {
                // Reversed: popped from the back, the first operand is visited first.
                let mut pending: Vec<ValueId> = self.node(node).operands().collect();
                pending.reverse();
                stack.push((node, pending));
            }
        };
        enter(root, &mut stack);
        while let Some((node, pending)) = stack.last_mut() {
            match pending.pop() {
                Some(operand) => enter(operand, &mut stack),
                None => {
                    order.push(*node);
                    stack.pop();
                }
            }
        }
    }

    /// How often each value is read, by live nodes and as a root; indexed by [`ValueId::index`].
    pub fn use_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.values.len()];
        for node in self.schedule() {
            for operand in self.node(node).operands() {
                counts[operand.index()] += 1;
            }
        }
        for root in self.roots() {
            counts[root.index()] += 1;
        }
        counts
    }

    /// Makes every use of a value read another one instead: `replace[v.index()]` where it is set, followed to its end.
    pub fn replace_uses(&mut self, replace: &[Option<ValueId>]) {
        let resolve = |mut value: ValueId| {
            while let Some(Some(next)) = replace.get(value.index()) {
                value = *next;
            }
            value
        };
        for node in &mut self.nodes {
            for (_, arg) in &mut node.args {
                for value in arg.values_mut() {
                    *value = resolve(*value);
                }
            }
        }
        for output in &mut self.outputs {
            output.value = resolve(output.value);
        }
        for state in &mut self.states {
            state.last = resolve(state.last);
        }
    }
}

/// Largest tensor whose elements are tracked symbolically: shapes and slice bounds have a handful.
pub(crate) const MAX_SYMBOLIC_ELEMENTS: usize = 16;

/// Fact of a tensor at hand.
pub(crate) fn fact_of(tensor: &Tensor) -> Fact {
    let value = (!tensor.dtype().is_float() && tensor.rank() <= 1 && tensor.len() <= MAX_SYMBOLIC_ELEMENTS)
        .then(|| tensor.to_i64_vec().into_iter().map(Dim::from).collect());
    Fact { dtype: tensor.dtype(), shape: tensor.shape().iter().map(|&dim| dim.into()).collect(), value }
}
