//! What the fuzz target of calls of tools does with its input. The tests of `sottovoce-llm` run the same.

use sottovoce_llm::tools::{FunctionCall, Tool, ToolFormat, ToolParser};

const FORMATS: [ToolFormat; 5] =
    [ToolFormat::Hermes, ToolFormat::Llama, ToolFormat::Mistral, ToolFormat::Gemma, ToolFormat::Phi];

/// Says whether some family spells a call so. Text and calls of an answer are the same however it was cut into pieces, and
/// nothing is shown that was not said.
pub fn tool_calls(data: &[u8]) -> bool {
    let Ok(answer) = std::str::from_utf8(data) else { return false };
    let tool = serde_json::json!([{ "name": "get_weather" }]);
    let tools = Tool::list(tool).expect("a tool");
    let mut has_calls = false;
    for format in FORMATS {
        let (shown, calls) = parse(format, &tools, [answer]);
        let characters = answer.char_indices().map(|(at, c)| &answer[at..at + c.len_utf8()]);
        assert_eq!(parse(format, &tools, characters), (shown.clone(), calls.clone()), "{format:?}: {answer:?}");
        assert!(shown.len() <= answer.len(), "{format:?}: {answer:?} became {shown:?}");
        assert!(calls.iter().all(|call| call.arguments.is_object()), "{format:?}: {answer:?} became {calls:?}");
        has_calls |= !calls.is_empty();
    }
    has_calls
}

fn parse<'a>(
    format: ToolFormat,
    tools: &[Tool],
    pieces: impl IntoIterator<Item = &'a str>,
) -> (String, Vec<FunctionCall>) {
    let mut parser = ToolParser::new(format, tools);
    let mut shown = String::new();
    pieces.into_iter().for_each(|piece| parser.push(piece, &mut shown));
    let calls = parser.finish(&mut shown);
    (shown, calls)
}
