//! A picture: how many times as long as the plain code each side takes, a row
//! for each case, on an axis of powers.

use std::fmt::Write;

use crate::record::{Group, Record};
use crate::suite::Suite;
use crate::table;

const WIDTH: f64 = 960.0;
const LEFT: f64 = 232.0;
const RIGHT: f64 = 28.0;
const TOP: f64 = 92.0;
const ROW: f64 = 30.0;
const OURS: &str = "#c8102e";
/// Colours that most eyes tell apart, with the mark that goes with each.
const PEERS: &[(&str, Mark)] = &[
    ("#0072b2", Mark::Square),
    ("#009e73", Mark::Triangle),
    ("#e69f00", Mark::Diamond),
    ("#56b4e9", Mark::Circle),
    ("#a65fa0", Mark::Square),
    ("#7a6a3a", Mark::Triangle),
    ("#444444", Mark::Diamond),
];

#[derive(Clone, Copy)]
enum Mark {
    Circle,
    Square,
    Triangle,
    Diamond,
}

/// The scale from ratios to places.
struct Axis {
    least: f64,
    most: f64,
}

impl Axis {
    /// Whole powers of two around everything in the rows.
    fn around(ratios: impl Iterator<Item = f64>) -> Self {
        let (least, most) = ratios.fold((0.8, 2.0), |(least, most): (f64, f64), ratio| {
            (least.min(ratio), most.max(ratio))
        });
        Self { least: least.log2().floor(), most: most.log2().ceil() }
    }

    fn place(&self, ratio: f64) -> f64 {
        let part = (ratio.log2() - self.least) / (self.most - self.least);
        LEFT + part * (WIDTH - LEFT - RIGHT)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        (self.least as i32..=self.most as i32).map(|power| 2.0_f64.powi(power))
    }
}

/// The picture as SVG.
pub fn svg(suite: &Suite, groups: &[Group<'_>]) -> String {
    let rows: Vec<_> = groups.iter().map(|group| (group, sides(suite, group))).collect();
    let ratios = rows.iter().flat_map(|(_, sides)| sides.iter().map(|&(_, ratio)| ratio));
    let axis = Axis::around(ratios);
    let peers = peers(suite, groups);
    let height = TOP + ROW * rows.len() as f64 + 48.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" font-family=\"system-ui, 'DejaVu Sans', sans-serif\" \
         font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    text(&mut svg, 16.0, 28.0, "font-size=\"17\" font-weight=\"600\"", suite.title);
    legend(&mut svg, suite, &peers);
    grid(&mut svg, &axis, height, suite.reference);
    for (index, (group, sides)) in rows.iter().enumerate() {
        let y = TOP + ROW * (index as f64 + 0.5);
        row(&mut svg, suite, group, sides, &peers, &axis, y);
    }
    svg + "</svg>\n"
}

/// Each side's fastest variant that is in a contest, and its ratio to the
/// reference.
fn sides<'a>(suite: &Suite, group: &Group<'a>) -> Vec<(&'a Record, f64)> {
    let mut names: Vec<&str> = Vec::new();
    for record in &group.records {
        if record.side != suite.reference && !names.contains(&&*record.side) {
            names.push(&record.side);
        }
    }
    let best = |name: &&str| {
        let best = group.best(|record| {
            record.side == *name && (suite.contest)(group.case, &record.variant).is_some()
        })?;
        Some((best, best.ratio_to_hand?.median))
    };
    names.iter().filter_map(best).collect()
}

