//! Page headers in Thrift's compact protocol: only what must be known before a page is decoded.
//!
//! The decoder trusts what a header claims and allocates it, so every header is read here first.
//! Unknown fields are skipped, as the protocol demands.

/// The figures of a page header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct PageHeader {
    /// 0 data, 1 index, 2 dictionary, 3 data version 2.
    pub(super) kind: Option<i32>,
    /// Bytes of the page after decompression.
    pub(super) uncompressed_bytes: Option<i32>,
    /// Bytes of the page in the file.
    pub(super) compressed_bytes: Option<i32>,
    /// Values of the data or dictionary page, nulls included.
    pub(super) values: Option<i32>,
    /// Version 2: bytes of definition and repetition levels.
    pub(super) levels_bytes: i64,
}

/// Why a header could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeaderError {
    /// The bytes end before the header does.
    Incomplete,
    /// No page header.
    Malformed,
}

/// The greatest depth of nested structs.
const DEPTH_MAX: usize = 16;

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const I32: u8 = 5;
const STRUCT: u8 = 12;

/// Reads a header at the start of `bytes`. Returns it with its length.
pub(super) fn page_header(bytes: &[u8]) -> Result<(PageHeader, usize), HeaderError> {
    let mut reader = Reader { bytes, at: 0 };
    let mut header = PageHeader::default();
    let mut field = 0;
    while let Some(kind) = reader.field(&mut field)? {
        match (field, kind) {
            (1, I32) => header.kind = Some(reader.i32()?),
            (2, I32) => header.uncompressed_bytes = Some(reader.i32()?),
            (3, I32) => header.compressed_bytes = Some(reader.i32()?),
            (5 | 7 | 8, STRUCT) => reader.data_header(field == 8, &mut header)?,
            _ => reader.skip(kind, 0)?,
        }
    }
    Ok((header, reader.at))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    /// Reads the struct of a data or dictionary page.
    fn data_header(&mut self, version_2: bool, header: &mut PageHeader) -> Result<(), HeaderError> {
        let mut field = 0;
        while let Some(kind) = self.field(&mut field)? {
            match (field, kind) {
                (1, I32) => header.values = Some(self.i32()?),
                (5 | 6, I32) if version_2 => {
                    let bytes = self.i32()?;
                    if bytes < 0 {
                        return Err(HeaderError::Malformed);
                    }
                    header.levels_bytes += i64::from(bytes);
                }
                _ => self.skip(kind, 1)?,
            }
        }
        Ok(())
    }

    fn byte(&mut self) -> Result<u8, HeaderError> {
        let byte = *self.bytes.get(self.at).ok_or(HeaderError::Incomplete)?;
        self.at += 1;
        Ok(byte)
    }

    /// The next field's type, or `None` at the end of the struct; `field` becomes its number.
    fn field(&mut self, field: &mut i32) -> Result<Option<u8>, HeaderError> {
        let byte = self.byte()?;
        if byte == 0 {
            return Ok(None);
        }
        let delta = i32::from(byte >> 4);
        *field = if delta == 0 {
            self.i32()?
        } else {
            field.checked_add(delta).ok_or(HeaderError::Malformed)?
        };
        Ok(Some(byte & 0x0f))
    }

    fn varint(&mut self) -> Result<u64, HeaderError> {
        let mut value = 0u64;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(HeaderError::Malformed);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(HeaderError::Malformed)
    }

    fn i32(&mut self) -> Result<i32, HeaderError> {
        let zigzag = self.varint()?;
        let value = (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
        i32::try_from(value).map_err(|_| HeaderError::Malformed)
    }

    fn advance(&mut self, bytes: u64) -> Result<(), HeaderError> {
        if bytes > (self.bytes.len() - self.at) as u64 {
            return Err(HeaderError::Incomplete);
        }
        self.at += bytes as usize;
        Ok(())
    }

    /// Skips a value of a field.
    fn skip(&mut self, kind: u8, depth: usize) -> Result<(), HeaderError> {
        if depth > DEPTH_MAX {
            return Err(HeaderError::Malformed);
        }
        match kind {
            TRUE | FALSE => Ok(()),
            3 => self.advance(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.advance(8),
            8 => {
                let length = self.varint()?;
                self.advance(length)
            }
            9 | 10 => {
                let head = self.byte()?;
                let length = match head >> 4 {
                    15 => self.varint()?,
                    short => u64::from(short),
                };
                for _ in 0..length {
                    self.skip_element(head & 0x0f, depth + 1)?;
                }
                Ok(())
            }
            STRUCT => {
                let mut field = 0;
                while let Some(kind) = self.field(&mut field)? {
                    self.skip(kind, depth + 1)?;
                }
                Ok(())
            }
            _ => Err(HeaderError::Malformed),
        }
    }

    /// Skips an element of a list, where a boolean takes a byte.
    fn skip_element(&mut self, kind: u8, depth: usize) -> Result<(), HeaderError> {
        match kind {
            TRUE | FALSE => self.advance(1),
            other => self.skip(other, depth),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A data page of 3 values: 10 bytes of 20, with a checksum and statistics to skip.
    const DATA: [u8; 22] = [
        0x15, 0, 0x15, 40, 0x15, 20, 0x15, 1, 0x1c, 0x15, 6, 0x15, 0, 0x15, 6, 0x15, 6, 0x1c, 0, 0,
        0, 0x77,
    ];

    #[test]
    fn a_data_page_header() {
        let (header, length) = page_header(&DATA).unwrap();
        let expected = PageHeader {
            kind: Some(0),
            uncompressed_bytes: Some(20),
            compressed_bytes: Some(10),
            values: Some(3),
            levels_bytes: 0,
        };
        assert_eq!((header, length), (expected, 21));
    }

    #[test]
    fn every_shorter_header_is_incomplete() {
        for length in 0..21 {
            let error = page_header(&DATA[..length]).unwrap_err();
            assert_eq!(error, HeaderError::Incomplete, "{length}");
        }
    }

    #[test]
    fn what_is_no_header_ends() {
        let check = |bytes: &[u8], expected: HeaderError| {
            assert_eq!(page_header(bytes).unwrap_err(), expected, "{bytes:?}");
        };
        // A number beyond 32 bits, an unknown type, structs without end, a list of 2^60 bytes.
        check(
            &[0x15, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            HeaderError::Malformed,
        );
        check(&[0x1f, 0], HeaderError::Malformed);
        check(&[0x1c; 100], HeaderError::Malformed);
        let mut list = vec![0x19, 0xf1];
        list.extend([0xff; 8]);
        list.push(0x0f);
        list.extend([0; 50]);
        check(&list, HeaderError::Incomplete);
    }
}
