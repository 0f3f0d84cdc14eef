// Drives a running server with OpenAI's own JavaScript client, and fails where an answer is not what the client's types
// promise.
//
// usage: node check.js BASE_URL [TOKEN]
//
// BASE_URL  such as http://127.0.0.1:8080/v1, of `sottovoce serve` with SmolLM2-135M-Instruct

import assert from "node:assert/strict";
import OpenAI from "openai";

const MODEL = "default";
const QUESTION = "What is the capital of Japan?";
const MESSAGES = [{ role: "user", content: QUESTION }];
const PARAMETERS = {
  type: "object",
  properties: { country: { type: "string", maxLength: 20 } },
  required: ["country"],
  additionalProperties: false,
};

async function chats(client) {
  const answer = await client.chat.completions.create({ model: MODEL, messages: MESSAGES, temperature: 0 });
  assert.match(answer.choices[0].message.content, /Tokyo/);
  assert.equal(answer.choices[0].finish_reason, "stop");
  assert.equal(answer.usage.prompt_tokens + answer.usage.completion_tokens, answer.usage.total_tokens);
}

async function streams(client) {
  const runner = client.chat.completions.stream({
    model: MODEL,
    messages: MESSAGES,
    temperature: 0,
    stream_options: { include_usage: true },
  });
  let text = "";
  for await (const piece of runner) text += piece.choices[0]?.delta.content ?? "";
  assert.match(text, /Tokyo/);
  assert.equal(await runner.finalContent(), text);
  assert.ok((await runner.totalUsage()).completion_tokens > 0);
}

async function aborts(client) {
  const stream = await client.chat.completions.create({ model: MODEL, messages: MESSAGES, stream: true });
  for await (const _ of stream) break;
  assert.ok(stream.controller.signal.aborted);
}

async function forcedTools(client) {
  const tools = [{ type: "function", function: { name: "capital", parameters: PARAMETERS } }];
  for (const tool_choice of ["required", { type: "function", function: { name: "capital" } }]) {
    const request = { model: MODEL, messages: MESSAGES, tools, tool_choice, temperature: 0 };
    const whole = await client.chat.completions.create(request);
    const streamed = await client.chat.completions.stream(request).finalChatCompletion();
    for (const answer of [whole, streamed]) {
      const [call] = answer.choices[0].message.tool_calls;
      assert.equal(call.function.name, "capital");
      assert.deepEqual(Object.keys(JSON.parse(call.function.arguments)), ["country"]);
      assert.equal(answer.choices[0].finish_reason, "tool_calls");
    }
  }
}

async function completions(client) {
  const prompt = "The capital of France is";
  const answer = await client.completions.create({ model: MODEL, prompt, temperature: 0, max_tokens: 3 });
  assert.match(answer.choices[0].text, /Paris/);
}

async function responses(client) {
  const first = await client.responses.create({ model: MODEL, input: QUESTION, temperature: 0 });
  assert.match(first.output_text, /Tokyo/);
  assert.equal(first.status, "completed");
  assert.deepEqual((await client.responses.retrieve(first.id)).output, first.output);
  const second = await client.responses.create({
    model: MODEL,
    input: "Say that again.",
    previous_response_id: first.id,
    temperature: 0,
  });
  assert.ok(second.usage.input_tokens > first.usage.input_tokens);
  await client.responses.delete(first.id);
  await assert.rejects(client.responses.retrieve(first.id), OpenAI.NotFoundError);
}

async function streamedResponses(client) {
  const stream = client.responses.stream({ model: MODEL, input: QUESTION, temperature: 0 });
  const kinds = [];
  let text = "";
  for await (const event of stream) {
    if (kinds.at(-1) !== event.type) kinds.push(event.type);
    if (event.type === "response.output_text.delta") text += event.delta;
  }
  assert.deepEqual(kinds, [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
  ]);
  assert.equal((await stream.finalResponse()).output_text, text);
}

async function responsesWithTools(client) {
  const tools = [{ type: "function", name: "capital", parameters: PARAMETERS, strict: true }];
  const stream = client.responses.stream({
    model: MODEL,
    input: QUESTION,
    tools,
    tool_choice: "required",
    temperature: 0,
  });
  const called = await stream.finalResponse();
  const [call] = called.output;
  assert.equal(call.type, "function_call");
  assert.deepEqual(Object.keys(JSON.parse(call.arguments)), ["country"]);
  const answer = await client.responses.create({
    model: MODEL,
    previous_response_id: called.id,
    input: [{ type: "function_call_output", call_id: call.call_id, output: "Tokyo" }],
    temperature: 0,
    max_output_tokens: 40,
  });
  assert.ok(answer.output_text.length > 0);
}

async function failures(client) {
  const ask = (more) => client.chat.completions.create({ model: MODEL, messages: MESSAGES, ...more });
  await assert.rejects(ask({ model: "gpt-4o" }), OpenAI.NotFoundError);
  await assert.rejects(ask({ temperature: -1 }), OpenAI.BadRequestError);
  await assert.rejects(client.responses.create({ model: MODEL, input: "word ".repeat(100_000) }), (error) => {
    assert.equal(error.code, "context_length_exceeded");
    return error instanceof OpenAI.BadRequestError;
  });
}

const [baseURL, apiKey = "none"] = process.argv.slice(2);
if (!baseURL) throw new Error("usage: node check.js BASE_URL [TOKEN]");
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const names = (await client.models.list()).data.map((model) => model.id);
assert.equal((await client.models.retrieve(names[0])).id, names[0]);
const checks = [
  chats, streams, aborts, forcedTools, completions, responses, streamedResponses, responsesWithTools, failures,
];
for (const check of checks) {
  await check(client);
  console.log(`${check.name}: good`);
}
