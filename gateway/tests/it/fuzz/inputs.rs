//! Valid inputs of every kind, from which the damaged ones come.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use milepost_firmware::signal::builtin;

pub(crate) const CANDUMP: &str = "\
(0.000000) can0 7E8#04410C1AF8000000
(0.010000) can0 18DAF110#0641
(1436509052.249713) vcan0 044#2A366C2BBA
(1436509052.3) can0 123#R8
 (000.000100)  can0  123   [2]  11 22   '..'
 (2024-02-29 12:34:56.500000)  can0  123   [0]
  can0  RX - -  18DAF110   [1]  3E
(1436509053.000001) can1 123##1112233445566778899AABBCC
";

pub(crate) const ASC: &str = "\
date Thu Apr 20 10:44:45 AM 2017
base hex  timestamps absolute
Begin Triggerblock Thu Apr 20 10:44:45 AM 2017
   0.000000 Start of measurement
   0.015991 1  10A             Rx   d 2 1F A0  Length = 228000 BitCount = 118 ID = 266
   1.000000 2  18EBFF00x  Tx   d 8 01 02 03 04 05 06 07 08
   1.250000 1 ErrorFrame
  21.671796 CANFD   1 Tx   333  Some_Name  1 0 9 12 00 01 02 03 04 05 06 07 08 09 0A 0B 140000 73
End TriggerBlock
";

pub(crate) const TRC: [&str; 3] = [
    ";$FILEVERSION=1.1\n;$STARTTIME=39878.6772258947\n     1)      1059.9  Rx         0300  2  A0 0B\n     2)      1060.1  Warng  FFFFFFFF  4  00 00 00 08 BUSHEAVY\n",
    ";$FILEVERSION=2.1\n;$COLUMNS=N,O,T,B,I,d,R,L,D\n      1      1059.900 DT 1     0300 Rx -  8    00 00 00 00 04 00 00 00\n      2 1060.0 FB 3 18EFC034 Rx - 9 00 01 02 03 04 05 06 07 08 09 0A 0B\n      3 1061.0 ER - Rx 5 04 00 02 00 00\n",
    "    1)      1059  0300  2  A0 0B\n    2)      1060  18EFC034  8  01 02 03 04 05 06 07 08\n",
];

pub(crate) const CSV: [&str; 5] = [
    "Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8\n166064000,0000010D,false,Rx,0,3,1F,A0,0B,,,,,,\n166064900,18DAF110,true,Rx,1,8,1,2,3,4,5,6,7,8\n",
    "TimestampEpoch;BusChannel;ID;IDE;DLC;DataLength;Dir;EDL;BRS;DataBytes\n1578922367.777150;1;18DAF110;1;8;8;0;0;0;0102030405060708\n",
    "timestamp,arbitration_id,extended,remote,error,dlc,data\n1.5,0x10d,0,0,0,3,H6AL\n",
    "time,addr,bus,data\n0.25,0x10d,2,0x1fa0\n1.5e-05,\"0x7e8\",0,0x0341051f\n",
    "time_ms\tid\tlen\tb0\tb1\n2.5\t10D\t2\t1F\tA0\n",
];

pub(crate) const CRTD: &str = "\
1542473901.000000 CXX OVMS CRTD
1542473901.020305 1R11 7E8 04 41 0C 1A F8
1542473901.030305 2T29 18DAF110 02 3E 00
1542473901.031000 R11 123
1542473901.040000 1CEV vehicle.on
";

