//! A panel in memory, and PNG files of it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::{Read, Write};

use embedded_graphics::Pixel;
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::{DrawTarget, OriginDimensions, RgbColor, Size};
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use milepost_display::{HEIGHT, WIDTH};

use crate::cases::Case;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Panel {
    size: Size,
    pixels: Vec<Rgb888>,
}

impl Panel {
    pub(crate) fn new(width: u32, height: u32, colour: Rgb888) -> Self {
        Self { size: Size::new(width, height), pixels: vec![colour; (width * height) as usize] }
    }

    /// The picture as a PNG with a palette of at most 256 colours.
    pub(crate) fn to_png(&self) -> Vec<u8> {
        let mut palette: BTreeMap<[u8; 3], u8> = BTreeMap::new();
        let channels = |colour: &Rgb888| [colour.r(), colour.g(), colour.b()];
        for colour in &self.pixels {
            let next = palette.len();
            palette.entry(channels(colour)).or_insert_with(|| u8::try_from(next).expect("at most 256 colours"));
        }
        let mut colours = vec![[0; 3]; palette.len()];
        for (colour, index) in &palette {
            colours[usize::from(*index)] = *colour;
        }
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        for row in self.pixels.chunks(self.size.width as usize) {
            let indices: Vec<u8> = row.iter().map(|colour| palette[&channels(colour)]).collect();
            encoder.write_all(&[0]).and_then(|()| encoder.write_all(&indices)).expect("memory takes everything");
        }
        let mut head = Vec::new();
        head.extend(self.size.width.to_be_bytes());
        head.extend(self.size.height.to_be_bytes());
        // Eight bits a pixel, with a palette, and no other options.
        head.extend([8, 3, 0, 0, 0]);
        let mut png = SIGNATURE.to_vec();
        chunk(&mut png, *b"IHDR", &head);
        chunk(&mut png, *b"PLTE", colours.as_flattened());
        chunk(&mut png, *b"IDAT", &encoder.finish().expect("memory takes everything"));
        chunk(&mut png, *b"IEND", &[]);
        png
    }

    /// Reads what [`Self::to_png`] wrote; `None` for any other file.
    pub(crate) fn from_png(png: &[u8]) -> Option<Self> {
        let mut rest = png.strip_prefix(SIGNATURE)?;
        let (mut size, mut colours, mut indices) = (Size::zero(), Vec::new(), Vec::new());
        while let Some((len, after)) = rest.split_first_chunk::<4>() {
            let len = u32::from_be_bytes(*len) as usize;
            let (name, after) = after.split_first_chunk::<4>()?;
            let (body, after) = after.split_at_checked(len)?;
            match name {
                b"IHDR" => {
                    let number = |at: usize| Some(u32::from_be_bytes(body.get(at..at + 4)?.try_into().ok()?));
                    size = Size::new(number(0)?, number(4)?);
                }
                b"PLTE" => colours = body.as_chunks::<3>().0.to_vec(),
                b"IDAT" => {
                    ZlibDecoder::new(body).read_to_end(&mut indices).ok()?;
                }
                _ => {}
            }
            rest = after.get(4..)?;
        }
        let rows = indices.chunks(size.width as usize + 1).filter_map(|row| row.strip_prefix(&[0]));
        let colour = |index: &u8| colours.get(usize::from(*index)).map(|[r, g, b]| Rgb888::new(*r, *g, *b));
        let pixels: Vec<Rgb888> = rows.flatten().map(colour).collect::<Option<_>>()?;
        (pixels.len() == (size.width * size.height) as usize).then_some(Self { size, pixels })
    }
}

impl Case {
    /// The screen on a panel of its own.
    pub(crate) fn panel(&self) -> Panel {
        let mut panel = Panel::new(WIDTH, HEIGHT, Rgb888::MAGENTA);
        let Ok(()) = self.draw(&mut panel);
        panel
    }
}

fn chunk(png: &mut Vec<u8>, name: [u8; 4], body: &[u8]) {
    png.extend((body.len() as u32).to_be_bytes());
    let checked = [&name[..], body].concat();
    png.extend(&checked);
    let mut crc = flate2::Crc::new();
    crc.update(&checked);
    png.extend(crc.sum().to_be_bytes());
}

impl OriginDimensions for Panel {
    fn size(&self) -> Size {
        self.size
    }
}

impl DrawTarget for Panel {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(at, colour) in pixels {
            let (Ok(x), Ok(y)) = (u32::try_from(at.x), u32::try_from(at.y)) else { continue };
            if x < self.size.width && y < self.size.height {
                self.pixels[(y * self.size.width + x) as usize] = colour;
            }
        }
        Ok(())
    }
}
