//! An assistant that hears itself: recorded people as its voice, in simulated rooms.

use std::time::Duration;

use sottovoce_testkit::{Random, speech_clips};
use sottovoce_voice::{
    FRAME, Recognizer, SAMPLE_RATE, VoiceActivity,
    asr::WordErrors,
    audio::Resampler,
    conversation::{Activity, Change, Options},
    echo::{BLOCK, EchoCanceller, SimulatedRoom},
};

use crate::{
    asr::{moonshine, vad},
    clips,
};

const RATE: usize = SAMPLE_RATE as usize;
/// Both voices are about as loud as somebody who sits before a computer.
const LOUDNESS: f32 = 0.06;
/// How long the canceller has to learn a room.
const LEARNING: usize = 2 * RATE;
/// Samples that come at a time: 10 ms.
const PIECE: usize = RATE / 100;

fn energy(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample * sample).sum()
}

fn decibels(ratio: f32) -> f32 {
    10.0 * ratio.log10()
}

/// A sound as loud as `loudness`, the root of the mean square.
fn at_loudness(mut sound: Vec<f32>, loudness: f32) -> Vec<f32> {
    let gain = loudness / (energy(&sound) / sound.len() as f32).sqrt();
    sound.iter_mut().for_each(|sample| *sample *= gain);
    sound
}

/// Half a minute of what an assistant might say.
fn answer() -> Vec<f32> {
    at_loudness(clips().concat().into_iter().cycle().take(30 * RATE).collect(), LOUDNESS)
}

fn room(milliseconds: u64) -> SimulatedRoom {
    SimulatedRoom::new(milliseconds, Duration::from_millis(milliseconds), Duration::from_millis(250))
}

/// What a microphone hears: an echo, its own noise, and a person from `start` on.
fn microphone(echo: &[f32], person: &[f32], start: usize) -> Vec<f32> {
    let mut random = Random::new(5);
    let mut heard: Vec<f32> = echo.iter().map(|sample| sample + 0.0003 * random.normal()).collect();
    for (heard, person) in heard[start..].iter_mut().zip(person) {
        *heard += person;
    }
    heard
}

/// What is left of `heard` when `played` was played, piece by piece.
fn clean(canceller: &mut EchoCanceller, played: &[f32], heard: &[f32]) -> Vec<f32> {
    let mut left = Vec::new();
    for (played, heard) in played.chunks(PIECE).zip(heard.chunks(PIECE)) {
        canceller.played(played);
        canceller.clean(heard, &mut left);
    }
    left
}

/// How much quieter an echo became after the learning, in dB (ERLE).
fn enhancement(echo: &[f32], left: &[f32]) -> f32 {
    let rest = LEARNING..left.len();
    decibels(energy(&echo[rest.clone()]) / energy(&left[rest]))
}

#[test]
fn an_echo_is_found_and_taken_away() {
    let answer = answer();
    for delay in [20, 60, 120, 200] {
        let echo = room(delay).echo(&answer);
        let mut canceller = EchoCanceller::new();
        let left = clean(&mut canceller, &answer, &microphone(&echo, &[], 0));
        let (enhancement, found) = (enhancement(&echo, &left), canceller.delay().as_millis() as i64);
        println!("delay {delay} ms: found {found} ms, {enhancement:.1} dB taken away");
        assert!(enhancement > 25.0, "delay {delay} ms: {enhancement} dB");
        // Blocks are of 4 ms, and what comes a little early is looked at too.
        assert!((found - delay as i64).abs() <= 12, "{found} ms for {delay}");
    }
}

#[test]
fn clocks_that_differ_do_not_matter() {
    // The loudspeaker's clock is slower by a hundred millionths, so that its sound takes longer.
    let answer: Vec<f32> = answer().into_iter().cycle().take(90 * RATE).collect();
    let mut echo = Vec::new();
    let mut stretch = Resampler::new(10_000, 10_001);
    stretch.push(&room(80).echo(&answer), &mut echo);
    stretch.finish(&mut echo);
    let heard = microphone(&echo, &[], 0);
    let (mut canceller, mut left) = (EchoCanceller::new(), Vec::new());
    let mut played = answer.chunks(BLOCK);
    for (block, heard) in heard.chunks(BLOCK).enumerate() {
        // A block of the loudspeaker is missing whenever the clocks are one apart.
        if block % 10_001 != 10_000 {
            canceller.played(played.next().unwrap_or_default());
        }
        canceller.clean(heard, &mut left);
    }
    let enhancement = enhancement(&echo, &left);
    println!("{enhancement:.1} dB taken away");
    assert!(enhancement > 20.0, "{enhancement} dB");
}

#[test]
fn the_same_sound_gives_the_same() {
    let answer = &answer()[..4 * RATE];
    let heard = microphone(&room(40).echo(answer), &[], 0);
    let run = || clean(&mut EchoCanceller::new(), answer, &heard);
    assert_eq!(run(), run());
}

