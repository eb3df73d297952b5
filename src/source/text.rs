//! The dictionary of a batch's text column, built cheaply.
//!
//! A dictionary page hands out the same bytes for the same value, so most rows are settled by
//! comparing an address with the row before, or with a small table of addresses. Only what is left
//! is hashed.

use parquet::data_type::ByteArray;
use twox_hash::XxHash3_64;

use crate::data::TextValues;

/// Addresses remembered.
const ADDRESSES: usize = 256;

/// Text of one batch's dictionary at most; `ends` counts it in 32 bits.
const TEXT_BYTES_MAX: usize = 256 << 20;

/// Finds values in the dictionary that grows; owned by the lane, used for one batch at a time.
#[derive(Debug)]
pub(super) struct TextDictionary {
    /// Open addressing: ids plus 1, 0 is free. The length is a power of two.
    slots: Vec<u32>,
    /// (address, length, id) by the address's hash.
    addresses: Vec<(usize, usize, u32)>,
    value_bytes_max: usize,
}

impl TextDictionary {
    pub(super) fn new(value_bytes_max: usize) -> Self {
        Self {
            slots: vec![0; 64],
            addresses: vec![(0, 0, 0); ADDRESSES],
            value_bytes_max,
        }
    }

    /// Starts a new batch.
    pub(super) fn clear(&mut self) {
        self.slots.fill(0);
    }

    /// Forgets addresses: what they pointed to may be gone.
    pub(super) fn forget_addresses(&mut self) {
        self.addresses.fill((0, 0, 0));
    }

    /// The id of a value, which is added if it is new. Every value since the last
    /// `forget_addresses` must still be alive.
    ///
    /// # Errors
    /// The fault of the value, for a message.
    pub(super) fn id(&mut self, value: &ByteArray, text: &mut TextValues) -> Result<u32, String> {
        let bytes = value.data();
        let address = bytes.as_ptr().addr();
        let memo = (address >> 2 ^ address >> 10) % ADDRESSES;
        let (known_address, known_length, id) = self.addresses[memo];
        // An empty value may share its address with the value after it; its length tells.
        if (known_address, known_length) == (address, bytes.len()) && !bytes.is_empty() {
            return Ok(id);
        }
        let id = self.find_or_add(bytes, text)?;
        self.addresses[memo] = (address, bytes.len(), id);
        Ok(id)
    }

    fn find_or_add(&mut self, bytes: &[u8], text: &mut TextValues) -> Result<u32, String> {
        let mask = self.slots.len() - 1;
        let mut slot = XxHash3_64::oneshot(bytes) as usize & mask;
        while self.slots[slot] != 0 {
            let id = self.slots[slot] - 1;
            if text.value(id).as_bytes() == bytes {
                return Ok(id);
            }
            slot = (slot + 1) & mask;
        }
        if bytes.len() > self.value_bytes_max {
            return Err(format!(
                "a text of {} bytes is above the limit of {}; use --exclude on the column",
                bytes.len(),
                self.value_bytes_max
            ));
        }
        if text.bytes.len() + bytes.len() > TEXT_BYTES_MAX {
            return Err(format!(
                "the texts of one batch have more than {TEXT_BYTES_MAX} bytes; use --exclude on \
                 the column, or a smaller --batch-size"
            ));
        }
        let value = std::str::from_utf8(bytes)
            .map_err(|_| "a text is not UTF-8; write the column again".to_owned())?;
        let id = text.push_value(value);
        self.slots[slot] = id + 1;
        if text.dictionary_len() * 2 > self.slots.len() {
            self.grow(text);
        }
        Ok(id)
    }

    fn grow(&mut self, text: &TextValues) {
        let slots = self.slots.len() * 2;
        self.slots.clear();
        self.slots.resize(slots, 0);
        for id in 0..text.dictionary_len() as u32 {
            let hash = XxHash3_64::oneshot(text.value(id).as_bytes());
            let mut slot = hash as usize & (slots - 1);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (slots - 1);
            }
            self.slots[slot] = id + 1;
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.slots.capacity() * 4 + self.addresses.capacity() * size_of::<(usize, usize, u32)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_the_naive_twin() {
        let mut dictionary = TextDictionary::new(100);
        for distinct in [1u64, 3, 1_000] {
            let values: Vec<ByteArray> = (0..5_000u64)
                .map(|i| format!("value {}", i * i % distinct).as_str().into())
                .collect();
            let mut text = TextValues::default();
            dictionary.clear();
            dictionary.forget_addresses();
            let mut twin: Vec<&[u8]> = Vec::new();
            for value in &values {
                let id = dictionary.id(value, &mut text).unwrap();
                if !twin.contains(&value.data()) {
                    twin.push(value.data());
                }
                let expected = twin.iter().position(|known| *known == value.data());
                assert_eq!(Some(id as usize), expected);
                assert_eq!(text.value(id).as_bytes(), value.data());
            }
            assert_eq!(text.dictionary_len(), twin.len());
        }
    }

    #[test]
    fn an_address_that_is_used_again_is_another_value() {
        let mut dictionary = TextDictionary::new(100);
        let mut text = TextValues::default();
        let page = bytes::Bytes::from_static(b"abc");
        let whole: ByteArray = page.clone().into();
        let start: ByteArray = page.slice(..1).into();
        let empty: ByteArray = page.slice(..0).into();
        let ids = [&whole, &start, &empty, &start, &whole]
            .map(|value| dictionary.id(value, &mut text).unwrap());
        assert_eq!(ids, [0, 1, 2, 1, 0]);
    }
}
