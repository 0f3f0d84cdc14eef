//! Which tools are offered, and whether one has to be called.

use serde_json::Value;
use sottovoce_llm::{
    constrain::{Constraint, Grammar},
    tools::{Tool, Toolbox},
};

use crate::{engine::Engine, http::Failure};

/// What a request says about calls, in the spelling of chats or of responses.
#[derive(Debug)]
pub struct Offer {
    /// The tools that the model is told of.
    pub tools: Vec<Tool>,
    /// The call that the answer has to be.
    pub forced: Option<Forced>,
}

/// A call that the answer has to be.
#[derive(Debug)]
pub enum Forced {
    /// Of any of the tools.
    OfAny,
    /// Of the one with this name.
    Of(String),
}

impl Offer {
    /// What `choice` makes of `tools`.
    pub fn new(mut tools: Vec<Tool>, choice: Option<&Value>) -> Result<Self, Failure> {
        let Some(choice) = choice else { return Ok(Self { tools, forced: None }) };
        match choice["type"].as_str() {
            Some("function") => {
                let forced = Some(Forced::Of(known(&tools, choice)?));
                Ok(Self { tools, forced })
            }
            Some("allowed_tools") => {
                let allowed = if choice["allowed_tools"].is_object() { &choice["allowed_tools"] } else { choice };
                let entries =
                    allowed["tools"].as_array().ok_or_else(|| refused("allowed_tools has no list of tools"))?;
                let names = entries.iter().map(|entry| known(&tools, entry)).collect::<Result<Vec<_>, _>>()?;
                tools.retain(|tool| names.iter().any(|name| name == tool.name()));
                Self::in_mode(tools, &allowed["mode"])
            }
            _ => Self::in_mode(tools, choice),
        }
    }

    fn in_mode(tools: Vec<Tool>, mode: &Value) -> Result<Self, Failure> {
        match mode.as_str() {
            Some("none") => Ok(Self { tools: Vec::new(), forced: None }),
            Some("auto") => Ok(Self { tools, forced: None }),
            Some("required") if tools.is_empty() => Err(refused("a call is required, and there are no tools")),
            Some("required") => Ok(Self { tools, forced: Some(Forced::OfAny) }),
            _ => Err(refused(format!(
                "tool_choice is {mode}, expected \"none\", \"auto\", \"required\", a function or allowed_tools"
            ))),
        }
    }
}

/// What an answer has to be: the call that is forced, spelled as the model does, or else of the format. A call has no text
/// that could have a format.
pub fn constraint(
    forced: Option<Forced>,
    toolbox: Option<&Toolbox>,
    format: Option<Grammar>,
    engine: &Engine,
) -> Result<Option<Constraint>, Failure> {
    let (Some(forced), Some(toolbox)) = (forced, toolbox) else {
        return Ok(format.map(|grammar| engine.constraint(&grammar)).transpose()?);
    };
    let name = match &forced {
        Forced::OfAny => None,
        Forced::Of(name) => Some(name.as_str()),
    };
    let grammar = toolbox.call_grammar(name, engine.tokenizer())?;
    // The only part of it that may be malformed is a schema of the client's.
    engine.constraint(&grammar).map(Some).map_err(|error| Failure::invalid("tools", error.to_string()))
}

/// The name in a reference to a function, which has to be among `tools`.
fn known(tools: &[Tool], reference: &Value) -> Result<String, Failure> {
    let named = if reference["function"].is_object() { &reference["function"] } else { reference };
    let name = named["name"].as_str().ok_or_else(|| refused(format!("{reference} does not name a function")))?;
    match tools.iter().any(|tool| tool.name() == name) {
        true => Ok(name.to_owned()),
        false => Err(refused(format!("{name:?} is not among the tools"))),
    }
}

fn refused(message: impl Into<String>) -> Failure {
    Failure::invalid("tool_choice", message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn offer(choice: Value) -> Result<(Vec<String>, String), Failure> {
        let tools = Tool::list(json!([{ "name": "a" }, { "name": "b" }])).unwrap();
        let offer = Offer::new(tools, Some(&choice))?;
        let forced = match offer.forced {
            None => "free".to_owned(),
            Some(Forced::OfAny) => "any".to_owned(),
            Some(Forced::Of(name)) => name,
        };
        Ok((offer.tools.iter().map(|tool| tool.name().to_owned()).collect(), forced))
    }

    #[test]
    fn both_spellings_of_a_choice() {
        for (choice, tools, forced) in [
            (json!("none"), "", "free"),
            (json!("auto"), "ab", "free"),
            (json!("required"), "ab", "any"),
            (json!({ "type": "function", "function": { "name": "b" } }), "ab", "b"),
            (json!({ "type": "function", "name": "b" }), "ab", "b"),
            (json!({ "type": "allowed_tools", "mode": "auto", "tools": [{ "name": "b" }] }), "b", "free"),
            (
                json!({ "type": "allowed_tools", "allowed_tools":
                    { "mode": "required", "tools": [{ "type": "function", "function": { "name": "a" } }] } }),
                "a",
                "any",
            ),
        ] {
            let found = offer(choice.clone()).unwrap();
            assert_eq!((found.0.concat().as_str(), found.1.as_str()), (tools, forced), "{choice}");
        }
    }

    #[test]
    fn what_cannot_be_chosen_is_refused() {
        for (choice, expected) in [
            (json!("always"), "expected \\\"none\\\""),
            (json!({ "type": "function", "function": { "name": "c" } }), "is not among the tools"),
            (json!({ "type": "function" }), "does not name a function"),
            (json!({ "type": "allowed_tools", "mode": "auto" }), "has no list of tools"),
            (json!({ "type": "allowed_tools", "mode": "required", "tools": [] }), "there are no tools"),
        ] {
            let body = json!(offer(choice.clone()).unwrap_err().body());
            assert_eq!(body["error"]["param"], "tool_choice");
            assert!(body.to_string().contains(expected), "{body}");
        }
    }
}
