//! The server as `async-openai` sees it, which checks every member of what it reads.

use async_openai::{
    Client,
    config::OpenAIConfig,
    error::OpenAIError,
    types::{
        chat::{
            ChatCompletionMessageToolCalls, ChatCompletionRequestUserMessage, ChatCompletionTool,
            ChatCompletionToolChoiceOption, ChatCompletionTools, CreateChatCompletionRequest,
            CreateChatCompletionRequestArgs, FinishReason, FunctionObjectArgs, ToolChoiceOptions,
        },
        completions::CreateCompletionRequestArgs,
        responses::{CreateResponseArgs, OutputItem, ResponseStreamEvent, Status},
    },
};
use futures_util::StreamExt;
use serde_json::json;

use super::{server::Server, start};

/// A server, a client for it, and what drives the client.
fn connect() -> Option<(Server, Client<OpenAIConfig>, tokio::runtime::Runtime)> {
    let server = start()?;
    // There is one for the process; another test may have set it.
    drop(rustls::crypto::ring::default_provider().install_default());
    let config = OpenAIConfig::new().with_api_base(format!("http://{}/v1", server.address())).with_api_key("none");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    Some((server, Client::with_config(config), runtime))
}

fn question() -> CreateChatCompletionRequest {
    let question = ChatCompletionRequestUserMessage::from("What is the capital of Japan?");
    CreateChatCompletionRequestArgs::default()
        .model("default")
        .messages([question.into()])
        .temperature(0.0)
        .max_completion_tokens(60u32)
        .build()
        .unwrap()
}

#[test]
fn chats_whole_streamed_and_with_a_demanded_call() {
    let Some((_server, client, runtime)) = connect() else { return };
    runtime.block_on(async {
        let answer = client.chat().create(question()).await.unwrap();
        let text = answer.choices[0].message.content.clone().unwrap();
        assert!(text.contains("Tokyo"), "{text}");
        assert_eq!(answer.choices[0].finish_reason, Some(FinishReason::Stop));

        let mut stream = client.chat().create_stream(question()).await.unwrap();
        let mut streamed = String::new();
        while let Some(piece) = stream.next().await {
            streamed.extend(piece.unwrap().choices.into_iter().filter_map(|choice| choice.delta.content));
        }
        assert_eq!(streamed, text);

        let parameters = json!({ "type": "object", "properties": { "city": { "type": "string", "maxLength": 20 } },
            "required": ["city"], "additionalProperties": false });
        let function = FunctionObjectArgs::default().name("weather").parameters(parameters.clone()).build().unwrap();
        let request = CreateChatCompletionRequest {
            tools: Some(vec![ChatCompletionTools::Function(ChatCompletionTool { function })]),
            tool_choice: Some(ChatCompletionToolChoiceOption::Mode(ToolChoiceOptions::Required)),
            ..question()
        };
        let answer = client.chat().create(request).await.unwrap();
        let calls = answer.choices[0].message.tool_calls.clone().unwrap();
        let [ChatCompletionMessageToolCalls::Function(call)] = &calls[..] else { panic!("{calls:?}") };
        assert_eq!(call.function.name, "weather");
        assert!(jsonschema::is_valid(&parameters, &serde_json::from_str(&call.function.arguments).unwrap()));
    });
}

#[test]
fn responses_completions_and_models() {
    let Some((_server, client, runtime)) = connect() else { return };
    runtime.block_on(async {
        let request = CreateResponseArgs::default()
            .model("default")
            .input("What is the capital of Japan?")
            .temperature(0.0)
            .build()
            .unwrap();
        let response = client.responses().create(request.clone()).await.unwrap();
        assert_eq!(response.status, Status::Completed);
        let text = response.output_text().unwrap();
        assert!(text.contains("Tokyo"), "{text}");
        assert!(matches!(response.output[..], [OutputItem::Message(_)]), "{:?}", response.output);
        assert_eq!(client.responses().retrieve(&response.id).await.unwrap().output, response.output);

        let mut stream = client.responses().create_stream(request).await.unwrap();
        let (mut deltas, mut last) = (String::new(), None);
        while let Some(event) = stream.next().await {
            match event.unwrap() {
                ResponseStreamEvent::ResponseOutputTextDelta(delta) => deltas.push_str(&delta.delta),
                other => last = Some(other),
            }
        }
        let Some(ResponseStreamEvent::ResponseCompleted(completed)) = last else { panic!("{last:?}") };
        assert_eq!((completed.response.output_text().unwrap(), deltas), (text.clone(), text));

        let request = CreateCompletionRequestArgs::default()
            .model("default")
            .prompt("The capital of France is")
            .temperature(0.0)
            .max_tokens(3u32)
            .build()
            .unwrap();
        let completion = client.completions().create(request).await.unwrap();
        assert!(completion.choices[0].text.contains("Paris"), "{completion:?}");

        let models = client.models().list().await.unwrap();
        assert_eq!(models.data[0].id, "smollm2");
        let mut unknown = question();
        unknown.model = "gpt-4o".to_owned();
        match client.chat().create(unknown).await.unwrap_err() {
            OpenAIError::ApiError(answer) => assert_eq!(answer.api_error.code.as_deref(), Some("model_not_found")),
            other => panic!("{other}"),
        }
    });
}