/// The names of the peers, in the order of the legend.
fn peers<'a>(suite: &Suite, groups: &[Group<'a>]) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for record in groups.iter().flat_map(|group| &group.records) {
        if record.side != suite.ours && record.side != suite.reference {
            names.push(&record.side);
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

fn style(peers: &[&str], side: &str) -> (&'static str, Mark) {
    let place = peers.iter().position(|&peer| peer == side).unwrap_or(0);
    PEERS[place % PEERS.len()]
}

fn legend(svg: &mut String, suite: &Suite, peers: &[&str]) {
    let mut x = 22.0;
    let y = 56.0;
    circle(svg, x, y, OURS, 6.5);
    text(svg, x + 12.0, y + 4.5, "font-weight=\"600\"", suite.ours);
    x += 34.0 + 8.0 * suite.ours.len() as f64;
    for peer in peers {
        let (colour, shape) = style(peers, peer);
        mark(svg, x, y, colour, shape);
        text(svg, x + 11.0, y + 4.5, "", peer);
        x += 34.0 + 7.6 * peer.len() as f64;
    }
}

fn grid(svg: &mut String, axis: &Axis, height: f64, reference: &str) {
    let bottom = height - 48.0;
    for tick in axis.ticks() {
        let x = axis.place(tick);
        let (colour, width) = if tick == 1.0 { ("#222222", 1.5) } else { ("#dddddd", 1.0) };
        let _ = writeln!(
            svg,
            "<line x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{bottom:.1}\" \
             stroke=\"{colour}\" stroke-width=\"{width}\"/>",
            TOP - 6.0
        );
        let middle = "text-anchor=\"middle\" fill=\"#444444\" font-size=\"12\"";
        text(svg, x, TOP - 11.0, middle, &format!("{tick}"));
        text(svg, x, bottom + 16.0, middle, &format!("{tick}"));
    }
    let caption = format!(
        "times as long as plain arrays by hand (`{reference}` = 1), each side's fastest way; \
         further left is faster"
    );
    let middle = "text-anchor=\"middle\" fill=\"#444444\"";
    text(svg, (LEFT + WIDTH - RIGHT) / 2.0, bottom + 36.0, middle, &caption);
}

fn row(
    svg: &mut String,
    suite: &Suite,
    group: &Group<'_>,
    sides: &[(&Record, f64)],
    peers: &[&str],
    axis: &Axis,
    y: f64,
) {
    let _ = writeln!(
        svg,
        "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\" stroke=\"#eeeeee\"/>",
        WIDTH - RIGHT
    );
    text(svg, LEFT - 14.0, y + 4.5, "text-anchor=\"end\"", &label(group));
    // Ours in the middle and last, so that it lies on top; a peer that would lie
    // on another's mark steps aside.
    let ours = sides.iter().filter(|(record, _)| record.side == suite.ours);
    let ours: Vec<_> = ours.map(|&(_, ratio)| axis.place(ratio)).collect();
    let mut taken: Vec<(f64, f64)> = ours.iter().map(|&x| (x, 0.0)).collect();
    for &(record, ratio) in sides.iter().filter(|(record, _)| record.side != suite.ours) {
        let (colour, shape) = style(peers, &record.side);
        let x = axis.place(ratio);
        let free =
            |aside: &f64| taken.iter().all(|&(other, at)| at != *aside || (other - x).abs() > 11.0);
        let aside = [0.0, -9.0, 9.0].into_iter().find(free).unwrap_or(0.0);
        taken.push((x, aside));
        mark(svg, x, y + aside, colour, shape);
    }
    for x in ours {
        circle(svg, x, y, OURS, 6.5);
    }
}

fn label(group: &Group<'_>) -> String {
    let Group { case, entities, archetypes, .. } = group;
    match *case {
        // The cases that come in several sizes.
        "archetypes" => match archetypes {
            1 => format!("{case}, 1 set"),
            _ => format!("{case}, {} sets", table::thousands(*archetypes)),
        },
        _ if *entities >= 1_000_000 => format!("{case}, {} million", entities / 1_000_000),
        _ => (*case).to_owned(),
    }
}

fn circle(svg: &mut String, x: f64, y: f64, colour: &str, radius: f64) {
    let _ = writeln!(
        svg,
        "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" fill=\"{colour}\" stroke=\"#ffffff\"/>"
    );
}

fn mark(svg: &mut String, x: f64, y: f64, colour: &str, mark: Mark) {
    let points: &[(f64, f64)] = match mark {
        Mark::Circle => return circle(svg, x, y, colour, 5.0),
        Mark::Square => &[(-4.5, -4.5), (4.5, -4.5), (4.5, 4.5), (-4.5, 4.5)],
        Mark::Triangle => &[(0.0, -5.5), (5.5, 4.5), (-5.5, 4.5)],
        Mark::Diamond => &[(0.0, -6.0), (6.0, 0.0), (0.0, 6.0), (-6.0, 0.0)],
    };
    let points: Vec<_> =
        points.iter().map(|(dx, dy)| format!("{:.1},{:.1}", x + dx, y + dy)).collect();
    let points = points.join(" ");
    let _ = writeln!(
        svg,
        "<polygon points=\"{points}\" fill=\"{colour}\" fill-opacity=\"0.9\" stroke=\"#ffffff\"/>"
    );
}

fn text(svg: &mut String, x: f64, y: f64, attributes: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" {attributes}>{text}</text>");
}
