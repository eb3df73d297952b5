//! The walk over a chunk's page headers, before the decoder sees any of them.
//!
//! ```text
//! | header | page | header | page | ... |       every page: inside the chunk, below the cap
//! ^ start                        end ^       all pages: values and bytes as the footer says
//! ```

use std::io;

use parquet::{basic::Type as PhysicalType, file::metadata::ColumnChunkMetaData};

use crate::source::{
    chunk::Chunk,
    thrift::{HeaderError, PageHeader, page_header},
};

/// Bytes that a header is looked for in at first, and at most.
const HEADER_BYTES_USUAL: usize = 512;
const HEADER_BYTES_MAX: usize = 1 << 20;

/// The footer's figures of a chunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChunkFigures {
    rows: u64,
    uncompressed_bytes: u64,
    /// Fewest bytes of a dictionary entry.
    entry_bytes_min: u64,
    page_bytes_max: u64,
}

impl ChunkFigures {
    /// The claims about a flat column's chunk of `rows` rows.
    pub(super) fn new(chunk: &ColumnChunkMetaData, rows: u64, page_bytes_max: u64) -> Self {
        let entry_bytes_min = match chunk.column_type() {
            PhysicalType::BOOLEAN => 1,
            PhysicalType::INT32 | PhysicalType::FLOAT | PhysicalType::BYTE_ARRAY => 4,
            PhysicalType::INT64 | PhysicalType::DOUBLE => 8,
            PhysicalType::INT96 => 12,
            PhysicalType::FIXED_LEN_BYTE_ARRAY => chunk.column_descr().type_length().max(1) as u64,
        };
        Self {
            rows,
            uncompressed_bytes: chunk.uncompressed_size().max(0) as u64,
            entry_bytes_min,
            page_bytes_max,
        }
    }
}

/// A fault in a chunk's pages.
#[derive(Debug)]
pub(super) enum PagesError {
    /// The file could not be read.
    Io(io::Error),
    /// A header is damaged or claims what cannot be.
    Damaged(String),
    /// A page is sound but larger than the limit.
    TooLarge(String),
}

/// Walks all page headers of a chunk.
pub(super) fn check(chunk: &Chunk, claims: ChunkFigures) -> Result<(), PagesError> {
    let range = chunk.range();
    let mut offset = range.start;
    let mut rows = 0u64;
    let mut uncompressed_bytes = 0u64;
    let mut pages = 0usize;
    while offset < range.end() {
        let (header, header_bytes) = read_header(chunk, offset)?;
        let body = offset + header_bytes as u64;
        let page = Page::new(header, offset, range.end() - body)?;
        page.check_size(claims.page_bytes_max)?;
        match header.kind {
            Some(2) => page.check_dictionary(pages == 0, claims)?,
            Some(0 | 3) => rows = rows.saturating_add(page.values),
            Some(1) => {}
            kind => return Err(page.damaged(format!("is of the unknown kind {kind:?}"))),
        }
        uncompressed_bytes += header_bytes as u64 + page.uncompressed_bytes;
        if uncompressed_bytes > claims.uncompressed_bytes {
            return Err(page.damaged(format!(
                "makes the column chunk {uncompressed_bytes} bytes uncompressed, but the footer says {}",
                claims.uncompressed_bytes
            )));
        }
        offset = body + page.compressed_bytes;
        pages += 1;
    }
    if rows != claims.rows {
        return Err(PagesError::Damaged(format!(
            "its pages hold {rows} values, but the row group has {} rows",
            claims.rows
        )));
    }
    Ok(())
}

/// A page header whose numbers are present and not negative.
struct Page {
    offset: u64,
    compressed_bytes: u64,
    uncompressed_bytes: u64,
    values: u64,
    levels_bytes: u64,
}

impl Page {
    fn new(header: PageHeader, offset: u64, left: u64) -> Result<Self, PagesError> {
        let natural = |value: Option<i32>| value.and_then(|value| u64::try_from(value).ok());
        let compressed = natural(header.compressed_bytes).filter(|&bytes| bytes <= left);
        let uncompressed = natural(header.uncompressed_bytes);
        let values = match header.kind {
            Some(1) => Some(0),
            _ => natural(header.values),
        };
        let (Some(compressed_bytes), Some(uncompressed_bytes), Some(values)) =
            (compressed, uncompressed, values)
        else {
            return Err(PagesError::Damaged(format!(
                "the page at offset {offset} claims {:?} values in {:?} bytes ({:?} uncompressed), but {left} \
                 bytes are left",
                header.values, header.compressed_bytes, header.uncompressed_bytes
            )));
        };
        Ok(Self {
            offset,
            compressed_bytes,
            uncompressed_bytes,
            values,
            levels_bytes: header.levels_bytes as u64,
        })
    }

