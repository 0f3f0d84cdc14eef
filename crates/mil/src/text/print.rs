use std::fmt::{self, Display, Formatter, Write};

use half::{bf16, f16};
use indexmap::IndexMap;
use sottovoce_tensor::{DType, Tensor};

use super::{WEIGHTS, is_word};
use crate::program::{
    Binding, Block, Dimension, ElementType, Function, NamedValueType, Operation, Program, TensorType, Value, ValueData,
    ValueType,
};

/// The text of a program, which [`super::parse`] reads.
pub fn print(program: &Program) -> String {
    let mut text = format!("program {}", program.version);
    if !program.doc_string.is_empty() {
        push(&mut text, format_args!(" doc {}", Quoted(&program.doc_string)));
    }
    push(&mut text, format_args!("{}\n", Attributes(attributes(&program.attributes))));
    for (name, function) in &program.functions {
        print_function(&mut text, name, function);
    }
    text
}

/// A type as programs spell it, `fp16[1,?,4]` for instance.
pub fn print_type(ty: &ValueType) -> String {
    Type(ty).to_string()
}

fn push(text: &mut String, arguments: fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a string does not fail");
}

fn print_function(text: &mut String, name: &str, function: &Function) {
    let opset = Name(&function.opset);
    push(text, format_args!("\nfunc {}({}) {opset}", Name(name), Named(&function.inputs)));
    push(text, format_args!("{}", Attributes(attributes(&function.attributes))));
    match function.active_block() {
        Some(block)
            if function.block_specializations.len() == 1 && block.inputs.is_empty() && block.attributes.is_empty() =>
        {
            print_body(text, block, 0);
        }
        _ => {
            text.push_str(" specializations {\n");
            for (opset, block) in &function.block_specializations {
                push(text, format_args!("  {}", Name(opset)));
                print_block(text, block, 1);
                text.push('\n');
            }
            text.push('}');
        }
    }
    text.push('\n');
}

fn print_block(text: &mut String, block: &Block, depth: usize) {
    let attributes = Attributes(attributes(&block.attributes));
    push(text, format_args!(" block({}){attributes}", Named(&block.inputs)));
    print_body(text, block, depth);
}

fn print_body(text: &mut String, block: &Block, depth: usize) {
    let indent = "  ".repeat(depth);
    text.push_str(" {\n");
    for operation in &block.operations {
        push(text, format_args!("{indent}  {}", Head(operation)));
        for block in &operation.blocks {
            print_block(text, block, depth + 1);
        }
        text.push('\n');
    }
    push(text, format_args!("{indent}  return"));
    for (index, output) in block.outputs.iter().enumerate() {
        push(text, format_args!("{}%{}", if index == 0 { " " } else { ", " }, Name(output)));
    }
    push(text, format_args!("\n{indent}}}"));
}

/// An operation without its nested blocks.
struct Head<'a>(&'a Operation);

impl Display for Head<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let operation = self.0;
        if !operation.outputs.is_empty() {
            write!(f, "{} = ", Named(&operation.outputs))?;
        }
        let literal = const_literal(operation);
        match operation.kind.as_str() {
            // Words that start something else.
            "return" | "block" => write!(f, "\"{}\"(", operation.kind)?,
            "const" if literal.is_none() => write!(f, "\"const\"(")?,
            kind => write!(f, "{}(", Name(kind))?,
        }
        match literal {
            Some(value) => write!(f, "{}", Data(value))?,
            None => join(f, &operation.inputs, |f, (parameter, bindings)| argument(f, parameter, bindings))?,
        }
        write!(f, ")")?;
        let implied = operation.outputs.first().map(|output| Value::string(output.name.as_str()));
        let name = operation.attributes.get("name");
        let mut shown: Vec<_> = attributes(&operation.attributes);
        shown.retain(|&(key, value)| match key.as_str() {
            "name" => value != implied.as_ref(),
            "val" => literal.is_none(),
            _ => true,
        });
        let no_name = String::from("name");
        if name.is_none() && implied.is_some() {
            shown.push((&no_name, None));
        }
        write!(f, "{}", Attributes(shown))
    }
}

/// The value of a `const` whose type its result tells.
fn const_literal(operation: &Operation) -> Option<&Value> {
    let [output] = operation.outputs.as_slice() else { return None };
    let value = operation.attributes.get("val")?;
    let plain = operation.kind == "const" && operation.inputs.is_empty() && value.doc_string.is_empty();
    (plain && value.ty == output.ty).then_some(value)
}

fn argument(f: &mut Formatter<'_>, parameter: &str, bindings: &[Binding]) -> fmt::Result {
    write!(f, "{}=", Name(parameter))?;
    if let [binding] = bindings {
        return write!(f, "{}", Bound(binding));
    }
    write!(f, "(")?;
    join(f, bindings, |f, binding| write!(f, "{}", Bound(binding)))?;
    write!(f, ")")
}

struct Bound<'a>(&'a Binding);

impl Display for Bound<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Binding::Name(name) => write!(f, "%{}", Name(name)),
            Binding::Value(value) => write!(f, "{}", Literal(value)),
        }
    }
}

fn join<T>(
    f: &mut Formatter<'_>,
    items: impl IntoIterator<Item = T>,
    mut each: impl FnMut(&mut Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            write!(f, ", ")?;
        }
        each(f, item)?;
    }
    Ok(())
}

struct Name<'a>(&'a str);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if is_word(self.0) { f.write_str(self.0) } else { write!(f, "{}", Quoted(self.0)) }
    }
}

struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                c if c.is_control() => write!(f, "\\u{{{:x}}}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

struct Named<'a>(&'a [NamedValueType]);

