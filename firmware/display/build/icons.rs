//! Draws the icons from distances to simple shapes, with soft edges.
//!
//! Invariant: only additions, multiplications and square roots of `f64`, so that every machine draws the same pixels.

use super::coder::Picture;

/// The side of an icon in pixels.
const SIDE: usize = 40;

/// A shape; lengths in pixels of the icon, y downwards.
enum Shape {
    /// A filled circle: centre and radius.
    Disc(f64, f64, f64),
    /// A ring: centre, radius of its middle, thickness.
    Ring(f64, f64, f64, f64),
    /// A filled rectangle with round corners: left, top, right, bottom, radius.
    Plate(f64, f64, f64, f64, f64),
    /// The outline of such a rectangle: and its thickness.
    Frame(f64, f64, f64, f64, f64, f64),
    /// A stroke through points with round ends: thickness and points.
    Stroke(f64, &'static [(f64, f64)]),
    /// A drop: its tip above a circle of this centre and radius.
    Drop(f64, f64, f64, f64),
}

/// Whether a shape adds to the icon or cuts out of it.
enum Layer {
    Add(Shape),
    Cut(Shape),
}

use Layer::{Add, Cut};
use Shape::{Disc, Drop, Frame, Plate, Ring, Stroke};

const ICONS: &[(&str, &[Layer])] = &[
    (
        "OIL",
        &[
            Add(Plate(6.0, 17.0, 27.0, 34.0, 3.0)),
            Add(Stroke(3.6, &[(25.5, 31.0), (36.0, 16.5)])),
            Add(Stroke(3.2, &[(10.0, 9.5), (23.0, 9.5)])),
            Add(Stroke(3.2, &[(16.5, 9.5), (16.5, 18.0)])),
            Add(Stroke(3.2, &[(7.0, 22.0), (2.4, 18.5), (2.4, 13.0)])),
            Add(Drop(36.2, 23.0, 30.6, 3.2)),
        ],
    ),
    (
        "BRAKE",
        &[
            Add(Ring(20.0, 20.0, 11.0, 3.0)),
            Add(Stroke(3.0, &[(8.0, 7.5), (4.2, 13.0), (3.0, 20.0), (4.2, 27.0), (8.0, 32.5)])),
            Add(Stroke(3.0, &[(32.0, 7.5), (35.8, 13.0), (37.0, 20.0), (35.8, 27.0), (32.0, 32.5)])),
            Add(Stroke(3.2, &[(20.0, 14.0), (20.0, 21.0)])),
            Add(Disc(20.0, 26.0, 1.9)),
        ],
    ),
    (
        "TYRE",
        &[
            Add(Ring(20.0, 20.0, 14.5, 5.0)),
            Add(Ring(20.0, 20.0, 4.0, 2.4)),
            Add(Stroke(2.2, &[(20.0, 8.0), (20.0, 15.5)])),
            Add(Stroke(2.2, &[(20.0, 24.5), (20.0, 32.0)])),
            Add(Stroke(2.2, &[(8.0, 20.0), (15.5, 20.0)])),
            Add(Stroke(2.2, &[(24.5, 20.0), (32.0, 20.0)])),
        ],
    ),
    (
        "INSPECTION",
        &[
            Add(Frame(7.0, 6.0, 33.0, 36.0, 4.0, 3.0)),
            Cut(Plate(13.0, 2.0, 27.0, 10.0, 2.0)),
            Add(Plate(14.5, 3.0, 25.5, 9.0, 2.0)),
            Add(Stroke(3.2, &[(13.5, 22.0), (18.5, 27.0), (27.0, 17.0)])),
        ],
    ),
    (
        "BATTERY",
        &[
            Add(Frame(4.0, 11.0, 36.0, 33.0, 3.0, 3.0)),
            Add(Plate(8.0, 6.5, 15.0, 11.0, 1.0)),
            Add(Plate(25.0, 6.5, 32.0, 11.0, 1.0)),
            Add(Stroke(2.6, &[(9.5, 21.5), (15.5, 21.5)])),
            Add(Stroke(2.6, &[(24.5, 21.5), (30.5, 21.5)])),
            Add(Stroke(2.6, &[(27.5, 18.5), (27.5, 24.5)])),
        ],
    ),
    (
        "SERVICE",
        &[
            Add(Stroke(6.0, &[(9.5, 30.5), (22.0, 18.0)])),
            Add(Ring(27.0, 13.0, 6.5, 5.0)),
            Cut(Stroke(5.6, &[(28.5, 11.5), (38.0, 2.0)])),
            Cut(Disc(9.5, 30.5, 1.3)),
        ],
    ),
    (
        "OFFER",
        &[
            Add(Stroke(3.0, &[(21.0, 5.5), (34.5, 5.5), (34.5, 19.0), (19.0, 34.5), (5.5, 21.0), (21.0, 5.5)])),
            Add(Disc(27.5, 12.5, 2.8)),
        ],
    ),
    (
        "INFORMATION",
        &[
            Add(Ring(20.0, 20.0, 15.0, 3.0)),
            Add(Disc(20.0, 12.5, 2.2)),
            Add(Stroke(3.4, &[(20.0, 18.5), (20.0, 28.0)])),
        ],
    ),
    (
        "QUESTION",
        &[
            Add(Ring(20.0, 20.0, 15.0, 3.0)),
            Add(Stroke(
                3.2,
                &[
                    (15.4, 16.0),
                    (16.6, 13.0),
                    (20.0, 11.6),
                    (23.4, 13.0),
                    (24.4, 16.0),
                    (23.0, 18.6),
                    (20.6, 20.4),
                    (20.0, 23.0),
                ],
            )),
            Add(Disc(20.0, 28.2, 2.1)),
        ],
    ),
    ("CHECK", &[Add(Disc(20.0, 20.0, 17.0)), Cut(Stroke(4.0, &[(12.0, 20.5), (17.5, 26.0), (28.0, 14.5)]))]),
    ("LATER", &[Add(Ring(20.0, 20.0, 15.0, 3.0)), Add(Stroke(3.0, &[(20.0, 11.0), (20.0, 20.0), (26.0, 24.0)]))]),
];

impl Shape {
    /// The distance of a point from the shape, negative inside.
    fn distance(&self, x: f64, y: f64) -> f64 {
        match *self {
            Disc(cx, cy, radius) => length(x - cx, y - cy) - radius,
            Ring(cx, cy, radius, thickness) => (length(x - cx, y - cy) - radius).abs() - thickness / 2.0,
            Plate(left, top, right, bottom, radius) => plate(x, y, [left, top, right, bottom], radius),
            Frame(left, top, right, bottom, radius, thickness) => {
                let half = thickness / 2.0;
                (plate(x, y, [left + half, top + half, right - half, bottom - half], radius - half)).abs() - half
            }
            Stroke(thickness, points) => {
                let near = points.windows(2).map(|pair| segment(x, y, pair[0], pair[1]));
                near.fold(f64::MAX, f64::min) - thickness / 2.0
            }
            Drop(cx, tip, cy, radius) => {
                let round = length(x - cx, y - cy) - radius;
                let width = radius * 0.86 * ((y - tip) / (cy - radius / 2.0 - tip)).clamp(0.0, 1.0);
                let cone = ((x - cx).abs() - width).max(tip - y).max(y - cy);
                round.min(cone)
            }
        }
    }
}

fn length(x: f64, y: f64) -> f64 {
    (x * x + y * y).sqrt()
}

fn plate(x: f64, y: f64, [left, top, right, bottom]: [f64; 4], radius: f64) -> f64 {
    let dx = ((x - f64::midpoint(left, right)).abs() - (right - left) / 2.0) + radius;
    let dy = ((y - f64::midpoint(top, bottom)).abs() - (bottom - top) / 2.0) + radius;
    length(dx.max(0.0), dy.max(0.0)) + dx.max(dy).min(0.0) - radius
}

fn segment(x: f64, y: f64, from: (f64, f64), to: (f64, f64)) -> f64 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let along = (((x - from.0) * dx + (y - from.1) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
    length(x - from.0 - along * dx, y - from.1 - along * dy)
}

/// How much of a pixel the layers cover, from 0 to 3.
fn pixel(layers: &[Layer], column: usize, row: usize) -> u8 {
    let (x, y) = (column as f64 + 0.5, row as f64 + 0.5);
    let covered = layers.iter().fold(0.0_f64, |covered, layer| match layer {
        Add(shape) => covered.max((0.5 - shape.distance(x, y)).clamp(0.0, 1.0)),
        Cut(shape) => covered.min((0.5 + shape.distance(x, y)).clamp(0.0, 1.0)),
    });
    (covered * 3.0).round() as u8
}

/// Every icon by its name.
pub(crate) fn draw() -> Vec<(&'static str, Picture)> {
    let picture = |layers| Picture {
        width: SIDE,
        pixels: (0..SIDE * SIDE).map(|index| pixel(layers, index % SIDE, index / SIDE)).collect(),
    };
    ICONS.iter().map(|(name, layers)| (*name, picture(layers))).collect()
}
