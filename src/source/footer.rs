//! One file's footer: its size is checked before it is parsed, its claims after.

use std::path::Path;

use parquet::{
    errors::ParquetError,
    file::metadata::{
        ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader,
        ParquetStatisticsPolicy,
    },
};
use twox_hash::XxHash3_64;

use crate::source::guard::{damaged, guarded, no_parquet};
use crate::{
    error::{Error, Place, Result},
    platform::PositionedFile,
};

/// `PAR1`, four bytes of length and `PAR1` again: the smallest file there can be.
const FILE_BYTES_MIN: u64 = 12;
const MAGIC: &[u8; 4] = b"PAR1";
const MAGIC_ENCRYPTED: &[u8; 4] = b"PARE";

/// A parsed footer.
pub(super) struct Footer {
    /// The parsed footer.
    pub(super) metadata: ParquetMetaData,
    /// Its bytes' hash: the same footer means the same row groups at the same offsets.
    pub(super) hash: u64,
    /// The end of the column chunks.
    pub(super) data_end: u64,
}

/// Reads the footer of a file of `size` bytes.
///
/// # Errors
/// A file too short, without the magic bytes, with a footer above `footer_bytes_max`, or whose
/// footer does not parse or points outside the file.
pub(super) fn read(
    file: &PositionedFile,
    path: &Path,
    size: u64,
    footer_bytes_max: u64,
) -> Result<Footer> {
    read_as(
        file,
        path,
        size,
        footer_bytes_max,
        ParquetStatisticsPolicy::SkipAll,
    )
}

/// As [`read`], with the statistics of all column chunks.
///
/// # Errors
/// As [`read`].
pub(super) fn read_whole(
    file: &PositionedFile,
    path: &Path,
    size: u64,
    footer_bytes_max: u64,
) -> Result<Footer> {
    read_as(
        file,
        path,
        size,
        footer_bytes_max,
        ParquetStatisticsPolicy::KeepAll,
    )
}

fn read_as(
    file: &PositionedFile,
    path: &Path,
    size: u64,
    footer_bytes_max: u64,
    statistics: ParquetStatisticsPolicy,
) -> Result<Footer> {
    let bytes = read_bytes(file, path, size, footer_bytes_max)?;
    let place = || Place::file(path);
    let metadata = guarded(&place, || parse(&bytes, statistics))?;
    let footer = Footer {
        metadata,
        hash: XxHash3_64::oneshot(&bytes),
        data_end: size - 8 - bytes.len() as u64,
    };
    check_row_groups(&footer, path)?;
    Ok(footer)
}

/// Reads the footer's bytes; refuses before allocating them.
fn read_bytes(
    file: &PositionedFile,
    path: &Path,
    size: u64,
    footer_bytes_max: u64,
) -> Result<Vec<u8>> {
    let place = || Place::file(path);
    if size == 0 {
        let message = "is an empty file of zero bytes; write or copy it again, or leave it out";
        return Err(Error::input(place(), message));
    }
    if size < FILE_BYTES_MIN {
        return Err(no_parquet(place(), &format!("has only {size} bytes")));
    }
    let io_error = |error| Error::io("read", path, error);
    let mut head = [0u8; 4];
    file.read_exact_at(&mut head, 0).map_err(io_error)?;
    let mut tail = [0u8; 8];
    file.read_exact_at(&mut tail, size - 8).map_err(io_error)?;
    let [l0, l1, l2, l3, end @ ..] = tail;
    if &end == MAGIC_ENCRYPTED || &head == MAGIC_ENCRYPTED {
        let message = "is encrypted, which is not supported; write it without encryption";
        return Err(Error::input(place(), message));
    }
    if &head != MAGIC && &end != MAGIC {
        return Err(no_parquet(place(), "does not begin with PAR1"));
    }
    if &head != MAGIC {
        let what = "ends with PAR1, but does not begin with it";
        return Err(damaged(place(), what));
    }
    if &end != MAGIC {
        let what = "is truncated or not yet complete: it does not end with PAR1";
        return Err(damaged(place(), what));
    }
    let footer_bytes = u64::from(u32::from_le_bytes([l0, l1, l2, l3]));
    if footer_bytes > size - FILE_BYTES_MIN {
        let what = format!("claims a footer of {footer_bytes} bytes in a file of {size}");
        return Err(damaged(place(), what));
    }
    if footer_bytes > footer_bytes_max {
        let message = format!(
            "has a footer of {footer_bytes} bytes, above the limit of {footer_bytes_max}; \
             write it with fewer columns or larger row groups"
        );
        return Err(Error::input(place(), message));
    }
    let mut bytes = vec![0u8; footer_bytes as usize];
    let offset = size - 8 - footer_bytes;
    file.read_exact_at(&mut bytes, offset).map_err(io_error)?;
    Ok(bytes)
}

fn parse(
    bytes: &[u8],
    statistics: ParquetStatisticsPolicy,
) -> Result<ParquetMetaData, ParquetError> {
    let options = ParquetMetaDataOptions::new()
        .with_column_stats_policy(statistics.clone())
        .with_size_stats_policy(statistics.clone())
        .with_encoding_stats_policy(statistics);
    ParquetMetaDataReader::decode_metadata_with_options(bytes, Some(&options))
}

/// Checks every row group's rows and every column chunk's range.
fn check_row_groups(footer: &Footer, path: &Path) -> Result<()> {
    let metadata = &footer.metadata;
    let mut rows_sum = 0i64;
    for (index, row_group) in metadata.row_groups().iter().enumerate() {
        let place = || Place::file(path).row_group(index);
        let rows = row_group.num_rows();
        rows_sum = match rows_sum.checked_add(rows) {
            Some(sum) if rows >= 0 => sum,
            _ => return Err(damaged(place(), format!("claims {rows} rows"))),
        };
        for column in row_group.columns() {
            check_chunk(column, rows, footer.data_end)
                .map_err(|what| damaged(place().column(column.column_path().string()), what))?;
        }
    }
    let rows = metadata.file_metadata().num_rows();
    if rows != rows_sum {
        let what = format!("claims {rows} rows, but its row groups have {rows_sum}");
        return Err(damaged(Place::file(path), what));
    }
    Ok(())
}

/// Checks that a chunk lies between the first magic bytes and the footer.
fn check_chunk(column: &ColumnChunkMetaData, rows: i64, data_end: u64) -> Result<(), String> {
    // A row group without rows may have no pages, and then has no place for them either.
    if rows == 0 && column.num_values() == 0 && column.compressed_size() == 0 {
        return Ok(());
    }
    let start = column
        .dictionary_page_offset()
        .unwrap_or_else(|| column.data_page_offset());
    let (compressed, uncompressed) = (column.compressed_size(), column.uncompressed_size());
    let end = start.checked_add(compressed);
    let inside = end.is_some_and(|end| end as u64 <= data_end);
    if start < 4 || compressed < 0 || uncompressed < 0 || !inside {
        return Err(format!(
            "claims {compressed} bytes ({uncompressed} uncompressed) at offset {start}, but the data end at \
             {data_end}"
        ));
    }
    let flat = column.column_descr().max_rep_level() == 0;
    if column.num_values() < 0 || (flat && column.num_values() != rows) {
        let values = column.num_values();
        return Err(format!(
            "claims {values} values in a row group of {rows} rows"
        ));
    }
    Ok(())
}
