//! Inputs of a first call, as NumPy would write them: what a caller who drives the package by hand has to pass.

use sottovoce_tensor::DType;

use super::{LanguageInterface, Role};

/// An input of a first call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleInput {
    /// Name.
    pub name: String,
    /// Element type.
    pub dtype: DType,
    /// Shape.
    pub shape: Vec<usize>,
    /// A NumPy expression of that type and shape.
    pub numpy: String,
}

impl LanguageInterface {
    /// The inputs of a call that begins a sequence, with as few rows as the package takes.
    pub fn example(&self) -> Vec<ExampleInput> {
        let (rows, hidden) = (*self.rows.start(), self.placeholders());
        let columns = |least: usize| least.max(hidden + rows);
        let inputs = self.inputs.iter().map(|input| {
            let ty = format!("np.{}", numpy_type(input.dtype));
            let (shape, numpy) = match input.role {
                Role::Ids => (vec![1, rows], format!("np.ones((1, {rows}), {ty})")),
                Role::CausalMask { least, window } => {
                    let shape = vec![1, 1, rows, columns(least)];
                    let hidden_where =
                        |part: &str, diagonal| format!("np.{part}(np.full({}, -np.inf), {diagonal})", tuple(&shape));
                    let mut numpy = hidden_where("triu", hidden as i64 + 1);
                    if hidden > 0 {
                        numpy.push_str(&format!(" + np.where(np.arange({}) < {hidden}, -np.inf, 0)", shape[3]));
                    }
                    if let Some(window) = window.filter(|&window| window < rows) {
                        numpy.push_str(&format!(" + {}", hidden_where("tril", hidden as i64 - window as i64)));
                    }
                    (shape, format!("({numpy}).astype({ty})"))
                }
                Role::TokenMask { least } => {
                    let width = columns(least);
                    let seen = format!("(np.arange({width}) >= {hidden}) & (np.arange({width}) < {})", hidden + rows);
                    (vec![1, width], format!("({seen})[None].astype({ty})"))
                }
                Role::Positions { rank: 1 } => (vec![rows], format!("np.arange({rows}, dtype={ty})")),
                Role::Positions { .. } => (vec![1, rows], format!("np.arange({rows}, dtype={ty})[None]")),
                Role::FirstPosition { rank } => {
                    let shape = vec![1; rank];
                    let numpy = format!("np.zeros({}, {ty})", tuple(&shape));
                    (shape, numpy)
                }
            };
            ExampleInput { name: input.name.clone(), dtype: input.dtype, shape, numpy }
        });
        let caches = self.caches().iter().map(|cache| ExampleInput {
            name: cache.input.clone(),
            dtype: cache.dtype,
            shape: cache.shape.clone(),
            numpy: format!("np.zeros({}, np.{})", tuple(&cache.shape), numpy_type(cache.dtype)),
        });
        inputs.chain(caches).collect()
    }
}

fn tuple(shape: &[usize]) -> String {
    let sizes: Vec<String> = shape.iter().map(ToString::to_string).collect();
    format!("({}{})", sizes.join(", "), if shape.len() == 1 { "," } else { "" })
}

fn numpy_type(dtype: DType) -> &'static str {
    match dtype {
        DType::F16 => "float16",
        DType::F32 => "float32",
        _ => "int32",
    }
}
