//! A frame that the voice activity detector hears takes no memory. The counts are of all threads, so this test is alone in its program.

use std::alloc::System;

use sottovoce_testkit::{catalogue_file, speech_clips};
use sottovoce_voice::{SAMPLE_RATE, VoiceActivity, audio::read_wav, vad::SileroVad};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn a_frame_allocates_nothing() {
    let Some(model) = catalogue_file("silero-vad", "silero_vad_16k_sequence") else { return };
    let mut vad = SileroVad::load(&model).unwrap();
    let clip = read_wav(&speech_clips()[0].path, SAMPLE_RATE).unwrap();
    let region = Region::new(ALLOCATOR);
    for frame in clip.samples.as_chunks().0 {
        vad.probability(frame).unwrap();
    }
    let change = region.change();
    assert_eq!((change.allocations, change.reallocations), (0, 0));
}
