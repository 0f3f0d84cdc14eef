//! Events as bytes, without a socket: what comes in goes in, whole events come out.
//!
//! An event is a line of JSON (`type`, `data`, `data_length`, `payload_length`, `version`), then as many bytes of JSON as
//! `data_length` says, whose members join those of `data`, then as many bytes of anything as `payload_length` says.

use serde_json::{Map, Value, json};

use crate::ServerError;

/// The release of the reference implementation whose events these are; every line names one.
const VERSION: &str = "1.10.2";

/// Bytes of the parts of an event at most. What is longer is refused by what it announces, before it is there.
const MOST_LINE: usize = 64 << 10;
const MOST_DATA: usize = 256 << 10;
/// Half a minute of sound.
const MOST_PAYLOAD: usize = 1 << 20;

/// Something that one side tells the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What it is, `audio-chunk` for instance.
    pub kind: String,
    /// What it says.
    pub data: Map<String, Value>,
    /// Bytes of sound, where there are any.
    pub payload: Vec<u8>,
}

impl Event {
    /// An event that says `data`, an object.
    pub fn new(kind: &str, data: Value) -> Self {
        let data = if let Value::Object(data) = data { data } else { Map::new() };
        Self { kind: kind.to_owned(), data, payload: Vec::new() }
    }

    /// The same with a payload.
    pub fn with_payload(self, payload: Vec<u8>) -> Self {
        Self { payload, ..self }
    }

    /// The event as it is sent.
    pub fn encode(&self) -> Vec<u8> {
        let data = if self.data.is_empty() { Vec::new() } else { json!(self.data).to_string().into_bytes() };
        let mut line = json!({ "type": self.kind, "version": VERSION });
        if !data.is_empty() {
            line["data_length"] = json!(data.len());
        }
        if !self.payload.is_empty() {
            line["payload_length"] = json!(self.payload.len());
        }
        [line.to_string().as_bytes(), b"\n", &data, &self.payload].concat()
    }
}

/// Makes events of bytes.
#[derive(Debug, Default)]
pub struct Decoder {
    received: Vec<u8>,
    /// How much of it was made into events.
    taken: usize,
    /// How much of the rest is known to have no end of a line.
    searched: usize,
    head: Option<Head>,
}

/// What an event's line says.
#[derive(Debug)]
struct Head {
    event: Event,
    data: usize,
    payload: usize,
}

impl Decoder {
    /// Takes bytes. They are kept until [`Decoder::next_event`] has taken them up, so it has to be asked in between.
    pub fn push(&mut self, bytes: &[u8]) {
        self.received.drain(..std::mem::take(&mut self.taken));
        self.received.extend_from_slice(bytes);
    }

    /// The next event that is there whole.
    ///
    /// # Errors
    /// [`ServerError::Protocol`]: what comes is no event, or larger than is taken. Nothing that follows has a meaning.
    pub fn next_event(&mut self) -> Result<Option<Event>, ServerError> {
        if self.head.is_none() {
            let Some(line) = self.line()? else { return Ok(None) };
            self.head = Some(Head::parse(&self.received[line])?);
        }
        let whole = |head: &mut Head| self.received.len() - self.taken >= head.data + head.payload;
        let Some(Head { mut event, data, payload }) = self.head.take_if(whole) else { return Ok(None) };
        let (data, payload) = self.received[self.taken..][..data + payload].split_at(data);
        if !data.is_empty() {
            event.data.extend(object(data, "the data")?);
        }
        event.payload = payload.to_vec();
        self.taken += data.len() + payload.len();
        Ok(Some(event))
    }

    /// Where the next line is, if all of it is there.
    fn line(&mut self) -> Result<Option<std::ops::Range<usize>>, ServerError> {
        let rest = &self.received[self.taken..];
        let end = rest.iter().skip(self.searched).position(|&byte| byte == b'\n').map(|at| at + self.searched);
        if end.unwrap_or(rest.len()) > MOST_LINE {
            return Err(refused(format!("a line of at most {MOST_LINE} bytes"), "more"));
        }
        self.searched = if end.is_some() { 0 } else { rest.len() };
        Ok(end.map(|end| {
            let start = self.taken;
            self.taken += end + 1;
            start..start + end
        }))
    }
}

impl Head {
    fn parse(line: &[u8]) -> Result<Self, ServerError> {
        let mut line = object(line, "a line")?;
        let kind = match line.remove("type") {
            Some(Value::String(kind)) => kind,
            other => return Err(refused("a type that is a text", or_nothing(other))),
        };
        let data = match line.remove("data") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(data)) => data,
            Some(other) => return Err(refused("data that is an object", other)),
        };
        let mut length = |name: &str, most: usize| match line.remove(name) {
            None | Some(Value::Null) => Ok(0),
            Some(length) => match length.as_u64().and_then(|length| usize::try_from(length).ok()) {
                Some(length) if length <= most => Ok(length),
                _ => Err(refused(format!("a {name} of at most {most}"), length)),
            },
        };
        let (data_length, payload) = (length("data_length", MOST_DATA)?, length("payload_length", MOST_PAYLOAD)?);
        Ok(Self { event: Event { kind, data, payload: Vec::new() }, data: data_length, payload })
    }
}

