//! usage: convert GGUF_OR_FOLDER PACKAGE [--quantize keep|f16|int8|int4] [--variant stateful|kv-io|baseline] [--context N]

use std::{ops::ControlFlow, path::Path};

use sottovoce_convert::{Checkpoint, ConvertOptions, Quantize, Variant, convert, package_name};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [source, target, rest @ ..] = arguments.as_slice() else {
        return Err("two paths are needed".into());
    };
    let mut options = ConvertOptions::default();
    for pair in rest.chunks(2) {
        match [pair[0].as_str(), pair.get(1).map_or("", String::as_str)] {
            ["--quantize", "keep"] => options.quantize = Quantize::Keep,
            ["--quantize", "f16"] => options.quantize = Quantize::F16,
            ["--quantize", "int8"] => options.quantize = Quantize::Int8,
            ["--quantize", "int4"] => options.quantize = Quantize::Int4,
            ["--variant", "stateful"] => options.variant = Variant::Stateful,
            ["--variant", "kv-io"] => options.variant = Variant::KvIo,
            ["--variant", "baseline"] => options.variant = Variant::Baseline,
            ["--context", number] => options.context = Some(number.parse()?),
            [option, value] => return Err(format!("unknown {option} {value}").into()),
        }
    }
    let checkpoint = Checkpoint::open(Path::new(source))?;
    eprintln!("{:?}, would be named {}", checkpoint.config, package_name(&checkpoint, &options)?);
    let report = convert(&checkpoint, Path::new(target), &options, &mut |_| ControlFlow::Continue(()))?;
    print!("{report}");
    Ok(())
}
