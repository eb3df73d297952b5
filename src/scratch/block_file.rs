//! A file of blocks of [`BLOCK_ROWS`] rows; in each block every array lies contiguously.
//!
//! ```text
//! header (4 KiB) | block 0: array 0 | array 1 | ... | block 1: array 0 | ...
//! ```
//!
//! Any thread writes any row range of any array at any time: positions follow from row numbers, so
//! that the file's bytes do not depend on the order of the writes. The last block keeps the full stride and
//! is sparse beyond the last row. Nothing is read back before it was written.

use std::{
    hash::Hasher,
    ops::Range,
    path::{Path, PathBuf},
};

use twox_hash::XxHash3_64;

use crate::{
    error::{Error, Result},
    limits::BLOCK_ROWS,
    platform::{PositionedFile, disk},
    scratch::Element,
};

/// Bytes before the first block: a page, so that blocks are page-aligned.
const HEADER_BYTES: u64 = 4096;

/// The start of the header: the file's kind and version.
const MAGIC: &[u8; 8] = b"RMLLBLK1";

/// Bytes that are read at once for a checksum.
pub(crate) const CHECKED_BYTES: usize = 1 << 20;

/// Bytes of the buffer through which numbers become bytes.
const STAGE_BYTES: usize = 1 << 14;

/// Arrays of numbers, one element a row, in blocks of rows on disk.
///
/// Memory: a few words an array. Cloning shares the open file.
#[derive(Debug, Clone)]
pub struct BlockFile {
    path: PathBuf,
    file: PositionedFile,
    rows: u64,
    element_bytes: Vec<usize>,
    /// The start of each array in a block that is read, and, last, the bytes of all.
    array_starts: Vec<u64>,
    /// The start of each array in a block of the file, which may have others between them.
    array_positions: Vec<u64>,
    /// Bytes of a block of the file.
    block_bytes: u64,
}

impl BlockFile {
    /// Creates a file for `rows` rows with arrays of the given element sizes, disk space allocated
    /// for all but the last block.
    ///
    /// # Errors
    /// [`Error::Io`], `StorageFull` among it, before anything is written.
    pub fn create(path: &Path, rows: u64, element_bytes: &[usize]) -> Result<Self> {
        let io = |source| Error::io("create", path, source);
        let file = PositionedFile::create_new(path).map_err(io)?;
        let this = Self::describe(path, file, rows, element_bytes);
        let whole_blocks = rows / BLOCK_ROWS as u64;
        let allocated = HEADER_BYTES + whole_blocks * this.block_bytes();
        disk::allocate(this.file.file(), allocated).map_err(io)?;
        let end = HEADER_BYTES + this.blocks() as u64 * this.block_bytes();
        this.file.file().set_len(end).map_err(io)?;
        let mut header = [0u8; 16];
        header[..8].copy_from_slice(MAGIC);
        header[8..].copy_from_slice(&rows.to_le_bytes());
        this.file.write_all_at(&header, 0).map_err(io)?;
        Ok(this)
    }

    /// Opens a file that an earlier run wrote, for reading.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Format`] for a file that does not have these rows and arrays.
    pub fn open(path: &Path, rows: u64, element_bytes: &[usize]) -> Result<Self> {
        let io = |source| Error::io("open", path, source);
        let file = PositionedFile::open_read(path).map_err(io)?;
        let this = Self::describe(path, file, rows, element_bytes);
        let expected = HEADER_BYTES + this.blocks() as u64 * this.block_bytes();
        let found = this.file.len().map_err(io)?;
        let mut header = [0u8; 16];
        if found == expected {
            this.file.read_exact_at(&mut header, 0).map_err(io)?;
        }
        if header[..8] != *MAGIC || header[8..] != rows.to_le_bytes() {
            return Err(Error::format(
                path,
                format!(
                    "is not a scratch file of {rows} rows (it has {found} bytes); remove its directory"
                ),
            ));
        }
        Ok(this)
    }

    fn describe(path: &Path, file: PositionedFile, rows: u64, element_bytes: &[usize]) -> Self {
        let array_starts = starts_of(element_bytes);
        Self {
            path: path.to_path_buf(),
            file,
            rows,
            element_bytes: element_bytes.to_vec(),
            array_positions: array_starts[..element_bytes.len()].to_vec(),
            block_bytes: array_starts[element_bytes.len()],
            array_starts,
        }
    }

