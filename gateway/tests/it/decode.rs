//! Values out of logs: made-up matrices for every feature, and recordings of cars against what another decoder says of them.

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use milepost_gateway::dbc::{Matrix, check, compile, j1939, read};
use milepost_gateway::decode::{Decoder, Raw, load};
use milepost_gateway::log::Reader;
use proptest::prelude::*;

fn matrix(text: &str) -> (Matrix, Vec<String>) {
    let (messages, mut diagnostics) = read(text.as_bytes(), Path::new("car.dbc"));
    let mut matrix = Matrix { messages };
    diagnostics.extend(check(&mut matrix));
    (matrix, diagnostics.iter().map(ToString::to_string).collect())
}

fn rows(decoder: &Decoder, log: &str) -> Vec<String> {
    let mut reader = Reader::new(Path::new("drive.log"), Cursor::new(log.as_bytes().to_vec())).unwrap();
    let mut out = Vec::new();
    decoder.decode(&mut reader, &mut out, |_| {}).unwrap();
    String::from_utf8(out).unwrap().lines().skip(1).map(str::to_owned).collect()
}

/// What one frame of a matrix without faults reads as: signal, raw, value, unit, label.
fn one(text: &str, frame: &str) -> Vec<String> {
    let (matrix, diagnostics) = matrix(text);
    assert_eq!(diagnostics, [""; 0]);
    let rows = rows(&Decoder::new(matrix, false), &format!("(0.0) can0 {frame}\n"));
    rows.iter().map(|row| row.splitn(6, ',').last().unwrap().to_owned()).collect()
}

#[test]
fn both_byte_orders_signs_floats_and_64_bits_read() {
    let text = r#"
BO_ 256 A: 8 X
 SG_ Intel : 4|12@1- (0.5,0) [0|0] "V" X
 SG_ Motorola : 23|16@0+ (1,-40) [0|0] "degC" X
 SG_ Spread : 33|9@0+ (1,0) [0|0] "" X
BO_ 257 B: 8 X
 SG_ Whole : 0|64@1- (1,0) [0|0] "" X
BO_ 258 C: 8 X
 SG_ Double : 7|64@0- (1,0) [0|0] "" X
BO_ 259 D: 8 X
 SG_ Single : 0|32@1- (2,1) [0|0] "" X
 SG_ Top : 32|32@1+ (1,0) [0|0] "" X
SIG_VALTYPE_ 258 Double : 2;
SIG_VALTYPE_ 259 Single : 1;
"#;
    assert_eq!(one(text, "100#F0FF1234021F0000"), ["Intel,-1,-0.5,V,", "Motorola,4660,4620,degC,", "Spread,271,271,,"]);
    assert_eq!(one(text, "101#FEFFFFFFFFFFFFFF"), ["Whole,-2,-2,,"]);
    assert_eq!(one(text, "102#3FF8000000000000"), ["Double,1.5,1.5,,"]);
    assert_eq!(one(text, "103#0000C03FFFFFFFFF"), ["Single,1.5,4.0,,", "Top,4294967295,4294967295,,"]);
}

