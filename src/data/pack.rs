//! Features that share a byte column, and the writing of their codes.

use crate::{
    data::{CodeLayout, PackMember},
    limits::CODES_MAX,
};

/// Packs features into byte columns: best fit, most codes first, products at most 256.
///
/// `radices` are the numbers of codes by feature; features of one code (or none) are constant and
/// left out. The result depends on the radices alone. Cost O(features * 256).
pub(crate) fn layout(radices: &[u16]) -> CodeLayout {
    assert!(radices.iter().all(|&radix| usize::from(radix) <= CODES_MAX));
    let mut order: Vec<usize> = (0..radices.len()).filter(|&i| radices[i] > 1).collect();
    order.sort_by_key(|&feature| (std::cmp::Reverse(radices[feature]), feature));
    let mut byte_columns: Vec<Vec<PackMember>> = Vec::new();
    // The byte columns by the product of their radices, those that came first last.
    let mut by_product: Vec<Vec<usize>> = vec![Vec::new(); CODES_MAX + 1];
    for feature in order {
        let radix = usize::from(radices[feature]);
        // The fullest column that has room leaves the others for features with more codes.
        let fullest = (1..=CODES_MAX / radix)
            .rev()
            .find(|&product| !by_product[product].is_empty());
        let (column, product) =
            match fullest.and_then(|product| Some((by_product[product].pop()?, product))) {
                Some(found) => found,
                None => {
                    byte_columns.push(Vec::new());
                    (byte_columns.len() - 1, 1)
                }
            };
        byte_columns[column].push(PackMember {
            feature: feature as u32,
            radix: radices[feature],
            stride: product as u16,
        });
        by_product[product * radix].push(column);
    }
    CodeLayout { byte_columns }
}

/// As [`layout`], with some features packed apart from the others, in byte columns behind theirs: once
/// those features are left out, no byte of the others holds their codes.
pub(crate) fn layout_apart(radices: &[u16], is_apart: impl Fn(usize) -> bool) -> CodeLayout {
    let side = |apart: bool| {
        let radices: Vec<u16> = (radices.iter().enumerate())
            .map(|(feature, radix)| {
                if is_apart(feature) == apart {
                    *radix
                } else {
                    0
                }
            })
            .collect();
        layout(&radices).byte_columns
    };
    CodeLayout {
        byte_columns: [side(false), side(true)].concat(),
    }
}

/// Adds a feature's codes to its byte column. The column is zeroed before its first member.
pub(crate) fn pack_into(codes: &[u8], member: PackMember, column: &mut [u8]) {
    assert_eq!(codes.len(), column.len());
    let stride = member.stride as u8;
    for (byte, &code) in column.iter_mut().zip(codes) {
        debug_assert!(u16::from(code) < member.radix);
        // Members' products are at most 256, so no sum passes 255; wrapping is a check that is free.
        *byte = byte.wrapping_add(code.wrapping_mul(stride));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_layout(radices: &[u16]) -> CodeLayout {
        let layout = layout(radices);
        let mut seen: Vec<u32> = Vec::new();
        for members in &layout.byte_columns {
            let mut product = 1;
            for member in members {
                assert_eq!(member.stride, product);
                assert_eq!(member.radix, radices[member.feature as usize]);
                product *= member.radix;
                seen.push(member.feature);
            }
            assert!(usize::from(product) <= CODES_MAX);
        }
        seen.sort_unstable();
        let expected = (0..radices.len() as u32).filter(|&i| radices[i as usize] > 1);
        assert_eq!(seen, expected.collect::<Vec<u32>>());
        layout
    }

    #[test]
    fn every_feature_that_varies_lies_in_one_column() {
        let columns = |radices: &[u16]| check_layout(radices).len();
        assert_eq!(columns(&[]), 0);
        assert_eq!(columns(&[1, 0, 1]), 0);
        assert_eq!(columns(&[256, 256, 2]), 3);
        assert_eq!(columns(&[2; 8]), 1);
        assert_eq!(columns(&[2; 9]), 2);
        assert_eq!(columns(&[3; 10]), 2);
        assert_eq!(columns(&[16; 4]), 2);
        assert_eq!(columns(&[128, 2, 64, 4, 32, 8]), 3);
        let mixed: Vec<u16> = (0..500).map(|i| 1 + i * 37 % 256).collect();
        let used = columns(&mixed);
        let bits: f64 = mixed.iter().map(|&radix| f64::from(radix).log2()).sum();
        assert!(used as f64 >= bits / 8.0 && used < 480, "{used}");
    }

    #[test]
    fn features_apart_share_no_byte_with_others() {
        let radices = [2, 3, 1, 5, 16, 250, 2];
        let found = layout_apart(&radices, |feature| feature % 3 == 0);
        let mut all: Vec<u32> = Vec::new();
        for members in &found.byte_columns {
            let features: Vec<u32> = members.iter().map(|member| member.feature).collect();
            let apart = features.iter().filter(|feature| **feature % 3 == 0).count();
            assert!(apart == 0 || apart == features.len(), "{features:?}");
            all.extend(features);
        }
        all.sort_unstable();
        assert_eq!(all, [0, 1, 3, 4, 5, 6]);
        assert_eq!(layout_apart(&radices, |_| false), layout(&radices));
    }

    #[test]
    fn packing_and_unpacking_are_inverse() {
        let radices = [5, 2, 17, 3, 256, 9, 1, 4, 250];
        let layout = check_layout(&radices);
        let rows = 1_000;
        let code_of = |feature: usize, row: usize| {
            (row * (feature + 3) % usize::from(radices[feature])) as u8
        };
        for members in &layout.byte_columns {
            let mut column = vec![0; rows];
            for member in members {
                let feature = member.feature as usize;
                let codes: Vec<u8> = (0..rows).map(|row| code_of(feature, row)).collect();
                pack_into(&codes, *member, &mut column);
            }
            for member in members {
                for (row, &byte) in column.iter().enumerate() {
                    assert_eq!(member.code(byte), code_of(member.feature as usize, row));
                }
            }
        }
    }
}