    /// The same file with only some of its arrays, renumbered. The others keep their room on
    /// disk, and none of it is read.
    pub fn with_arrays(&self, kept: &[bool]) -> Self {
        assert_eq!(kept.len(), self.arrays(), "a word an array");
        let kept = |array: &usize| kept[*array];
        let arrays: Vec<usize> = (0..self.arrays()).filter(kept).collect();
        let element_bytes: Vec<usize> = arrays.iter().map(|at| self.element_bytes[*at]).collect();
        Self {
            array_starts: starts_of(&element_bytes),
            array_positions: arrays.iter().map(|at| self.array_positions[*at]).collect(),
            element_bytes,
            ..self.clone()
        }
    }

    /// Bytes on disk of a file of `rows` rows whose arrays' elements take `row_bytes` together.
    pub fn disk_bytes(rows: u64, row_bytes: usize) -> u64 {
        HEADER_BYTES + rows.div_ceil(BLOCK_ROWS as u64) * (row_bytes * BLOCK_ROWS) as u64
    }

    /// Rows in all.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Blocks in all.
    pub fn blocks(&self) -> usize {
        self.rows.div_ceil(BLOCK_ROWS as u64) as usize
    }

    /// Rows of a block: [`BLOCK_ROWS`] but for the last.
    pub fn block_rows(&self, block: usize) -> usize {
        let left = self.rows - (block * BLOCK_ROWS) as u64;
        left.min(BLOCK_ROWS as u64) as usize
    }

    /// The number of arrays.
    pub fn arrays(&self) -> usize {
        self.element_bytes.len()
    }

    /// Bytes of a whole block of the file.
    pub fn block_bytes(&self) -> u64 {
        self.block_bytes
    }

    fn position(&self, array: usize, row: u64) -> u64 {
        let block = row / BLOCK_ROWS as u64;
        let row_in_block = row % BLOCK_ROWS as u64;
        HEADER_BYTES
            + block * self.block_bytes()
            + self.array_positions[array]
            + row_in_block * self.element_bytes[array] as u64
    }

    /// Writes elements `first_row..` of an array.
    ///
    /// # Errors
    /// [`Error::Io`], `StorageFull` among it.
    ///
    /// # Panics
    /// If the rows are not all in the file or `T` is not the array's element.
    pub fn write<T: Element>(&self, array: usize, first_row: u64, values: &[T]) -> Result<()> {
        assert_eq!(self.element_bytes[array], T::BYTES);
        assert!(first_row + values.len() as u64 <= self.rows);
        let mut stage = [0u8; STAGE_BYTES];
        self.for_pieces(
            first_row,
            values.len(),
            STAGE_BYTES / T::BYTES,
            |row, part| {
                let bytes = &mut stage[..part.len() * T::BYTES];
                T::encode(&values[part], bytes);
                self.file
                    .write_all_at(bytes, self.position(array, row))
                    .map_err(|source| Error::io("write", &self.path, source))
            },
        )
    }

    /// Reads elements `first_row..` of an array, as many as `values` has room for.
    ///
    /// # Errors
    /// [`Error::Io`] when the system cannot read.
    ///
    /// # Panics
    /// If the rows are not all in the file or `T` is not the array's element.
    pub fn read<T: Element>(&self, array: usize, first_row: u64, values: &mut [T]) -> Result<()> {
        assert_eq!(self.element_bytes[array], T::BYTES);
        assert!(first_row + values.len() as u64 <= self.rows);
        let mut stage = [0u8; STAGE_BYTES];
        self.for_pieces(
            first_row,
            values.len(),
            STAGE_BYTES / T::BYTES,
            |row, part| {
                let bytes = &mut stage[..part.len() * T::BYTES];
                self.file
                    .read_exact_at(bytes, self.position(array, row))
                    .map_err(|source| Error::io("read", &self.path, source))?;
                T::decode(bytes, &mut values[part]);
                Ok(())
            },
        )
    }

    /// Calls `each` with (first row, index range) for pieces that stay inside one block.
    fn for_pieces(
        &self,
        first_row: u64,
        rows: usize,
        rows_max: usize,
        mut each: impl FnMut(u64, Range<usize>) -> Result<()>,
    ) -> Result<()> {
        let mut done = 0;
        while done < rows {
            let row = first_row + done as u64;
            let left_in_block = BLOCK_ROWS - (row % BLOCK_ROWS as u64) as usize;
            let part = (rows - done).min(left_in_block).min(rows_max);
            each(row, done..done + part)?;
            done += part;
        }
        Ok(())
    }