pub(crate) const DBC: [&str; 3] = [
    r#"VERSION "1"
NS_ :
	CM_
BS_:
BU_: X Y
BO_ 256 A: 8 X
 SG_ Intel : 4|12@1- (0.5,0) [-100|100] "V" X,Y
 SG_ Motorola : 23|16@0+ (1,-40) [0|0] "degC" X
 SG_ Spread : 33|9@0+ (1E-3,0) [0|0] "" X
BO_ 2566869221 B: 8 X
 SG_ Whole : 0|64@1- (1,0) [0|0] "" X
BO_ 258 C: 64 X
 SG_ Double : 7|64@0- (1,0) [0|0] "" X
SIG_VALTYPE_ 258 Double : 2;
CM_ SG_ 256 Intel "what it is; with a semicolon";
BA_DEF_ SG_ "SPN" INT 0 524287;
BA_DEF_ BO_ "VFrameFormat" ENUM "StandardCAN","ExtendedCAN","J1939PG";
BA_DEF_DEF_ "SPN" 0;
BA_ "VFrameFormat" BO_ 2566869221 2;
BA_ "SPN" SG_ 256 Intel 190;
VAL_TABLE_ T 1 "one" 0 "none" ;
VAL_ 256 Intel -1 "say \"no\"" 2 "two" ;
"#,
    r#"BO_ 100 Mux: 8 X
 SG_ Switch M : 0|8@1+ (1,0) [0|0] "" X
 SG_ Inner m1M : 8|4@1+ (1,0) [0|0] "" X
 SG_ Deep m3 : 16|8@1- (2,1) [0|0] "km/h" X
 SG_ Flat m2 : 8|32@1- (1,0) [0|0] "" X
SG_MUL_VAL_ 100 Inner Switch 1-1, 5-9;
SG_MUL_VAL_ 100 Deep Inner 3-3;
SIG_VALTYPE_ 100 Flat : 1;
"#,
    "BO_ 1 A: 1 X\n SG_ S : 0|8@1- (1,0) [0|0] \"a,b\" X\nBO_ 1 A: 1 X\n SG_ S : 7|8@0+ (0,0) [0|0] \"\" X\n",
];

/// A text and the same in gzip.
pub(crate) fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).expect("memory takes every byte");
    encoder.finish().expect("memory takes every byte")
}