impl Display for Named<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        join(f, self.0, |f, named| write!(f, "%{}: {}", Name(&named.name), Type(&named.ty)))
    }
}

/// Attributes in brackets; one without a value is said to be missing.
struct Attributes<'a>(Vec<(&'a String, Option<&'a Value>)>);

fn attributes(map: &IndexMap<String, Value>) -> Vec<(&String, Option<&Value>)> {
    map.iter().map(|(key, value)| (key, Some(value))).collect()
}

impl Display for Attributes<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(f, " [")?;
        join(f, &self.0, |f, &(key, value)| match value {
            Some(value) => write!(f, "{}={}", Name(key), Literal(value)),
            None => write!(f, "{}=none", Name(key)),
        })?;
        write!(f, "]")
    }
}

struct Type<'a>(&'a ValueType);

impl Display for Type<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            ValueType::Tensor(ty) => print_tensor_type(f, ty),
            ValueType::List { element, length } => write!(f, "list<{}, {}>", Type(element), Size(*length)),
            ValueType::Tuple(members) => {
                write!(f, "tuple<")?;
                join(f, members, |f, member| write!(f, "{}", Type(member)))?;
                write!(f, ">")
            }
            ValueType::Dictionary { key, value } => write!(f, "dict<{}, {}>", Type(key), Type(value)),
            ValueType::State(inner) => write!(f, "state<{}>", Type(inner)),
        }
    }
}

fn print_tensor_type(f: &mut Formatter<'_>, ty: &TensorType) -> fmt::Result {
    match ty.element {
        ElementType::Data(dtype) => write!(f, "{dtype}")?,
        ElementType::String => write!(f, "string")?,
        ElementType::Other(number) => write!(f, "type{number}")?,
    }
    if ty.rank == -1 && ty.dimensions.is_empty() {
        write!(f, "[*]")?;
    } else if !ty.dimensions.is_empty() || !ty.attributes.is_empty() {
        write!(f, "[")?;
        for (index, &dimension) in ty.dimensions.iter().enumerate() {
            write!(f, "{}{}", if index == 0 { "" } else { "," }, Size(dimension))?;
        }
        write!(f, "]")?;
    }
    write!(f, "{}", Attributes(attributes(&ty.attributes)))
}

struct Size(Dimension);

impl Display for Size {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Dimension::Fixed(size) => write!(f, "{size}"),
            Dimension::Unknown { variadic: false } => write!(f, "?"),
            Dimension::Unknown { variadic: true } => write!(f, "..."),
        }
    }
}

/// A value with its type.
struct Literal<'a>(&'a Value);

impl Display for Literal<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let value = self.0;
        let bare = match &value.data {
            ValueData::Tensor(tensor) => matches!(tensor.dtype(), DType::Bool | DType::I32),
            ValueData::Strings(_) => true,
            _ => false,
        };
        let scalar = value.ty.as_tensor().is_some_and(|ty| ty.rank == 0 && ty.attributes.is_empty());
        if bare && scalar {
            write!(f, "{}", Data(value))?;
        } else {
            write!(f, "{}({})", Type(&value.ty), Data(value))?;
        }
        if value.doc_string.is_empty() { Ok(()) } else { write!(f, " doc {}", Quoted(&value.doc_string)) }
    }
}

/// The contents of a value.
struct Data<'a>(&'a Value);

impl Display for Data<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.0.data {
            ValueData::Tensor(tensor) => print_elements(f, tensor),
            ValueData::Strings(strings) => join(f, strings, |f, text| write!(f, "{}", Quoted(text))),
            ValueData::Tuple(members) | ValueData::List(members) => {
                join(f, members, |f, member| write!(f, "{}", Literal(member)))
            }
            ValueData::Dictionary(pairs) => {
                join(f, pairs, |f, (key, value)| write!(f, "{}: {}", Literal(key), Literal(value)))
            }
            ValueData::Blob { file, offset } if file == WEIGHTS => write!(f, "@{offset}"),
            ValueData::Blob { file, offset } => write!(f, "@{offset} {}", Quoted(file)),
        }
    }
}

fn print_elements(f: &mut Formatter<'_>, tensor: &Tensor) -> fmt::Result {
    let bytes = tensor.bytes();
    match tensor.dtype() {
        DType::F16 => join(f, bytes.as_chunks().0, |f, &bytes| {
            let value = f16::from_le_bytes(bytes);
            if value.is_nan() { write!(f, "{:#x}", value.to_bits()) } else { write!(f, "{:?}", value.to_f32()) }
        }),
        DType::BF16 => join(f, bytes.as_chunks().0, |f, &bytes| {
            let value = bf16::from_le_bytes(bytes);
            if value.is_nan() { write!(f, "{:#x}", value.to_bits()) } else { write!(f, "{:?}", value.to_f32()) }
        }),
        DType::F32 => join(f, bytes.as_chunks().0, |f, &bytes| {
            let value = f32::from_le_bytes(bytes);
            if value.is_nan() { write!(f, "{:#x}", value.to_bits()) } else { write!(f, "{value:?}") }
        }),
        DType::F64 => join(f, bytes.as_chunks().0, |f, &bytes| {
            let value = f64::from_le_bytes(bytes);
            if value.is_nan() { write!(f, "{:#x}", value.to_bits()) } else { write!(f, "{value:?}") }
        }),
        DType::U64 => join(f, bytes.as_chunks().0, |f, &bytes| write!(f, "{}", u64::from_le_bytes(bytes))),
        DType::Bool => join(f, bytes.iter(), |f, &byte| write!(f, "{}", byte != 0)),
        _ => join(f, tensor.to_i64_vec(), |f, value| write!(f, "{value}")),
    }
}
