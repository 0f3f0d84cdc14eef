// Talks to a running server over /v1/realtime with OpenAI's own JavaScript client.
//
// usage: node check_voice.js BASE_URL [TOKEN]
//
// BASE_URL  such as http://127.0.0.1:8080/v1, of `sottovoce serve` with SmolLM2-135M-Instruct

import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import OpenAI from "openai";
import { OpenAIRealtimeWS } from "openai/realtime/ws";

/** The next event of a type; an error ends the check. */
const next = (connection, type) =>
  new Promise((resolve, reject) => {
    connection.on(type, resolve);
    connection.on("error", reject);
  });

async function conversation(client, url) {
  // The client always speaks TLS, which a server of the same machine does not need.
  const options = { createConnection: () => net.connect(url.port, url.hostname) };
  const connection = new OpenAIRealtimeWS({ model: "default", options }, client);
  await next(connection, "session.created");
  connection.send({ type: "session.update", session: { type: "realtime", max_output_tokens: 40 } });
  assert.equal((await next(connection, "session.updated")).session.max_output_tokens, 40);

  let said = "";
  let bytes = 0;
  connection.on("response.output_audio_transcript.delta", ({ delta }) => (said += delta));
  connection.on("response.output_audio.delta", ({ delta }) => (bytes += Buffer.from(delta, "base64").length));
  const content = [{ type: "input_text", text: "What is the capital of Japan?" }];
  connection.send({ type: "conversation.item.create", item: { type: "message", role: "user", content } });
  connection.send({ type: "response.create" });
  const { response } = await next(connection, "response.done");
  const [item] = response.output;
  assert.equal(item.content[0].transcript, said);
  assert.ok(said.length > 0 && bytes > 24_000, `${bytes} bytes of ${said}`);

  const half = Math.floor(bytes / 2 / 24 / 2);
  connection.send({ type: "conversation.item.truncate", item_id: item.id, content_index: 0, audio_end_ms: half });
  connection.send({ type: "conversation.item.retrieve", item_id: item.id });
  const kept = (await next(connection, "conversation.item.retrieved")).item.content[0].transcript;
  assert.ok(said.startsWith(kept) && kept !== said && kept !== "", `${kept} of ${said}`);
  connection.close();
  await once(connection.socket, "close");
}

const [baseURL, apiKey = "none"] = process.argv.slice(2);
await conversation(new OpenAI({ baseURL, apiKey, maxRetries: 0 }), new URL(baseURL));
console.log("conversation: good");
