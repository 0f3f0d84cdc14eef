//! The stages of a turn as a picture.

use std::{fmt::Write, time::Duration};

use sottovoce_voice::conversation::Latency;

use super::report::stages;

const WIDTH: f64 = 860.0;
const LEFT: f64 = 150.0;
const RIGHT: f64 = 820.0;
const TOP: f64 = 84.0;
const ROW: f64 = 30.0;

/// Colours that everybody can tell apart (Okabe and Ito 2008), lighter ones on dark ground.
const STYLE: &str = "\
<style>
.ground { fill: #ffffff } text { fill: #1f2328; font: 13px system-ui, sans-serif } .title { font-size: 17px; font-weight: 600 }
.dim { fill: #59636e } .grid { stroke: #d8dee4; stroke-width: 1 } .wait { fill: #d8dee4 } .stage { fill: #0072b2 }
.total { fill: #c24e00 } .dot { fill: #c24e00; fill-opacity: 0.35 }
@media (prefers-color-scheme: dark) {
.ground { fill: #0d1117 } text { fill: #e6edf3 } .dim { fill: #9198a1 } .grid { stroke: #30363d } .wait { fill: #30363d }
.stage { fill: #56b4e9 } .total { fill: #f0883e } .dot { fill: #f0883e }
}
</style>";

/// The turn whose total is the median, stage by stage, and below it the totals of all.
pub fn svg(latencies: &[Latency], pause: Duration, machine: &str) -> String {
    let mut sorted: Vec<&Latency> = latencies.iter().collect();
    sorted.sort_by_key(|latency| latency.first_audio);
    let Some(median) = sorted.get(sorted.len() / 2) else { return String::new() };
    let longest = sorted.last().map_or(1.0, |latency| latency.first_audio.as_secs_f64() * 1e3);
    let end = (longest / 100.0).ceil().max(1.0) * 100.0;
    let x = |time: Duration| LEFT + (RIGHT - LEFT) * time.as_secs_f64() * 1e3 / end;

    let mut rows = vec![("endpointing", "wait", Duration::ZERO, median.endpointing)];
    rows.extend(stages(median, pause).map(|(name, begin, end)| (name, "stage", begin, end)));
    rows.push(("total", "total", Duration::ZERO, median.first_audio));
    let bottom = TOP + ROW * (rows.len() + 1) as f64;
    let height = bottom + 44.0;

    let mut svg = String::new();
    let mut put = |element: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _ = svg.write_fmt(element);
        svg.push('\n');
    };
    put(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" aria-label=\"From the end of a question to the first sound of the answer\">\n{STYLE}"
    ));
    put(format_args!("<rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\" rx=\"8\"/>"));
    put(format_args!(
        "<text x=\"24\" y=\"32\" class=\"title\">From the end of a question to the first sound of the answer</text>"
    ));
    let (turns, machine) = (latencies.len(), machine.replace('&', "&amp;").replace('<', "&lt;"));
    put(format_args!(
        "<text x=\"24\" y=\"54\" class=\"dim\">a turn of median length, and all {turns} below · {machine}</text>"
    ));
    let mut tick = 0.0;
    while tick <= end {
        let at = x(Duration::from_secs_f64(tick / 1e3));
        put(format_args!("<path class=\"grid\" d=\"M{at:.1} {TOP}V{bottom:.1}\"/>"));
        put(format_args!(
            "<text x=\"{at:.1}\" y=\"{:.1}\" class=\"dim\" text-anchor=\"middle\">{tick}</text>",
            bottom + 18.0
        ));
        tick += if end > 1000.0 { 200.0 } else { 100.0 };
    }
    put(format_args!(
        "<text x=\"{RIGHT}\" y=\"{:.1}\" class=\"dim\" text-anchor=\"end\">milliseconds</text>",
        bottom + 36.0
    ));
    for (row, (name, class, from, to)) in rows.into_iter().enumerate() {
        let y = TOP + ROW * row as f64;
        // What began before the turn paused for the last time has no beginning of its own.
        let (left, right) = (x(from.min(to)), x(to));
        let milliseconds = to.saturating_sub(from).as_secs_f64() * 1e3;
        put(format_args!("<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{name}</text>", LEFT - 10.0, y + 17.0));
        put(format_args!(
            "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"16\" rx=\"3\"/>",
            y + 4.0,
            (right - left).max(1.0)
        ));
        put(format_args!(
            "<text x=\"{:.1}\" y=\"{:.1}\" class=\"dim\">{milliseconds:.0}</text>",
            right + 6.0,
            y + 17.0
        ));
    }
    for latency in latencies {
        put(format_args!(
            "<circle class=\"dot\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\"/>",
            x(latency.first_audio),
            bottom - ROW / 2.0
        ));
    }
    put(format_args!("</svg>"));
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_drawn_stage_by_stage() {
        let time = Duration::from_millis;
        let latency = Latency {
            endpointing: time(290),
            transcript: time(270),
            first_text: time(340),
            first_clause: time(380),
            first_sound: time(410),
            first_audio: time(410),
        };
        let svg = svg(&[latency; 3], time(192), "a <processor>");
        for expected in
            [">endpointing<", ">290<", ">78<", ">70<", ">40<", ">30<", ">410<", "a &lt;processor>", "</svg>"]
        {
            assert!(svg.contains(expected), "{expected} in {svg}");
        }
        assert_eq!(svg.matches("<circle").count(), 3);
    }

    #[test]
    fn nothing_measured_is_no_picture() {
        assert_eq!(svg(&[], Duration::ZERO, ""), "");
    }
}