    /// Reads arrays of a block to their places in `bytes`: one after the other, each [`BLOCK_ROWS`]
    /// elements long. What the places of other arrays hold means nothing. Arrays that are neighbours in
    /// the file, in ascending order, are one read.
    ///
    /// # Errors
    /// [`Error::Io`] when the system cannot read.
    ///
    /// # Panics
    /// If the block or an array is not in the file.
    pub fn read_block_into(
        &self,
        block: usize,
        arrays: impl IntoIterator<Item = usize>,
        bytes: &mut Vec<u8>,
    ) -> Result<()> {
        assert!(block < self.blocks());
        bytes.resize(self.array_starts[self.arrays()] as usize, 0);
        let offset = HEADER_BYTES + block as u64 * self.block_bytes();
        let mut read = |neighbours: Range<usize>| {
            if neighbours.is_empty() {
                return Ok(());
            }
            let range = self.array_starts[neighbours.start]..self.array_starts[neighbours.end];
            let into = &mut bytes[range.start as usize..range.end as usize];
            self.file
                .read_exact_at(into, offset + self.array_positions[neighbours.start])
                .map_err(|source| Error::io("read", &self.path, source))
        };
        // Arrays are shifted by what lies before them in the file and not in memory.
        let shift = |array: usize| self.array_positions[array] - self.array_starts[array];
        let mut neighbours = 0..0;
        for array in arrays {
            if array != neighbours.end || shift(array) != shift(neighbours.start) {
                read(neighbours.clone())?;
                neighbours.start = array;
            }
            neighbours.end = array + 1;
        }
        read(neighbours)
    }

    /// The xxh3 of a block's bytes, read a piece at a time. What lies beyond the last row counts too:
    /// it is zero.
    ///
    /// # Errors
    /// [`Error::Io`] when the system cannot read.
    ///
    /// # Panics
    /// If the block is not in the file.
    pub fn checksum(&self, block: usize) -> Result<u64> {
        assert!(block < self.blocks());
        let mut hasher = XxHash3_64::new();
        let mut piece = vec![0u8; CHECKED_BYTES.min(self.block_bytes() as usize)];
        let offset = HEADER_BYTES + block as u64 * self.block_bytes();
        let mut done = 0;
        while done < self.block_bytes() {
            let left = (self.block_bytes() - done).min(piece.len() as u64) as usize;
            self.file
                .read_exact_at(&mut piece[..left], offset + done)
                .map_err(|source| Error::io("read", &self.path, source))?;
            hasher.write(&piece[..left]);
            done += left as u64;
        }
        Ok(hasher.finish())
    }

    /// Asks the page cache to read a block ahead.
    pub fn read_ahead(&self, block: usize) {
        if block < self.blocks() {
            let offset = HEADER_BYTES + block as u64 * self.block_bytes();
            disk::read_ahead(self.file.file(), offset, self.block_bytes());
        }
    }
}