fn object(bytes: &[u8], what: &str) -> Result<Map<String, Value>, ServerError> {
    serde_json::from_slice(bytes).map_err(|error| refused(format!("{what} that is an object in JSON"), error))
}

fn or_nothing(value: Option<Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| value.to_string())
}

/// What was found is told, but not all of something long.
pub(super) fn refused(expected: impl Into<String>, found: impl ToString) -> ServerError {
    const MOST_CHARACTERS: usize = 80;
    let found = found.to_string().chars().take(MOST_CHARACTERS).collect();
    ServerError::Protocol { expected: expected.into(), found }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Result<Vec<Event>, String> {
        let mut decoder = Decoder::default();
        decoder.push(bytes);
        std::iter::from_fn(|| decoder.next_event().transpose())
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())
    }

    fn event() -> Event {
        Event::new("audio-chunk", json!({ "rate": 16_000, "name": "Zoë" })).with_payload(vec![10, 0, 255])
    }

    #[test]
    fn events_come_back_as_they_went_however_they_were_cut() {
        let events = [event(), Event::new("describe", json!({})), event()];
        let bytes: Vec<u8> = events.iter().flat_map(Event::encode).collect();
        assert_eq!(decode(&bytes).unwrap(), events);
        let (mut decoder, mut found) = (Decoder::default(), Vec::new());
        for byte in &bytes {
            decoder.push(&[*byte]);
            found.extend(decoder.next_event().unwrap());
        }
        assert_eq!(found, events);
        assert_eq!(decode(&bytes[..bytes.len() - 1]).unwrap(), events[..2], "the last is not whole");
    }

    #[test]
    fn data_may_stand_in_the_line_and_behind_it() {
        let bytes = b"{\"type\":\"ping\",\"data\":{\"text\":\"a\",\"more\":1},\"data_length\":12,\"version\":\"1\"}\n{\"text\":\"b\"}";
        let data = json!({ "text": "b", "more": 1 });
        assert_eq!(decode(bytes).unwrap(), [Event::new("ping", data)]);
        let nulls = b"{\"type\":\"describe\",\"data\":null,\"data_length\":null,\"payload_length\":0}\n";
        assert_eq!(decode(nulls).unwrap(), [Event::new("describe", json!({}))]);
    }

    #[test]
    fn what_is_no_event_is_told() {
        for (bytes, told) in [
            ("GET / HTTP/1.1\n", "a line that is an object in JSON"),
            ("[]\n", "a line that is an object in JSON"),
            ("\n", "a line that is an object in JSON"),
            ("{}\n", "expected a type that is a text, found nothing"),
            ("{\"type\": 7}\n", "expected a type that is a text, found 7"),
            ("{\"type\": \"ping\", \"data\": []}\n", "expected data that is an object, found []"),
            ("{\"type\": \"ping\", \"data_length\": -1}\n", "a data_length of at most 262144, found -1"),
            ("{\"type\": \"ping\", \"data_length\": 262145}\n", "a data_length of at most 262144, found 262145"),
            ("{\"type\": \"ping\", \"payload_length\": 1.5}\n", "a payload_length of at most 1048576, found 1.5"),
            ("{\"type\": \"ping\", \"payload_length\": 1e300}\n", "a payload_length of at most 1048576, found 1e+300"),
            ("{\"type\": \"ping\", \"data_length\": 2}\n12", "the data that is an object in JSON"),
        ] {
            let error = decode(bytes.as_bytes()).unwrap_err();
            assert!(error.contains(told), "{bytes:?}: {error}");
        }
    }

    #[test]
    fn a_line_that_does_not_end_is_refused_before_it_fills_memory() {
        assert!(decode(&[b' '; MOST_LINE]).unwrap().is_empty());
        assert!(decode(&[b' '; MOST_LINE + 1]).unwrap_err().contains("a line of at most 65536 bytes"));
        let long = format!("{{\"type\": \"{}\"}}\n", "x".repeat(MOST_LINE));
        assert!(decode(long.as_bytes()).unwrap_err().contains("a line of at most 65536 bytes"));
        let found =
            decode(format!("{{\"type\": \"ping\", \"data\": \"{}\"}}\n", "x".repeat(1000)).as_bytes()).unwrap_err();
        assert!(found.len() < 250, "{found}");
    }
}