/// Frames in a row as [`super::targets`] takes them apart: pause, identifier, length, data.
fn frames(frames: &[(u8, u32, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (pause, id, data) in frames {
        bytes.push(*pause);
        bytes.extend(id.to_be_bytes());
        bytes.push(data.len() as u8);
        bytes.extend(*data);
    }
    bytes
}

/// Segmented messages with flow control, in both directions.
pub(crate) fn transports() -> Vec<Vec<u8>> {
    let long = frames(&[
        (1, 0x7E0, &[0x02, 0x09, 0x02]),
        (1, 0x7E8, &[0x10, 0x14, 0x49, 0x02, 0x01, 0x57, 0x56, 0x57]),
        (1, 0x7E0, &[0x30, 0x00, 0x0A]),
        (10, 0x7E8, &[0x21, 0x5A, 0x5A, 0x5A, 0x31, 0x4B, 0x5A, 0x41]),
        (10, 0x7E8, &[0x22, 0x57, 0x30, 0x30, 0x30, 0x30, 0x30, 0x31]),
    ]);
    let wide = frames(&[
        (1, 0x18DA_F110, &[0x00, 0x0C, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
        (1, 0x18DA_F110, &[0x10, 0x00, 0x00, 0x00, 0x10, 0x00, 1, 2]),
        (1, 0x18DA_10F1, &[0x31, 0x00, 0x00]),
        (1, 0x18DA_10F1, &[0x32, 0x00, 0x00]),
        (255, 0x18DA_F110, &[0x2F, 1, 2, 3]),
    ]);
    vec![long, wide]
}

/// A broadcast, a message to one, and what ends them.
pub(crate) fn announcements() -> Vec<Vec<u8>> {
    let broadcast = frames(&[
        (0, 0x18EC_FF00, &[0x20, 0x0A, 0x00, 0x02, 0xFF, 0xCA, 0xFE, 0x00]),
        (50, 0x18EB_FF00, &[1, 0x04, 0xFF, 0x6E, 0x00, 0x03, 0x81, 0x6F]),
        (50, 0x18EB_FF00, &[2, 0x00, 0x05, 0x02, 0xFF, 0xFF, 0xFF, 0xFF]),
    ]);
    let to_one = frames(&[
        (0, 0x18EC_2100, &[0x10, 0x0E, 0x00, 0x02, 0x02, 0xEB, 0xFE, 0x00]),
        (5, 0x18EC_0021, &[0x11, 0x02, 0x01, 0xFF, 0xFF, 0xEB, 0xFE, 0x00]),
        (5, 0x18EB_2100, &[1, 1, 2, 3, 4, 5, 6, 7]),
        (5, 0x18EC_0021, &[0x11, 0x02, 0x01, 0xFF, 0xFF, 0xEB, 0xFE, 0x00]),
        (5, 0x18EB_2100, &[1, 1, 2, 3, 4, 5, 6, 7]),
        (5, 0x18EB_2100, &[2, 1, 2, 3, 4, 5, 6, 7]),
        (5, 0x18EC_0021, &[0x13, 0x0E, 0x00, 0x02, 0xFF, 0xEB, 0xFE, 0x00]),
        (5, 0x18EC_2100, &[0xFF, 0x03, 0xFF, 0xFF, 0xFF, 0xEB, 0xFE, 0x00]),
    ]);
    vec![broadcast, to_one]
}

/// Requests and answers of ISO 14229 and SAE J1979.
pub(crate) fn answers() -> Vec<Vec<u8>> {
    let answers: [&[u8]; 14] = [
        &[0x59, 0x02, 0xFF, 0x01, 0x23, 0x45, 0x09, 0xC1, 0x23, 0x00, 0x2F],
        &[0x59, 0x01, 0xFF, 0x01, 0x00, 0x02],
        &[0x59, 0x06, 0x01, 0x23, 0x45, 0x2F, 0x01, 0x03, 0x10, 0x20],
        &[0x62, 0xF1, 0x90, 0x57, 0x56, 0x57],
        &[0x7F, 0x22, 0x78],
        &[0x50, 0x03, 0x00, 0x32, 0x01, 0xF4],
        &[0x41, 0x0C, 0x1A, 0xF8, 0x0D, 0x32, 0x05, 0x7B],
        &[0x41, 0x00, 0xBE, 0x1F, 0xA8, 0x13, 0x20, 0x80, 0x05, 0xB0, 0x15],
        &[0x42, 0x02, 0x00, 0x01, 0x33, 0x0C, 0x00, 0x1A, 0xF8],
        &[0x43, 0x02, 0x01, 0x33, 0xC1, 0x00],
        &[0x46, 0x01, 0x01, 0x0A, 0x0B, 0xB0, 0x0B, 0xB0, 0x00, 0x00],
        &[0x49, 0x02, 0x01, 0x57, 0x56, 0x57, 0x5A, 0x5A, 0x5A, 0x31, 0x4B, 0x5A],
        &[0x49, 0x04, 0x01, 0x33, 0x37, 0x38, 0x30, 0x35, 0x2D, 0x52, 0x41, 0x41],
        &[0x4A, 0x01, 0x01, 0x33],
    ];
    answers.map(<[u8]>::to_vec).to_vec()
}

/// The core's own table, and one of a few rows.
pub(crate) fn tables() -> Vec<Vec<u8>> {
    let table = builtin::table();
    let few = table.rows().get(..3).unwrap_or_default().to_vec();
    let few = milepost_firmware::signal::table::Table::new(&few).expect("rows of a table are a table");
    let mut buffer = vec![0; 1 << 16];
    [table, few].map(|table| table.encode_to(&mut buffer).expect("there is room for every table").to_vec()).to_vec()
}

/// The golden chain of series blocks.
pub(crate) fn chain() -> Vec<Vec<u8>> {
    // The file in front of them is the block of extremes, a chain by itself.
    vectors(&["series"]).split_off(1)
}

/// The protocol's golden vectors in these folders.
pub(crate) fn vectors(folders: &[&str]) -> Vec<Vec<u8>> {
    let mut paths = Vec::new();
    for folder in folders {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/vectors/v1").join(folder);
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        paths.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "hex"));
    paths.sort();
    let bytes = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).ok()?.replace('\n', "");
        milepost_gateway::diagnostics::log::unhex(&text)
    };
    paths.iter().map(|path| bytes(path).unwrap_or_else(|| panic!("{} is not hexadecimal", path.display()))).collect()
}