#[test]
fn a_person_alone_is_heard_as_they_are() {
    let person = at_loudness(clips().swap_remove(13), LOUDNESS);
    let silence = vec![0.0; person.len()];
    let mut untold = Vec::new();
    EchoCanceller::new().clean(&person, &mut untold);
    let told = clean(&mut EchoCanceller::new(), &silence, &person);
    // A loudspeaker that goes away in the middle of an answer leaves its room behind, and nothing else.
    let answer = answer();
    let mut canceller = EchoCanceller::new();
    clean(&mut canceller, &answer, &microphone(&room(60).echo(&answer), &[], 0));
    let mut gone = Vec::new();
    canceller.clean(&vec![0.0; RATE], &mut Vec::new());
    canceller.clean(&person, &mut gone);
    for (name, left) in [("nothing is told", untold), ("silence is told", told), ("it went away", gone)] {
        // It comes a block late.
        let difference: Vec<f32> = left[BLOCK..].iter().zip(&person).map(|(left, person)| left - person).collect();
        let ratio = decibels(energy(&person) / energy(&difference));
        println!("{name}: {ratio:.1} dB");
        assert!(left.len() == person.len() / BLOCK * BLOCK && ratio > 60.0, "{name}: {ratio} dB");
    }
}

#[test]
fn what_is_no_sound_does_no_harm() {
    let answer = answer();
    let echo = room(60).echo(&answer);
    let heard = microphone(&echo, &[], 0);
    let mut canceller = EchoCanceller::new();
    let bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30, 1.0, f32::MIN_POSITIVE];
    let bad: Vec<f32> = bad.into_iter().cycle().take(RATE).collect();
    let overdriven: Vec<f32> = heard.iter().map(|sample| (40.0 * sample).clamp(-1.0, 1.0)).collect();
    for (played, heard) in [(&bad, &bad), (&answer, &bad), (&bad, &heard), (&answer, &overdriven)] {
        let left = clean(&mut canceller, played, heard);
        assert!(left.iter().all(|sample| sample.abs() <= 1.0));
    }
    let enhancement = enhancement(&echo, &clean(&mut canceller, &answer, &heard));
    println!("{enhancement:.1} dB taken away afterwards");
    assert!(enhancement > 20.0, "{enhancement} dB");
}

/// When turns begin in a sound, in samples.
fn beginnings(vad: &mut impl VoiceActivity, sound: &[f32]) -> Vec<usize> {
    let Options { speech, still_speech, onset, pause, .. } = Options::default();
    let mut activity = Activity::new(speech, still_speech, onset, pause);
    vad.reset();
    let mut begun = Vec::new();
    for (index, frame) in sound.as_chunks::<FRAME>().0.iter().enumerate() {
        if activity.push(vad.probability(frame).unwrap()) == Some(Change::Began) {
            begun.push(index * FRAME);
        }
    }
    begun
}

#[test]
fn an_assistant_does_not_interrupt_itself_and_a_person_interrupts_it() {
    let Some(mut vad) = vad() else { return };
    let answer = answer();
    let start = 8 * RATE;
    let person = at_loudness(clips().swap_remove(13), LOUDNESS);
    for delay in [20, 60, 120, 200] {
        let echo = room(delay).echo(&answer);
        let alone = microphone(&echo, &[], 0);
        let left = clean(&mut EchoCanceller::new(), &answer, &alone);
        let heard_itself = beginnings(&mut vad, &alone).len();
        let begun = beginnings(&mut vad, &left);
        println!(
            "delay {delay} ms: {heard_itself} turns in the echo, {} in what is left of it: {begun:?}",
            begun.len()
        );
        assert!(heard_itself > 5 && begun.is_empty(), "delay {delay} ms: {heard_itself}, {begun:?}");

        let left = clean(&mut EchoCanceller::new(), &answer, &microphone(&echo, &person, start));
        let begun = beginnings(&mut vad, &left);
        println!("  with a person at {start}: {begun:?}");
        let in_time = |at: &usize| (start..start + person.len()).contains(at);
        assert!(begun.first().is_some_and(in_time), "delay {delay} ms: {begun:?}");
    }
}

#[test]
fn a_person_is_understood_over_an_answer() {
    let Some(mut moonshine) = moonshine() else { return };
    let (answer, start) = (answer(), 5 * RATE);
    let echo = room(90).echo(&answer);
    let (mut covered, mut cleaned) = (WordErrors::default(), WordErrors::default());
    for (clip, person) in speech_clips().iter().zip(clips()) {
        let person = at_loudness(person, LOUDNESS);
        let heard = microphone(&echo, &person, start);
        let left = clean(&mut EchoCanceller::new(), &answer, &heard);
        let turn = start - RATE / 5..start + person.len() + RATE / 5;
        let mut errors =
            |sound: &[f32]| WordErrors::count(&clip.transcript, &moonshine.recognize(&sound[turn.clone()]).unwrap());
        covered += errors(&heard);
        cleaned += errors(&left);
    }
    println!("with the echo {covered:?}, without {cleaned:?}");
    // Both speak at once and as loud all the time, which is the worst there is: in a conversation the answer falls silent.
    assert!(cleaned.rate() < 0.4 && cleaned.rate() < 0.5 * covered.rate(), "{covered:?} {cleaned:?}");
}
