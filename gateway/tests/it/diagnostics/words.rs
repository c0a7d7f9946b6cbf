//! `dtc` and `vin`: words of the call, one line each.

use super::{call, data, lines, rows};

#[test]
fn every_recorded_trouble_code_is_spoken_as_an_independent_tool_speaks_it() {
    let Some(folder) = data("dtc") else { return };
    let vectors = rows(&folder.join("wire_vectors.csv"));
    let told = lines(std::iter::once("dtc").chain(vectors.iter().map(|row| row[0].as_str())));
    assert_eq!(told.len(), vectors.len());
    for (told, vector) in told.iter().zip(&vectors) {
        assert_eq!(told["raw"], vector[0].as_str());
        assert_eq!(told["code"], vector[1].as_str());
        assert!(told["text"].as_str().unwrap().ends_with('.'));
    }
}

#[test]
fn recorded_identification_numbers_tell_what_an_independent_tool_tells() {
    let Some(folder) = data("vin") else { return };
    let vectors = rows(&folder.join("vin_vectors.csv"));
    let told = lines(std::iter::once("vin").chain(vectors.iter().map(|row| row[0].as_str())));
    for (told, vector) in told.iter().zip(&vectors) {
        let years: Vec<_> = told["years"].as_array().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(told["check_digit_ok"].as_bool().unwrap(), vector[1] == "True", "{told}");
        assert_eq!(told["wmi"], vector[2].as_str());
        assert_eq!(years.join("|"), vector[8], "{told}");
    }
    let vectors = rows(&folder.join("vin_checksum.csv"));
    let told = lines(std::iter::once("vin").chain(vectors.iter().map(|row| row[0].as_str())));
    for (told, vector) in told.iter().zip(&vectors) {
        assert_eq!(told["check_digit_ok"].as_bool().unwrap(), vector[1] == "True", "{told}");
    }
}

#[test]
fn a_word_that_is_none_is_a_wrong_call_and_says_which() {
    for (call_words, reason) in [
        (["dtc", "0301", "XYZ"], "error: not a trouble code in hexadecimal, XYZ"),
        (["vin", "1M8GDM9AXKP042788", "12"], "error: a vehicle identification number has 17 characters, 12"),
    ] {
        let output = call(call_words);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(String::from_utf8_lossy(&output.stderr).trim(), reason);
        assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1, "the first word is told");
    }
}
