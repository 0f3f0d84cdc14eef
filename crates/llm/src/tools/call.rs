//! What stands inside the markup of a call.

use serde_json::{Map, Value};

use super::{FunctionCall, python};

/// The calls that `text` consists of; `None` if it is anything else.
///
/// It is JSON objects with a name and arguments, in a list or one after the other; or `name[ARGS]{…}`, several joined by
/// `[TOOL_CALLS]`; or a call in Python.
pub(super) fn parse(text: &str) -> Option<Vec<FunctionCall>> {
    let text = text.trim();
    if text.starts_with(['{', '[']) {
        objects(text)
    } else if text.contains("[ARGS]") {
        text.split("[TOOL_CALLS]").map(named).collect()
    } else {
        python::parse(text).map(|call| vec![call])
    }
}

fn objects(text: &str) -> Option<Vec<FunctionCall>> {
    let mut calls = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        match values.next()?.ok()? {
            Value::Array(list) => calls.extend(list.into_iter().map(object).collect::<Option<Vec<_>>>()?),
            one => calls.push(object(one)?),
        }
        let end = values.byte_offset();
        rest = rest[end..].trim_start_matches(|c: char| c.is_whitespace() || c == ';' || c == ',');
    }
    (!calls.is_empty()).then_some(calls)
}

fn object(mut value: Value) -> Option<FunctionCall> {
    let members = value.as_object_mut()?;
    // Some models repeat the definition's outer object.
    if let Some(function @ Value::Object(_)) = members.remove("function") {
        return object(function);
    }
    let name = members.get("name")?.as_str()?.to_owned();
    let arguments = members.remove("arguments").or_else(|| members.remove("parameters"));
    Some(FunctionCall { name, arguments: arguments_object(arguments)? })
}

/// Arguments as an object: as they are, in a string of JSON, or none.
fn arguments_object(arguments: Option<Value>) -> Option<Value> {
    match arguments {
        None | Some(Value::Null) => Some(Value::Object(Map::new())),
        Some(Value::String(json)) => serde_json::from_str(&json).ok().filter(Value::is_object),
        Some(value) => Some(value).filter(Value::is_object),
    }
}

/// `name[ARGS]{…}`.
fn named(text: &str) -> Option<FunctionCall> {
    let (name, arguments) = text.split_once("[ARGS]")?;
    // Between them may stand an id that the model made up.
    let name = name.split("[CALL_ID]").next().unwrap_or(name).trim();
    let arguments = serde_json::from_str(arguments.trim()).ok()?;
    (!name.is_empty()).then_some(FunctionCall { name: name.to_owned(), arguments: arguments_object(Some(arguments))? })
}
