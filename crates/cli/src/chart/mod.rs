//! Line charts as SVG files, on logarithmic axes, readable on light and dark pages.

mod scale;

use std::fmt::Write;

use scale::Scale;

/// Size of the picture and of the area that the axes enclose, in pixels.
const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 480.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 640.0;
const TOP: f64 = 76.0;
const BOTTOM: f64 = 408.0;
/// Least distance between the names at the ends of lines.
const NAME_GAP: f64 = 17.0;

/// Colours that people with any colour vision tell apart (Okabe and Ito 2008), lighter ones on dark ground.
const STYLE: &str = "\
<style>
.ground { fill: #ffffff } text { fill: #1f2328; font: 13px system-ui, sans-serif } .title { font-size: 17px; font-weight: 600 }
.dim { fill: #59636e } .grid { stroke: #d8dee4; stroke-width: 1 } .line { fill: none; stroke-width: 2.5; stroke-linejoin: round }
.c0 { stroke: #c24e00 } .c1 { stroke: #0072b2 } .c2 { stroke: #007a58 } .c3 { stroke: #a8427e }
.dot { stroke-width: 2 } .hollow { fill: #ffffff; stroke-width: 2 } .f0 { fill: #c24e00 } .f1 { fill: #0072b2 }
.f2 { fill: #007a58 } .f3 { fill: #a8427e }
@media (prefers-color-scheme: dark) {
.ground { fill: #0d1117 } text { fill: #e6edf3 } .dim { fill: #9198a1 } .grid { stroke: #30363d } .hollow { fill: #0d1117 }
.c0 { stroke: #f0883e } .c1 { stroke: #56b4e9 } .c2 { stroke: #3fb98c } .c3 { stroke: #e59ac6 }
.f0 { fill: #f0883e } .f1 { fill: #56b4e9 } .f2 { fill: #3fb98c } .f3 { fill: #e59ac6 }
}
</style>";
/// Colours in [`STYLE`].
const COLOURS: usize = 4;

/// A chart; all values are positive.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What is shown.
    pub title: String,
    /// Of what, and where.
    pub subtitle: String,
    /// What runs along the bottom.
    pub x_label: String,
    /// What runs up the side.
    pub y_label: String,
    /// Text below, one line each.
    pub notes: Vec<String>,
    /// At most four lines.
    pub lines: Vec<Line>,
}

/// A line through points, by x.
#[derive(Clone, Debug)]
pub struct Line {
    /// What it shows, written at its end.
    pub name: String,
    /// x and y.
    pub points: Vec<(f64, f64)>,
    /// Somebody else's figure, as a hollow mark of the same colour.
    pub reference: Option<(f64, f64)>,
}

impl Chart {
    /// The SVG file; empty axes when there are no points.
    pub fn svg(&self) -> String {
        let points = || self.lines.iter().flat_map(|line| line.points.iter().copied().chain(line.reference));
        let x = Scale::over(points().map(|(x, _)| x), LEFT, RIGHT);
        let y = Scale::over(points().map(|(_, y)| y), BOTTOM, TOP).rounded();
        let mut svg = String::new();
        let mut put = |element: std::fmt::Arguments<'_>| {
            // Writing to a string cannot fail.
            let _ = svg.write_fmt(element);
            svg.push('\n');
        };
        put(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
             height=\"{HEIGHT}\" role=\"img\" aria-label=\"{}\">\n{STYLE}",
            escaped(&self.title)
        ));
        put(format_args!("<rect class=\"ground\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"8\"/>"));
        let mut text = |x: f64, y: f64, class: &str, anchor: &str, text: &str| {
            put(format_args!(
                "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\" text-anchor=\"{anchor}\">{}</text>",
                escaped(text)
            ));
        };
        text(LEFT - 52.0, 32.0, "title", "start", &self.title);
        text(LEFT - 52.0, 54.0, "dim", "start", &self.subtitle);
        text((LEFT + RIGHT) / 2.0, BOTTOM + 38.0, "dim", "middle", &self.x_label);
        text(WIDTH - 24.0, 54.0, "dim", "end", &self.y_label);
        for (line, note) in self.notes.iter().enumerate() {
            text(LEFT - 52.0, BOTTOM + 58.0 + 15.0 * line as f64, "dim", "start", note);
        }
        let mut across: Vec<f64> = self.lines.iter().flat_map(|line| &line.points).map(|point| point.0).collect();
        across.sort_by(f64::total_cmp);
        across.dedup();
        for value in across {
            text(x.at(value), BOTTOM + 18.0, "dim", "middle", &value.to_string());
        }
        for value in y.ticks() {
            text(LEFT - 8.0, y.at(value) + 4.5, "dim", "end", &value.to_string());
        }
        for (name, height) in self.names(&y) {
            text(RIGHT + 12.0, height + 4.5, "", "start", name);
        }
        for value in y.ticks() {
            let height = y.at(value);
            put(format_args!("<path class=\"grid\" d=\"M{LEFT} {height:.1}H{RIGHT}\"/>"));
        }
        for (index, line) in self.lines.iter().enumerate() {
            let colour = index % COLOURS;
            let place = |&(x_value, y_value): &(f64, f64)| (x.at(x_value), y.at(y_value));
            let path: Vec<String> = line.points.iter().map(place).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
            put(format_args!("<polyline class=\"line c{colour}\" points=\"{}\"/>", path.join(" ")));
            for (x, y) in line.points.iter().map(place) {
                put(format_args!("<circle class=\"f{colour}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\"/>"));
            }
            if let Some((x, y)) = line.reference.as_ref().map(place) {
                put(format_args!("<circle class=\"hollow c{colour}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5.5\"/>"));
            }
        }
        put(format_args!("</svg>"));
        svg
    }

    /// The names of the lines with their heights: where the lines end, moved apart where those are close.
    fn names(&self, y: &Scale) -> Vec<(&str, f64)> {
        let ends = self.lines.iter().filter_map(|line| Some((line.name.as_str(), y.at(line.points.last()?.1))));
        let mut names: Vec<(&str, f64)> = ends.collect();
        names.sort_by(|a, b| a.1.total_cmp(&b.1));
        for index in 1..names.len() {
            names[index].1 = names[index].1.max(names[index - 1].1 + NAME_GAP);
        }
        names
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> Chart {
        let line = |name: &str, points: &[(f64, f64)], reference| Line {
            name: name.to_owned(),
            points: points.to_vec(),
            reference,
        };
        Chart {
            title: "Tokens a second".to_owned(),
            subtitle: "\"A & B\" <tiny>".to_owned(),
            x_label: "context".to_owned(),
            y_label: "tokens/s".to_owned(),
            notes: vec!["hollow: others".to_owned()],
            lines: vec![
                line("slow", &[(128.0, 40.0), (256.0, 10.0), (512.0, 2.5)], Some((512.0, 0.2))),
                line("fast", &[(128.0, 300.0), (256.0, 290.0), (512.0, 280.0)], None),
                line("as fast", &[(128.0, 310.0), (256.0, 300.0), (512.0, 285.0)], None),
            ],
        }
    }

    /// To look at it or to replace the file: `cargo test -p sottovoce-cli chart -- --nocapture`.
    #[test]
    fn a_chart_is_drawn_as_before() {
        let svg = chart().svg();
        println!("{svg}");
        assert_eq!(svg, include_str!("golden.svg"));
    }

    #[test]
    fn names_do_not_overlap_and_texts_are_escaped() {
        let chart = chart();
        let names = chart.names(&Scale::over([0.1, 1000.0], BOTTOM, TOP));
        assert_eq!(names.iter().map(|name| name.0).collect::<Vec<_>>(), ["as fast", "fast", "slow"]);
        assert!(names.windows(2).all(|pair| pair[1].1 - pair[0].1 >= NAME_GAP));
        assert!(chart.svg().contains("&quot;A &amp; B&quot; &lt;tiny&gt;"));
    }

    #[test]
    fn nothing_measured_is_an_empty_chart() {
        let chart = Chart { lines: Vec::new(), ..chart() };
        assert!(chart.svg().ends_with("</svg>\n") && !chart.svg().contains("NaN"));
    }
}
