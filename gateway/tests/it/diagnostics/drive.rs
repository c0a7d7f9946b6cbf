//! `obd`: a recorded drive, value by value as an independent tool has it.

use std::io::Read;

use super::{call, data};

#[test]
fn every_value_of_a_recorded_drive_equals_an_independent_reading() {
    let Some(folder) = data("obd_drive/vw_drive_a") else { return };
    let mut expected = String::new();
    let file = std::fs::File::open(folder.join("obd_expected.csv.gz")).unwrap();
    flate2::read::GzDecoder::new(file).read_to_string(&mut expected).unwrap();
    let output = call(["obd", folder.join("vw_drive_a.log.gz").to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(told.lines().count(), expected.lines().count());
    for (told, expected) in told.lines().zip(expected.lines()).skip(1) {
        let (told, expected): (Vec<_>, Vec<_>) = (told.split(',').collect(), expected.split(',').collect());
        let number = |row: &[&str], column: usize| row[column].parse::<f64>().unwrap();
        let value = number(&expected, 3);
        assert!((number(&told, 3) - value).abs() <= 1e-12 * value.abs(), "{told:?} {expected:?}");
        // The reference rounded times that the log has rounded in its own way before.
        assert!((number(&told, 0) - number(&expected, 0)).abs() < 0.001_5, "{told:?} {expected:?}");
        for column in [1, 2, 4, 5] {
            assert_eq!(told[column], expected[column], "{told:?} {expected:?}");
        }
    }
}

#[test]
fn answers_over_several_frames_and_of_every_service_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("bench.log");
    let frames = "\
        (1.000000) can0 7DF#020902\n\
        (1.010000) can0 7E8#1014490201314D38\n\
        (1.020000) can0 7E8#2147444D3941584B\n\
        (1.030000) can0 7E8#2250303432373838\n\
        (2.000000) can0 18DAF110#0443010301\n\
        (3.000000) can0 7E8#06410C0C800D24\n";
    std::fs::write(&log, frames).unwrap();
    let output = call(["obd", log.to_str().unwrap()]);
    let told = String::from_utf8(output.stdout).unwrap();
    let rows: Vec<_> = told.lines().skip(1).map(|row| row.rsplit_once(',').unwrap().0).collect();
    assert_eq!(
        rows,
        [
            "1.03,0902,VIN,1M8GDM9AXKP042788,text",
            "2.0,03,GET_DTC,P0301,list",
            "3.0,0C,RPM,800,revolutions_per_minute",
            "3.0,0D,SPEED,36,kilometer_per_hour",
        ]
    );
}
