//! Files that are damaged, hostile, or change while they are read: an error, never a panic, never
//! other numbers where there are checksums.

use std::fs;

use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{Rng, SeedableRng},
};

use super::*;
use crate::error::Error;

/// Reads a file of these bytes; the error's text if it cannot be read.
fn read_bytes(bytes: &[u8]) -> Result<Vec<(String, Vec<Cell>)>, String> {
    read_bytes_in(tempfile::tempdir().unwrap().path(), bytes)
}

/// The same in a directory that serves several times.
fn read_bytes_in(directory: &Path, bytes: &[u8]) -> Result<Vec<(String, Vec<Cell>)>, String> {
    let path = directory.join("shard.parquet");
    fs::write(&path, bytes).unwrap();
    let read = open(&path).and_then(|dataset| read_all(&dataset));
    read.map_err(|error| error.to_string())
}

fn data_end(bytes: &[u8]) -> usize {
    let tail = &bytes[bytes.len() - 8..][..4];
    bytes.len() - 8 - u32::from_le_bytes(tail.try_into().unwrap()) as usize
}

#[test]
fn a_truncated_file_is_an_error_that_names_it() {
    let bytes = fs::read(golden("codec/crc.parquet")).unwrap();
    for length in (0..bytes.len())
        .step_by(37)
        .chain([1, 4, 8, 11, 12, bytes.len() - 1])
    {
        let error = read_bytes(&bytes[..length]).unwrap_err();
        assert!(error.contains("shard.parquet"), "{length}: {error}");
    }
    let check = |bytes: &[u8], part: &str, is_damaged: bool| {
        let error = read_bytes(bytes).unwrap_err();
        let is_called_so = error.contains("the file is damaged");
        assert!(
            error.contains(part) && is_called_so == is_damaged,
            "{error}"
        );
    };
    check(b"", "an empty file of zero bytes", false);
    check(b"a,b", "not a Parquet file (it has only 3 bytes)", false);
    check(b"not parquet at all", "not a Parquet file", false);
    check(
        b"not parquet but at its end PAR1",
        "ends with PAR1, but",
        true,
    );
    check(b"PAR1 and then no parquet", "truncated", true);
    assert!(
        read_bytes(b"PAR1----\0\0\0\0PARE")
            .unwrap_err()
            .contains("encrypted")
    );
    assert!(
        read_bytes(b"PAR1----\xff\xff\xff\x7fPAR1")
            .unwrap_err()
            .contains("claims a footer")
    );
}

#[test]
fn a_flipped_bit_in_checked_pages_is_an_error_or_changes_nothing() {
    let bytes = fs::read(golden("codec/crc.parquet")).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let sound = read_bytes_in(directory.path(), &bytes).unwrap();
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut errors = 0;
    for at in 4..data_end(&bytes) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (generator.next_u64() % 8);
        match read_bytes_in(directory.path(), &damaged) {
            Ok(read) => assert!(read == sound, "other values after a flip at {at}"),
            Err(error) => {
                errors += 1;
                assert!(
                    error.contains("row group") && error.contains("column `"),
                    "{error}"
                );
            }
        }
    }
    assert!(errors > 1_000, "only {errors} flips were noticed");
}

#[test]
fn random_damage_anywhere_never_panics() {
    let directory = tempfile::tempdir().unwrap();
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(2);
    for name in [
        "types",
        "codec/snappy_v2",
        "codec/zstd_v1",
        "codec/delta",
        "codec/polars",
    ] {
        let bytes = fs::read(golden(&format!("{name}.parquet"))).unwrap();
        for _ in 0..120 {
            let mut damaged = bytes.clone();
            for _ in 0..1 + generator.next_u64() % 3 {
                let at = (generator.next_u64() % bytes.len() as u64) as usize;
                damaged[at] = generator.next_u64() as u8;
            }
            let _either = read_bytes_in(directory.path(), &damaged);
        }
    }
}