#[test]
fn labels_units_and_names_that_hold_commas_are_quoted() {
    let text = "BO_ 1 A: 1 X\n SG_ S : 0|8@1- (1,0) [0|0] \"a,b\" X\nVAL_TABLE_ T 1 \"one\" ;\nVAL_ 1 S -1 \"say \\\"no\\\"\" 2 \"two\" ;\n";
    assert_eq!(one(text, "001#FF"), [r#"S,-1,-1,"a,b","say ""no""""#]);
    assert_eq!(one(text, "001#02"), [r#"S,2,2,"a,b",two"#]);
    let by_table = "VAL_TABLE_ T 1 \"one\" ;\nBO_ 1 A: 1 X\n SG_ S : 0|8@1- (1,0) [0|0] \"\" X\nVAL_ 1 S T ;\n";
    assert_eq!(one(by_table, "001#01"), ["S,1,1,,one"]);
}

#[test]
fn files_in_the_code_page_of_windows_read_as_what_their_authors_saw() {
    let text = |unit: &[u8], label: &[u8]| {
        [b"BO_ 1 A: 1 X\n SG_ S : 0|8@1+ (1,0) [0|0] \"", unit, b"\" X\nVAL_ 1 S 1 \"", label, b"\" ;\n"].concat()
    };
    for (unit, label, expected) in [
        (&b"\x89"[..], &b"don\x92t \x80"[..], "S,1,1,\u{2030},don\u{2019}t \u{20AC}"),
        (b"\xB0C", b"\x96", "S,1,1,\u{B0}C,\u{2013}"),
        ("\u{2030}".as_bytes(), "\u{B0}".as_bytes(), "S,1,1,\u{2030},\u{B0}"),
    ] {
        let (messages, diagnostics) = read(&text(unit, label), Path::new("car.dbc"));
        assert_eq!(diagnostics, []);
        let rows = rows(&Decoder::new(Matrix { messages }, false), "(0.0) can0 001#01\n");
        assert!(rows[0].ends_with(expected), "{rows:?}");
    }
    for undefined in [0x81, 0x8D, 0x8F, 0x90, 0x9D] {
        let (messages, diagnostics) = read(&text(&[b'k', undefined], b""), Path::new("car.dbc"));
        assert_eq!(diagnostics, []);
        assert!(messages[0].signals[0].unit.starts_with('k'), "{undefined:X}");
    }
}

#[test]
fn one_name_under_several_values_of_a_multiplexor_is_read_under_each() {
    let text = concat!(
        "BO_ 1 A: 4 X\n SG_ S m0 : 8|8@1+ (1,0) [0|0] \"\" X\n SG_ Switch M : 0|8@1+ (1,0) [0|0] \"\" X\n",
        " SG_ S m1 : 16|8@1+ (2,0) [0|0] \"\" X\n SG_ S m1 : 24|8@1+ (3,0) [0|0] \"\" X\nVAL_ 1 S 3 \"three\" ;\n",
    );
    let (apart, diagnostics) = matrix(text);
    assert_eq!(
        diagnostics,
        [
            "signal S is there twice, first in line 2; each is read under its own value, car.dbc:4",
            "signal S is there twice, first in line 2; the later one is used, car.dbc:5",
        ]
    );
    let last = |matrix: &Matrix, frame: &str| {
        let rows = rows(&Decoder::new(matrix.clone(), false), &format!("(0.0) can0 001#{frame}\n"));
        rows.iter().filter_map(|row| row.split_once(",A,S,")).map(|(_, row)| row.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(last(&apart, "00030405"), ["3,3,,three"]);
    assert_eq!(last(&apart, "01040503"), ["3,9,,three"]);
    assert_eq!(last(&apart, "02040503"), [""; 0]);

    let always = text.replacen("S m0", "S", 1);
    let extended = format!("{text}SG_MUL_VAL_ 1 S Switch 0-1;\n");
    for (text, values) in [(always, ["1"; 1]), (extended, ["0"; 1])] {
        let (together, diagnostics) = matrix(&text);
        assert!(diagnostics.iter().all(|told| told.contains("the later one is used")), "{diagnostics:?}");
        assert_eq!(together.messages[0].signals.len(), 2);
        assert_eq!(last(&together, &format!("0{}040503", values[0])), ["3,9,,three"]);
    }
}

const NESTED: &str = r#"
BO_ 2566834709 M: 8 X
 SG_ S0 M : 0|4@1+ (1,0) [0|0] "" X
 SG_ S1 m0M : 4|4@1+ (1,0) [0|0] "" X
 SG_ A m0 : 8|8@1+ (1,0) [0|0] "" X
 SG_ B m2 : 8|8@1+ (1,0) [0|0] "" X
 SG_ C m1 : 16|8@1+ (1,0) [0|0] "" X
 SG_ Always : 56|8@1+ (1,0) [0|0] "" X
SG_MUL_VAL_ 2566834709 S1 S0 0-0;
SG_MUL_VAL_ 2566834709 A S1 0-0, 3-5;
SG_MUL_VAL_ 2566834709 B S1 2-2;
SG_MUL_VAL_ 2566834709 C S0 1-1;
"#;

#[test]
fn extended_multiplexing_reads_what_each_level_allows() {
    for (data, expected) in [
        ("00AA000000000001", vec!["S0,0,0,,", "Always,1,1,,", "S1,0,0,,", "A,170,170,,"]),
        ("40AA000000000001", vec!["S0,0,0,,", "Always,1,1,,", "S1,4,4,,", "A,170,170,,"]),
        ("20AA000000000001", vec!["S0,0,0,,", "Always,1,1,,", "S1,2,2,,", "B,170,170,,"]),
        ("01AABB0000000001", vec!["S0,1,1,,", "Always,1,1,,", "C,187,187,,"]),
        ("0FAABB0000000001", vec!["S0,15,15,,", "Always,1,1,,"]),
    ] {
        assert_eq!(one(NESTED, &format!("18FECA15#{data}")), expected, "{data}");
    }
}

#[test]
fn names_of_more_than_32_characters_are_the_ones_that_are_printed() {
    let text = concat!(
        "BO_ 5 Message_0000: 2 X\n SG_ Signal_0000 : 0|8@1+ (1,0) [0|0] \"\" X\n SG_ B : 8|8@1+ (1,0) [0|0] \"\" X\n",
        "BA_ \"SystemMessageLongSymbol\" BO_ 5 \"Message_of_the_engine_with_a_long_name\";\n",
        "BA_ \"SystemSignalLongSymbol\" SG_ 5 Signal_0000 \"Signal_of_the_engine_with_a_long_name\";\n",
        "BA_ \"SystemSignalLongSymbol\" SG_ 5 B \"Signal_of_the_engine_with_a_long_name\";\n",
        "VAL_ 5 Signal_0000 7 \"seven\";\n",
    );
    let (matrix, diagnostics) = matrix(text);
    assert_eq!(
        rows(&Decoder::new(matrix, false), "(0.0) can0 005#0708\n"),
        [
            "0,0.000000,0,005,Message_of_the_engine_with_a_long_name,Signal_of_the_engine_with_a_long_name,7,7,,seven",
            "0,0.000000,0,005,Message_of_the_engine_with_a_long_name,B,8,8,,",
        ]
    );
    assert_eq!(
        diagnostics,
        [concat!(
            "long name Signal_of_the_engine_with_a_long_name is another signal's already; the signal keeps its short one, ",
            "car.dbc:6"
        )]
    );
}

#[test]
fn a_multiplexor_that_only_its_branches_name_is_used_as_one() {
    let text = concat!(
        "BO_ 5 M: 2 X\n SG_ Switch m : 0|2@1+ (1,0) [0|3] \"\" X\n SG_ A m1 : 8|8@1+ (1,0) [0|0] \"\" X\n",
        "SG_MUL_VAL_ 5 A Switch 1-1;\n",
    );
    let (matrix, diagnostics) = matrix(text);
    assert_eq!(diagnostics.len(), 2, "{diagnostics:?}");
    let decoder = Decoder::new(matrix, false);
    let signals = |frame: &str| rows(&decoder, &format!("(0.0) can0 {frame}\n")).len();
    assert_eq!((signals("005#0107"), signals("005#0207")), (2, 1));
}

#[test]
fn a_frame_of_can_fd_reads_to_its_64th_byte() {
    let text = "BO_ 1 F: 64 X\n SG_ Last : 504|8@1+ (1,0) [0|0] \"\" X\n SG_ Over : 68|62@1+ (1,0) [0|0] \"\" X\n SG_ Big : 199|64@0+ (1,0) [0|0] \"\" X\n";
    let mut data = [0_u8; 64];
    data[63] = 7;
    data[8..17].copy_from_slice(&[0xF0, 1, 2, 3, 4, 5, 6, 7, 0x0F]);
    data[24..32].copy_from_slice(&0x0123_4567_89AB_CDEF_u64.to_be_bytes());
    let hex = data.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02X}"));
    let over = u128::from_le_bytes(data[8..24].try_into().unwrap()) >> 4 & ((1 << 62) - 1);
    assert_eq!(
        one(text, &format!("001##1{hex}")),
        [format!("Over,{over},{over},,"), format!("Big,{0},{0},,", 0x0123_4567_89AB_CDEF_u64), "Last,7,7,,".to_owned()]
    );
}

#[test]
fn a_short_frame_gives_what_lies_wholly_inside_it() {
    let text = "BO_ 1 A: 8 X\n SG_ In : 0|8@1+ (1,0) [0|0] \"\" X\n SG_ Half : 8|16@1+ (1,0) [0|0] \"\" X\n";
    assert_eq!(one(text, "001#0102"), ["In,1,1,,"]);
    assert_eq!(one(text, "001#"), [""; 0]);
}

#[test]
fn parameter_groups_are_found_whoever_sends_them() {
    let text = "BO_ 2364540158 EEC1: 8 X\n SG_ EngSpeed : 24|16@1+ (0.125,0) [0|0] \"rpm\" X\n";
    let named = format!(
        "{text}BA_DEF_ BO_ \"VFrameFormat\" ENUM \"a\",\"b\",\"c\",\"J1939PG\";\nBA_ \"VFrameFormat\" BO_ 2364540158 3;\n"
    );
    let log = "(0.0) can1 0CF00427#FFFFFF4014FFFFFF\n";
    let expected = ["0,0.000000,1,0CF00427,EEC1,EngSpeed,5184,648.0,rpm,"];
    assert_eq!(rows(&Decoder::new(matrix(&named).0, false), log), expected);
    assert_eq!(rows(&Decoder::new(matrix(text).0, true), log), expected);
    assert!(rows(&Decoder::new(matrix(text).0, false), log).is_empty());
    let built_in = rows(&Decoder::new(j1939::matrix(), true), log);
    assert!(built_in.iter().any(|row| row.ends_with("EEC1,EngSpeed,5184,648.0,rpm,")), "{built_in:?}");
    assert!(built_in.iter().any(|row| row.ends_with(",255,130,%,not available")), "{built_in:?}");
}

#[test]
fn what_a_file_says_wrongly_is_told_with_its_line_and_the_rest_is_used() {
    for (text, told) in [
        (
            "BO_ 1 A: 1 X\n SG_ S : 0|9@1+ (1,0) [0|0] \"\" X\n",
            "signal S ends in byte 2 of 1 bytes of A; it is read from frames that are long enough, car.dbc:2",
        ),
        (
            "BO_ 1 A: 8 X\n SG_ S : 0|8@1+ (1,0) [0|0] \"\" X\n SG_ T : 7|8@1+ (1,0) [0|0] \"\" X\n",
            "signal T overlaps S of line 2; both are read, car.dbc:3",
        ),
        (
            "BO_ 1 A: 8 X\n SG_ S : 600|9@1+ (1,0) [0|0] \"\" X\n",
            "signal S of 9 bits at 600 is in no frame of 64 bytes; it was passed over, car.dbc:2",
        ),
        (
            "BO_ 1 A: 8 X\n SG_ S m1 : 0|8@1+ (1,0) [0|0] \"\" X\n",
            "signal S is multiplexed, but its message has no multiplexor; it was taken as always there, car.dbc:2",
        ),
        (
            "BO_ 1 A: 8 X\n SG_ M M : 0|1@1+ (1,0) [0|0] \"\" X\n SG_ S m2 : 8|8@1+ (1,0) [0|0] \"\" X\n",
            "multiplexor M of 1 bits never has the value 2 of S; the signal never appears, car.dbc:3",
        ),
        ("BO_ 1 A: 8 X\nBO_ 1 B: 8 X\n", "message B has the identifier of A, line 1; the later one is used, car.dbc:2"),
        (
            "BO_ 1 A: 8 X\n SG_ S : 0|8@1+ (1,0) [0|0] \"\" X\n SG_ S : 8|8@1+ (1,0) [0|0] \"\" X\n",
            "signal S is there twice, first in line 2; the later one is used, car.dbc:3",
        ),
        ("BO_ 1 A: 8 X\n SG_ half a line\n", "signal cannot be read; it was passed over, car.dbc:2"),
        (
            "BO_ one A: 8 X\n SG_ S : 0|8@1+ (1,0) [0|0] \"\" X\nBO_ 1 A: 8 X\n",
            "message cannot be read; it was passed over with its signals, car.dbc:1",
        ),
        (
            "BO_ 4096 A: 8 X\n",
            "identifier 4096 is beyond 11 bits and not marked as one of 29; it was taken as one of 29, car.dbc:1",
        ),
        (
            "BO_ 1 A: 8 X\nVAL_ 1 S 0 \"off\" ;\n",
            "value descriptions of S in message 1, which is not there; it was passed over, car.dbc:2",
        ),
        (
            "BO_ 1 A: 8 X\n SG_ S : 0|16@1+ (1,0) [0|0] \"\" X\nSIG_VALTYPE_ 1 S : 1;\n",
            "signal S of 16 bits cannot be a float of type 1; it was taken as an integer, car.dbc:3",
        ),
        (
            "BO_ 1 A: 8 X\nCM_ \"never closed;\nBO_ 2 B: 8 X\n",
            "a quote is not closed; the text was taken to end with the line, car.dbc:2",
        ),
        (
            "BO_ 1 A: 8 X\n SG_ My Name : 0|8@1+ (1,0) [0|0] \"\" X\n",
            "name My Name has blanks; they became underscores, car.dbc:2",
        ),
        (
            "BO_ 1 A: 8 X\n SG_ M m0M : 0|4@1+ (1,0) [0|0] \"\" X\n SG_ N m0M : 4|4@1+ (1,0) [0|0] \"\" X\nSG_MUL_VAL_ 1 M N 0-0;\nSG_MUL_VAL_ 1 N M 0-0;\n",
            "multiplexors of M lie under each other; it was taken as always there, car.dbc:2",
        ),
    ] {
        let (matrix, diagnostics) = matrix(text);
        assert!(diagnostics.iter().any(|diagnostic| diagnostic == told), "{text}\n{diagnostics:?}");
        assert!(!matrix.messages.is_empty());
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_of_matrices_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        read(&bytes, Path::new("car.dbc"));
    }

    #[test]
    fn no_matrix_and_no_frame_make_the_decoder_panic(
        start in 0_u16..700, length in 0_u16..80, order in 0_u8..2, mux in "(|M|m[0-9]{1,3}M?)", id in 0_u32..5_000, size in 0_u32..70,
        cut in 0_usize..400, junk in "[ -~\n]{0,20}", data in proptest::collection::vec(any::<u8>(), 0..=64),
    ) {
        let mut text = format!(
            "BO_ {id} A: {size} X\n SG_ S0 M : 0|4@1+ (1,0) [0|0] \"\" X\n SG_ S {mux} : {start}|{length}@{order}- (1.5,2) [0|0] \"\" X\nSG_MUL_VAL_ {id} S S0 1-{size};\nVAL_ {id} S 1 \"a\";\nSIG_VALTYPE_ {id} S : 1;\n"
        );
        let at = cut.min(text.len());
        text.replace_range(at..(at + 3).min(text.len()), &junk);
        let (messages, _) = read(text.as_bytes(), Path::new("car.dbc"));
        let mut matrix = Matrix { messages };
        check(&mut matrix);
        let ids: Vec<u32> = matrix.messages.iter().map(|message| message.id).collect();
        let decoder = Decoder::new(matrix, true);
        let mut found = Vec::new();
        let mut values = [[0.0; 2]; 4];
        for id in ids {
            decoder.values(id, &data, &mut found);
            for found in &found {
                prop_assert!(found.signal.field.fits(data.len()));
            }
            let program = decoder.compiled().program();
            prop_assert_eq!(program.read(id, &data, &mut values), found.len());
        }
    }
}

/// The folder of recordings; `None`, and said so, without one.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn data() -> Option<PathBuf> {
    let data = std::env::var_os("MILEPOST_DATA").map(|data| PathBuf::from(data).join("vehicle"));
    if data.is_none() {
        println!("skipped without MILEPOST_DATA");
    }
    data
}

fn unpacked(path: &Path) -> String {
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text
}

/// The fields of a line of CSV.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for character in line.trim_end().chars() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => fields.last_mut().unwrap().push(character),
        }
    }
    fields
}

fn near(ours: &str, theirs: &str) -> bool {
    let (ours, theirs): (f64, f64) = (ours.parse().unwrap(), theirs.parse().unwrap());
    (ours - theirs).abs() <= 1e-6 * theirs.abs()
}

/// By frame and signal: raw and value.
fn by_signal(csv: &str, raw: usize, frame: usize, signal: usize) -> HashMap<(String, String), (String, String)> {
    let rows = csv.lines().skip(1).map(fields);
    rows.map(|row| ((row[frame].clone(), row[signal].clone()), (row[raw].clone(), row[raw + 1].clone()))).collect()
}

fn decode(decoder: &Decoder, log: &Path) -> String {
    let mut out = Vec::new();
    decoder.decode(&mut Reader::open(log).unwrap(), &mut out, |_| {}).unwrap();
    String::from_utf8(out).unwrap()
}

fn agrees(ours: &str, theirs: &str, raw: usize, signal: usize) {
    let ours = by_signal(ours, 6, 0, 5);
    let theirs = by_signal(theirs, raw, 0, signal);
    assert!(!theirs.is_empty());
    for (place, (raw, value)) in &theirs {
        let found = ours.get(place);
        assert!(
            found.is_some_and(|found| found.0 == *raw && near(&found.1, value)),
            "{place:?}: {found:?}, not {raw} {value}"
        );
    }
}

#[test]
fn recordings_decode_to_what_another_decoder_says_of_them() {
    let Some(data) = data() else { return };
    for entry in std::fs::read_dir(data.join("can")).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let theirs = unpacked(&folder.join(format!("{name}.decoded.csv.gz")));
        let log = folder.join(format!("{name}.log"));
        for file in std::fs::read_dir(&folder).unwrap() {
            let file = file.unwrap().path();
            if file.extension().is_some_and(|extension| extension == "dbc") {
                let (matrix, _) = load(&[file]).unwrap();
                agrees(&decode(&Decoder::new(matrix, false), &log), &theirs, 6, 5);
            }
        }
    }
}