    fn damaged(&self, what: String) -> PagesError {
        PagesError::Damaged(format!("the page at offset {} {what}", self.offset))
    }

    fn check_size(&self, page_bytes_max: u64) -> Result<(), PagesError> {
        let bytes = self.compressed_bytes.max(self.uncompressed_bytes);
        if bytes > page_bytes_max {
            return Err(PagesError::TooLarge(format!(
                "the page at offset {} has {bytes} bytes, above the limit of {page_bytes_max}; \
                 write the file again with smaller pages",
                self.offset
            )));
        }
        if self.levels_bytes > self.uncompressed_bytes.min(self.compressed_bytes) {
            let levels = self.levels_bytes;
            return Err(self.damaged(format!("claims {levels} bytes of levels")));
        }
        Ok(())
    }

    fn check_dictionary(&self, first: bool, claims: ChunkFigures) -> Result<(), PagesError> {
        if !first {
            return Err(self.damaged("is a dictionary that is not the first page".to_owned()));
        }
        let bytes_min = self.values.saturating_mul(claims.entry_bytes_min);
        if bytes_min > self.uncompressed_bytes {
            return Err(self.damaged(format!(
                "claims a dictionary of {} values in {} bytes",
                self.values, self.uncompressed_bytes
            )));
        }
        Ok(())
    }
}

/// Reads the header at an offset, from a window that grows until the header fits.
fn read_header(chunk: &Chunk, offset: u64) -> Result<(PageHeader, usize), PagesError> {
    let left = chunk.range().end() - offset;
    let mut length = HEADER_BYTES_USUAL;
    loop {
        let window = chunk.window(offset, length).map_err(PagesError::Io)?;
        match page_header(&window) {
            Ok(header) => return Ok(header),
            Err(HeaderError::Incomplete)
                if (window.len() as u64) < left && length < HEADER_BYTES_MAX =>
            {
                length *= 8;
            }
            Err(_) => {
                return Err(PagesError::Damaged(format!(
                    "there is no page header at offset {offset}"
                )));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::chunk::ChunkRange;

    const CLAIMS: ChunkFigures = ChunkFigures {
        rows: 6,
        uncompressed_bytes: 60,
        entry_bytes_min: 4,
        page_bytes_max: 1_000,
    };

    /// A page of `kind` that claims `values` values in 8 bytes; every number below 64.
    fn page(kind: u8, values: u8) -> Vec<u8> {
        let body = if kind == 2 { 0x4c } else { 0x2c };
        let mut page = vec![
            0x15,
            kind * 2,
            0x15,
            16,
            0x15,
            16,
            body,
            0x15,
            values * 2,
            0,
            0,
        ];
        page.extend([7; 8]);
        page
    }

    fn walk(pages: &[Vec<u8>], claims: ChunkFigures) -> String {
        let bytes = pages.concat();
        let range = ChunkRange {
            start: 4,
            length: bytes.len() as u64,
        };
        let bytes = bytes.into();
        match check(&Chunk::Memory { range, bytes }, claims) {
            Ok(()) => "sound".to_owned(),
            Err(PagesError::Damaged(what) | PagesError::TooLarge(what)) => what,
            Err(PagesError::Io(error)) => error.to_string(),
        }
    }

    #[test]
    fn a_chunk_is_what_the_footer_says_or_an_error() {
        let check = |pages: &[Vec<u8>], expected: &str| {
            let found = walk(pages, CLAIMS);
            assert!(found.contains(expected), "{found}, not {expected}");
        };
        check(&[page(2, 2), page(0, 2), page(0, 4)], "sound");
        check(
            &[page(2, 2), page(0, 2)],
            "its pages hold 2 values, but the row group has 6 rows",
        );
        check(
            &[page(2, 3), page(0, 6)],
            "claims a dictionary of 3 values in 8 bytes",
        );
        check(
            &[page(0, 6), page(2, 2)],
            "a dictionary that is not the first page",
        );
        check(&[page(9, 6)], "unknown kind Some(9)");
        check(&[page(0, 6)[..15].to_vec()], "4 bytes are left");
        check(
            &[page(0, 6)[..9].to_vec()],
            "there is no page header at offset 4",
        );
        check(
            &[page(0, 2), page(0, 2), page(0, 1), page(0, 1)],
            "the footer says 60",
        );
        let mut negative = page(0, 6);
        negative[3] = 17;
        check(
            &[negative],
            "claims Some(6) values in Some(8) bytes (Some(-9) uncompressed)",
        );
    }

    #[test]
    fn a_page_above_the_limit_is_refused() {
        let claims = ChunkFigures {
            page_bytes_max: 7,
            ..CLAIMS
        };
        let found = walk(&[page(0, 6)], claims);
        assert!(found.contains("8 bytes, above the limit of 7"), "{found}");
    }
}
