//! Code packs: which features share a byte column, and how.
//!
//! Features with few codes share a byte in mixed radix: `byte = sum of code * stride`. The joint
//! histogram of a pack is marginalised a feature at a time, so packing is exact.

use crate::limits::CODES_MAX;

/// One feature in a byte column: its code is `byte / stride % radix`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PackMember {
    /// Index into the model's features.
    pub feature: u32,
    /// The number of codes of the feature, at least 1.
    pub radix: u16,
    /// The product of the radices of the members before it.
    pub stride: u16,
}

impl PackMember {
    /// The feature's code in a packed byte.
    pub fn code(&self, byte: u8) -> u8 {
        (u16::from(byte) / self.stride % self.radix) as u8
    }
}

/// The packing of features into byte columns.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct CodeLayout {
    /// The members of each byte column, strides ascending. Between them there may be codes of
    /// features that were left out.
    pub byte_columns: Vec<Vec<PackMember>>,
}

impl CodeLayout {
    /// One byte column a feature, in feature order.
    pub fn identity(features: usize) -> Self {
        let member = |feature| PackMember {
            feature: feature as u32,
            radix: CODES_MAX as u16,
            stride: 1,
        };
        Self {
            byte_columns: (0..features).map(|feature| vec![member(feature)]).collect(),
        }
    }

    /// The number of byte columns.
    pub fn len(&self) -> usize {
        self.byte_columns.len()
    }

    /// True without byte columns.
    pub fn is_empty(&self) -> bool {
        self.byte_columns.is_empty()
    }

    /// Leaves out features, renumbers the others, and returns the byte columns that have members
    /// left: those alone are in the layout then.
    pub fn leave_out(&mut self, kept: impl Fn(u32) -> bool, features: u32) -> Vec<bool> {
        let mut numbers = Vec::with_capacity(features as usize);
        let mut next = 0;
        for feature in 0..features {
            numbers.push(next);
            next += u32::from(kept(feature));
        }
        for members in &mut self.byte_columns {
            members.retain(|member| kept(member.feature));
            for member in members {
                member.feature = numbers[member.feature as usize];
            }
        }
        let has_members: Vec<bool> = (self.byte_columns.iter())
            .map(|members| !members.is_empty())
            .collect();
        self.byte_columns.retain(|members| !members.is_empty());
        has_members
    }

    /// The byte column and the member that hold a feature, if it is laid out.
    pub fn find(&self, feature: u32) -> Option<(usize, PackMember)> {
        self.byte_columns
            .iter()
            .enumerate()
            .find_map(|(byte_column, members)| {
                let member = members.iter().find(|member| member.feature == feature)?;
                Some((byte_column, *member))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_keeps_its_place_in_the_byte() {
        let member = |feature, radix, stride| PackMember {
            feature,
            radix,
            stride,
        };
        let mut layout = CodeLayout {
            byte_columns: vec![
                vec![member(4, 8, 1), member(1, 4, 8), member(0, 2, 32)],
                vec![member(2, 256, 1)],
                vec![member(3, 200, 1)],
            ],
        };
        let has_members = layout.leave_out(|feature| feature != 1 && feature != 2, 5);
        assert_eq!(has_members, [true, false, true]);
        let expected = [
            vec![member(2, 8, 1), member(0, 2, 32)],
            vec![member(1, 200, 1)],
        ];
        assert_eq!(layout.byte_columns, expected);
    }
}
