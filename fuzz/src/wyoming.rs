//! What the fuzz target of Wyoming's events does with its input. The tests of `sottovoce-server` run the same.

use sottovoce_server::voice::wyoming::codec::{Decoder, Event};

/// Says whether all of it is events. However they arrive they are the same, and they can be sent again.
pub fn wyoming(data: &[u8]) -> bool {
    let (events, is_sound) = decode(data.chunks(data.len().max(1)));
    assert_eq!(decode(data.chunks(1)), (events.clone(), is_sound), "byte by byte");
    let encoded: Vec<u8> = events.iter().flat_map(Event::encode).collect();
    let (again, is_sound_again) = decode([&encoded[..]].into_iter());
    assert!(is_sound_again && again.len() == events.len(), "{events:?} became {again:?}");
    for (event, again) in events.iter().zip(&again) {
        // The last digit of a number may be another.
        let names = |event: &Event| event.data.keys().cloned().collect::<Vec<_>>();
        assert_eq!((&event.kind, names(event), &event.payload), (&again.kind, names(again), &again.payload));
    }
    is_sound && !events.is_empty()
}

/// The events of some bytes, and whether no error ended them.
fn decode<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Event>, bool) {
    let (mut decoder, mut events) = (Decoder::default(), Vec::new());
    for piece in pieces {
        decoder.push(piece);
        loop {
            match decoder.next_event() {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(_) => return (events, false),
            }
        }
    }
    (events, true)
}
