//! Guards delta-encoded texts: the decoder allocates as many lengths as such a page claims, and a
//! prefix that repeats can unfold a small page into any amount of text. Both are counted here, on
//! the decompressed page, before the decoder sees it.
//!
//! Format: apache/parquet-format, Encodings.md, "Delta encoding" (DELTA_BINARY_PACKED = 5),
//! "Delta-length byte array" (6), "Delta strings" (7).

use parquet::{
    basic::Encoding,
    column::page::{Page, PageMetadata, PageReader},
    errors::{ParquetError, Result},
};

/// Checks every page of another reader.
pub(super) struct CheckedPages<P> {
    pages: P,
    nullable: bool,
    bytes_max: u64,
}

impl<P> CheckedPages<P> {
    /// Pages of a flat column; `bytes_max` bounds the text that one page unfolds into.
    pub(super) fn new(pages: P, nullable: bool, bytes_max: u64) -> Self {
        Self {
            pages,
            nullable,
            bytes_max,
        }
    }

    fn check(&self, page: &Page) -> Result<()> {
        let (data, encoding) = match page {
            Page::DataPage { buf, encoding, .. } => {
                let levels = if self.nullable {
                    v1_levels(buf)
                } else {
                    Some(0)
                };
                (levels.and_then(|levels| buf.get(levels..)), *encoding)
            }
            Page::DataPageV2 {
                buf,
                encoding,
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            } => {
                let levels = u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len);
                (buf.get(levels as usize..), *encoding)
            }
            Page::DictionaryPage { .. } => return Ok(()),
        };
        let values = u64::from(page.num_values());
        let sound = match encoding {
            Encoding::DELTA_LENGTH_BYTE_ARRAY => {
                data.and_then(|data| lengths(data, values)).is_some()
            }
            Encoding::DELTA_BYTE_ARRAY => data
                .and_then(|data| unfolded_bytes(data, values))
                .is_some_and(|bytes| bytes <= self.bytes_max),
            _ => true,
        };
        if sound {
            return Ok(());
        }
        Err(ParquetError::General(format!(
            "a page of {values} values claims another number of values, or more than {} bytes of text",
            self.bytes_max
        )))
    }
}

impl<P: PageReader> Iterator for CheckedPages<P> {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl<P: PageReader> PageReader for CheckedPages<P> {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        if let Some(page) = &page {
            self.check(page)?;
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

/// Bytes of a version 1 page's definition levels, their length included.
fn v1_levels(page: &[u8]) -> Option<usize> {
    let length = page.first_chunk::<4>()?;
    Some(4 + u32::from_le_bytes(*length) as usize)
}

/// The text bytes that a prefix-coded page unfolds into.
fn unfolded_bytes(data: &[u8], values_max: u64) -> Option<u64> {
    let prefixes = lengths(data, values_max)?;
    let suffixes = lengths(data.get(prefixes.end..)?, values_max)?;
    prefixes.sum.checked_add(suffixes.sum)
}

/// A section of lengths: what they add up to, and where it ends.
#[derive(Debug, PartialEq, Eq)]
struct Lengths {
    sum: u64,
    end: usize,
}

/// Reads a delta-packed section of lengths; `None` if it is damaged, holds a negative length, or
/// more than `values_max` of them.
fn lengths(data: &[u8], values_max: u64) -> Option<Lengths> {
    let mut bytes = Cursor { data, at: 0 };
    let block = bytes.varint()?;
    let miniblocks = bytes.varint()?;
    let count = bytes.varint()?;
    let mut value = bytes.zigzag()?;
    if count > values_max || miniblocks == 0 || block == 0 || !block.is_multiple_of(miniblocks) {
        return None;
    }
    let per_miniblock = block / miniblocks;
    if count == 0 {
        return Some(Lengths {
            sum: 0,
            end: bytes.at,
        });
    }
    let mut sum = u64::try_from(value).ok()?;
    let mut left = count - 1;
    while left > 0 {
        let delta_min = bytes.zigzag()?;
        let widths = bytes.take(usize::try_from(miniblocks).ok()?)?;
        for &width in widths {
            if left == 0 {
                break;
            }
            let packed_bits = per_miniblock.checked_mul(u64::from(width))?;
            let packed = bytes.take_at_most(usize::try_from(packed_bits.div_ceil(8)).ok()?);
            for index in 0..left.min(per_miniblock) {
                let delta = delta_min.checked_add(packed_bits_at(packed, index, width)?)?;
                value = value.checked_add(delta)?;
                sum = sum.checked_add(u64::try_from(value).ok()?)?;
            }
            left -= left.min(per_miniblock);
        }
    }
    Some(Lengths { sum, end: bytes.at })
}

/// The `index`-th number of `width` bits, lowest bits first; lengths have at most 32.
fn packed_bits_at(packed: &[u8], index: u64, width: u8) -> Option<i64> {
    if width > 32 {
        return None;
    }
    let bit = index as usize * usize::from(width);
    let mut window = [0u8; 8];
    let bytes = packed.get(bit / 8..)?;
    let length = bytes.len().min(8);
    window[..length].copy_from_slice(&bytes[..length]);
    let mask = (1u64 << width) - 1;
    Some(((u64::from_le_bytes(window) >> (bit % 8)) & mask) as i64)
}

struct Cursor<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.data.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    /// Some writers cut the last miniblock off after its last number.
    fn take_at_most(&mut self, length: usize) -> &'a [u8] {
        let left = &self.data[self.at..];
        let taken = &left[..length.min(left.len())];
        self.at += taken.len();
        taken
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..63).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn zigzag(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lengths 1, 2, 3, 4, 5: a header, then one block of 128 in 4 miniblocks, of width 0.
    const RISING: [u8; 9] = [0x80, 1, 4, 5, 2, 2, 0, 0, 0];

    #[test]
    fn lengths_are_summed() {
        let mut section = RISING.to_vec();
        section.push(0);
        let expected = Lengths { sum: 15, end: 10 };
        assert_eq!(lengths(&section, 5), Some(expected));
        // 0, 3, 4: smallest delta 1, then 2 and 0 in two bits each.
        let mut section = vec![0x80, 1, 4, 3, 0, 2, 2, 0, 0, 0, 0b0010];
        section.extend([0; 7]);
        assert_eq!(lengths(&section, 3), Some(Lengths { sum: 7, end: 18 }));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut section = RISING.to_vec();
        section.push(0);
        for length in 0..section.len() {
            assert_eq!(lengths(&section[..length], 5), None, "{length}");
        }
        assert_eq!(lengths(&section, 4), None, "more values than the page");
        assert_eq!(lengths(&[0x80, 1, 0, 5, 2], 5), None, "no miniblocks");
        assert_eq!(lengths(&[0x80, 1, 4, 1, 1], 5), None, "a negative length");
        let huge = [
            0x80, 1, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 2,
        ];
        assert_eq!(lengths(&huge, u64::from(u32::MAX)), None);
    }

    #[test]
    fn a_repeated_prefix_counts_as_often_as_it_is_repeated() {
        // Prefix lengths 1000 five times, suffix lengths 0 five times.
        let same = |first: &[u8]| {
            let mut section = vec![0x80, 1, 4, 5];
            section.extend_from_slice(first);
            section.extend([0, 0, 0, 0, 0]);
            section
        };
        let mut page = same(&[0xd0, 0x0f]);
        page.extend(same(&[0]));
        assert_eq!(unfolded_bytes(&page, 5), Some(5_000));
    }
}