/// The starts of arrays of such elements in a block, and the end of the last one.
fn starts_of(element_bytes: &[usize]) -> Vec<u64> {
    let mut starts = vec![0u64];
    for bytes in element_bytes {
        let start = starts[starts.len() - 1];
        starts.push(start + (bytes * BLOCK_ROWS) as u64);
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(rows: u64, element_bytes: &[usize]) -> (tempfile::TempDir, BlockFile) {
        let directory = tempfile::tempdir().unwrap();
        let file = BlockFile::create(&directory.path().join("f"), rows, element_bytes).unwrap();
        (directory, file)
    }

    #[test]
    fn ranges_written_in_any_order_come_back_across_blocks() {
        let rows = 2 * BLOCK_ROWS as u64 + 777;
        let (_directory, file) = file(rows, &[4, 1, 8]);
        assert_eq!(file.blocks(), 3);
        assert_eq!(file.block_rows(2), 777);
        let group: Vec<u64> = (0..rows).map(|row| row * 3).collect();
        let split: Vec<u8> = (0..rows).map(|row| (row % 5) as u8).collect();
        for (start, end) in [(100_000, rows as usize), (0, 50_001), (50_001, 100_000)] {
            file.write(2, start as u64, &group[start..end]).unwrap();
            file.write(1, start as u64, &split[start..end]).unwrap();
        }
        let mut group_back = vec![0u64; 70_000];
        file.read(2, 60_000, &mut group_back).unwrap();
        assert_eq!(group_back, group[60_000..130_000]);
        let mut bytes = Vec::new();
        file.read_block_into(1, [1], &mut bytes).unwrap();
        let start = 4 * BLOCK_ROWS;
        assert_eq!(
            bytes[start..start + BLOCK_ROWS],
            split[BLOCK_ROWS..2 * BLOCK_ROWS]
        );
    }

    #[test]
    fn arrays_of_a_block_are_read_to_their_places_and_no_others() {
        let (_directory, file) = file(BLOCK_ROWS as u64 + 5, &[1; 6]);
        for array in 0..6 {
            let values = vec![array as u8 + 1; BLOCK_ROWS + 5];
            file.write(array, 0, &values).unwrap();
        }
        let check = |block: usize, arrays: &[usize]| {
            let mut bytes = Vec::new();
            file.read_block_into(block, arrays.iter().copied(), &mut bytes)
                .unwrap();
            assert_eq!(bytes.len(), 6 * BLOCK_ROWS);
            for (array, found) in bytes.chunks(BLOCK_ROWS).enumerate() {
                let expected = if arrays.contains(&array) {
                    array + 1
                } else {
                    0
                };
                let rows = file.block_rows(block);
                assert!(
                    found[..rows].iter().all(|byte| *byte == expected as u8),
                    "array {array} of {arrays:?}"
                );
            }
        };
        for block in [0, 1] {
            check(block, &[]);
            check(block, &[0]);
            check(block, &[5]);
            check(block, &[0, 1, 3, 5]);
            check(block, &[1, 2, 4]);
            check(block, &[0, 1, 2, 3, 4, 5]);
        }
    }

    #[test]
    fn arrays_that_are_left_out_leave_the_others_as_they_were() {
        let rows = BLOCK_ROWS + 5;
        let (_directory, file) = file(rows as u64, &[1; 6]);
        for array in 0..6 {
            file.write(array, 0, &vec![array as u8 + 1; rows]).unwrap();
        }
        let kept = file.with_arrays(&[false, true, true, false, true, true]);
        let kept = kept.with_arrays(&[true, true, true, false]);
        assert_eq!(kept.arrays(), 3);
        let mut bytes = Vec::new();
        for block in [0, 1] {
            kept.read_block_into(block, [0, 1, 2], &mut bytes).unwrap();
            assert_eq!(bytes.len(), 3 * BLOCK_ROWS);
            let firsts: Vec<u8> = bytes.chunks(BLOCK_ROWS).map(|array| array[0]).collect();
            assert_eq!(firsts, [2, 3, 5]);
            assert_eq!(kept.checksum(block).unwrap(), file.checksum(block).unwrap());
        }
        let mut value = [0u8; 2];
        kept.read(2, BLOCK_ROWS as u64 - 1, &mut value).unwrap();
        assert_eq!(value, [5, 5]);
    }

    #[test]
    fn a_few_rows_of_many_arrays_take_little_disk() {
        let (directory, file) = file(3, &[1; 500]);
        for array in 0..500 {
            file.write(array, 0, &[1u8, 2, 3]).unwrap();
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let metadata = std::fs::metadata(directory.path().join("f")).unwrap();
            assert!(metadata.blocks() * 512 < 8 << 20, "{}", metadata.blocks());
        }
        assert_eq!(file.block_rows(0), 3);
        drop(directory);
    }

    #[test]
    fn a_file_is_opened_again_if_it_is_the_one_that_was_written() {
        let rows = BLOCK_ROWS as u64 + 9;
        let (directory, file) = file(rows, &[4, 1]);
        file.write(0, 0, &vec![7u32; rows as usize]).unwrap();
        let path = directory.path().join("f");
        let again = BlockFile::open(&path, rows, &[4, 1]).unwrap();
        let mut back = [0u32; 3];
        again.read(0, rows - 3, &mut back).unwrap();
        assert_eq!(back, [7; 3]);
        for (rows, element_bytes) in [(rows - 1, &[4, 1][..]), (rows, &[4]), (rows, &[1, 1])] {
            let error = BlockFile::open(&path, rows, element_bytes).unwrap_err();
            assert!(
                error.to_string().contains("is not a scratch file"),
                "{error}"
            );
        }
        std::fs::write(&path, b"RMLL").unwrap();
        assert!(BlockFile::open(&path, rows, &[4, 1]).is_err());
    }

    #[test]
    fn a_checksum_depends_on_every_byte_of_its_block_and_no_other() {
        let rows = BLOCK_ROWS as u64 + 9;
        let (_directory, file) = file(rows, &[1; 20]);
        let sums = || [0, 1].map(|block| file.checksum(block).unwrap());
        let before = sums();
        file.write(19, BLOCK_ROWS as u64 - 1, &[1u8]).unwrap();
        let changed = sums();
        assert!(changed[0] != before[0] && changed[1] == before[1]);
        file.write(0, rows - 1, &[1u8]).unwrap();
        assert!(sums()[1] != changed[1]);
        let mut whole = Vec::new();
        file.read_block_into(0, 0..20, &mut whole).unwrap();
        assert_eq!(file.checksum(0).unwrap(), XxHash3_64::oneshot(&whole));
    }

    #[test]
    fn a_name_that_is_taken_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        std::fs::write(&path, b"").unwrap();
        let error = BlockFile::create(&path, 1, &[1]).unwrap_err();
        assert!(error.to_string().contains("cannot create"), "{error}");
    }
}