#[test]
fn heavy_vehicles_decode_by_the_built_in_parameters() {
    let Some(data) = data() else { return };
    let folder = data.join("can/j1939_truck_a");
    let theirs = unpacked(&folder.join("j1939_truck_a.j1939_checked.csv.gz"));
    let decoder = Decoder::new(j1939::matrix(), true);
    agrees(&decode(&decoder, &folder.join("j1939_truck_a.log")), &theirs, 7, 5);
}

#[test]
fn every_published_matrix_loads_and_every_vector_of_it_agrees() {
    let Some(data) = data() else { return };
    let folder = data.join("dbc");
    let mut decoders = HashMap::new();
    for file in std::fs::read_dir(&folder).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_some_and(|extension| extension == "dbc") {
            let (matrix, _) = load(std::slice::from_ref(&file)).unwrap();
            assert!(compile(&matrix, false).widest() > 0);
            decoders.insert(file.file_name().unwrap().to_str().unwrap().to_owned(), Decoder::new(matrix, false));
        }
    }
    let mut found = Vec::new();
    for line in unpacked(&folder.join("decode_vectors.jsonl.gz")).lines() {
        let vector: serde_json::Value = serde_json::from_str(line).unwrap();
        let payload = vector["data"].as_str().unwrap();
        let bytes: Vec<u8> =
            (0..payload.len() / 2).map(|at| u8::from_str_radix(&payload[2 * at..2 * at + 2], 16).unwrap()).collect();
        let id = vector["id"].as_u64().unwrap() as u32 | u32::from(vector["ext"].as_bool().unwrap()) << 31;
        decoders[vector["file"].as_str().unwrap()].values(id, &bytes, &mut found);
        for (name, raw) in vector["raw"].as_object().unwrap() {
            let ours = found.iter().find(|found| found.signal.name == *name);
            let ours = ours.unwrap_or_else(|| panic!("{name} is not there: {line}"));
            let same = match ours.raw {
                Raw::Integer(ours) => raw.to_string().parse() == Ok(ours),
                Raw::Float(ours) => raw.as_f64().is_none_or(|raw| raw.to_bits() == ours.to_bits()),
            };
            let value = match ours.value {
                Raw::Integer(value) => value as f64,
                Raw::Float(value) => value,
            };
            let expected = vector["value"][name].as_f64();
            let near = expected.is_none_or(|expected| (value - expected).abs() <= 1e-6 * expected.abs());
            assert!(same && near, "{name}: {ours:?}\n{line}");
        }
    }
}