/// Trap: the decoder allocates whatever a page header claims.
#[test]
fn a_page_header_that_claims_more_than_the_footer_is_refused_before_decoding() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.parquet");
    let x: Vec<f64> = (0..5_000).map(f64::from).collect();
    let columns = [("x", ColumnKind::F64, ColumnData::F64(&x))];
    write(&path, &columns, Compression::Snappy);
    let mut bytes = fs::read(&path).unwrap();
    // Kind 0, then the uncompressed size as a varint of three bytes.
    assert_eq!(bytes[4..7], [0x15, 0, 0x15]);
    assert!(bytes[7] & bytes[8] & 0x80 != 0 && bytes[9] & 0x80 == 0);
    bytes[7..10].copy_from_slice(&[0xfe, 0xff, 0x7f]);
    fs::write(&path, &bytes).unwrap();
    let error = read(&open(&path).unwrap(), "x").unwrap_err().to_string();
    assert!(
        error.contains("row group 0, column `x`: the page at offset 4"),
        "{error}"
    );
    assert!(error.contains("the footer says"), "{error}");
}

#[test]
fn a_file_that_changes_is_an_error_at_the_next_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.parquet");
    let other = directory.path().join("other");
    let x: Vec<f64> = (0..50_000).map(f64::from).collect();
    let columns = [("x", ColumnKind::F64, ColumnData::F64(&x))];
    let check = |change: &dyn Fn(), expected: &str| {
        write(&path, &columns, Compression::None);
        write(&other, &columns, Compression::None);
        let dataset = open(&path).unwrap();
        change();
        let error = read(&dataset, "x").unwrap_err();
        assert!(matches!(error, Error::InputChanged { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    };
    check(
        &|| fs::rename(&other, &path).unwrap(),
        "it was replaced by another file",
    );
    check(&|| fs::remove_file(&path).unwrap(), "it no longer exists");
    let shrink = || {
        fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(1_000)
            .unwrap()
    };
    check(&shrink, "its size was");
    let touch = || {
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
    };
    check(&touch, "its modification time changed");
}

#[test]
fn a_file_that_changes_between_slices_is_an_error_by_the_end_of_the_column() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.parquet");
    let x: Vec<f64> = (0..50_000).map(f64::from).collect();
    write(
        &path,
        &[("x", ColumnKind::F64, ColumnData::F64(&x))],
        Compression::None,
    );
    let dataset = open(&path).unwrap();
    let mut reader = LaneReader::new(&dataset);
    let mut values = Values::F64(Vec::new());
    reader.open(0).unwrap();
    reader.start_column(0).unwrap();
    reader.next_slice(100, &mut values).unwrap();
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(1_000)
        .unwrap();
    let error = reader.next_slice(50_000, &mut values).unwrap_err();
    assert!(matches!(error, Error::InputChanged { .. }), "{error}");
}

#[test]
fn text_that_is_not_utf8_or_too_long_names_the_column() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.parquet");
    let texts = ColumnData::Text(&[Some("needle"), Some("hay")]);
    write(&path, &[("t", ColumnKind::Text, texts)], Compression::None);
    let limits = Limits {
        text_value_bytes_max: 5,
        ..Limits::default()
    };
    let dataset = Dataset::open(path.to_str().unwrap(), &OpenOptions::new(&limits)).unwrap();
    let error = read(&dataset, "t").unwrap_err().to_string();
    assert!(error.contains("column `t`: a text of 6 bytes"), "{error}");
    let mut bytes = fs::read(&path).unwrap();
    let data = data_end(&bytes);
    let at = bytes[..data]
        .windows(6)
        .position(|window| window == b"needle")
        .unwrap();
    bytes[at] = 0xff;
    // The chunk's statistics hold the text too; only the page is damaged.
    fs::write(&path, &bytes).unwrap();
    let error = read(&open(&path).unwrap(), "t").unwrap_err().to_string();
    assert!(error.contains("column `t`: a text is not UTF-8"), "{error}");
}
