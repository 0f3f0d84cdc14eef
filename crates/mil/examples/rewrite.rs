//! Reads packages and writes them anew: `rewrite OUT IN...` makes `OUT/NAME.mlpackage` of each `IN`, for checks with
//! other tools.

use std::{error::Error, path::Path};

use sottovoce_mil::{Package, write_package};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let out = arguments.next().ok_or("usage: rewrite OUT IN...")?;
    for input in arguments {
        let input = Path::new(&input);
        let name = input.file_name().ok_or("a package needs a name")?;
        write_package(&Package::open(input)?, &Path::new(&out).join(name))?;
    }
    Ok(())
}
