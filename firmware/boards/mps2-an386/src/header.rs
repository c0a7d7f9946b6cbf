//! What this image says of itself.
//!
//! Invariant: the header is read as it stands in flash, where a bench may have rewritten it after the build.

use milepost_firmware::update::Header;

/// The version; the crate's own if the build is not told another.
const VERSION: &str = match option_env!("MILEPOST_FIRMWARE_VERSION") {
    Some(version) => version,
    None => env!("CARGO_PKG_VERSION"),
};

/// The keys that are trusted; none if the build is not told any.
const KEYS: &str = match option_env!("MILEPOST_FIRMWARE_KEYS") {
    Some(keys) => keys,
    None => "",
};

#[used]
static HEADER: Header = Header::new(crate::BOARD, VERSION, KEYS);

/// This image's header.
pub(crate) fn header() -> &'static Header {
    static PLACE: &Header = &HEADER;
    #[expect(unsafe_code, reason = "what the compiler knows of the header may have been rewritten since")]
    // SAFETY: the place is a static variable that nobody writes; read like this, it may be any header's as far as the compiler knows.
    unsafe {
        (&raw const PLACE).read_volatile()
    }
}
