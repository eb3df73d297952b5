//! Splits that a column of the data says.

use crate::data::{Split, Values, batch::MISSING_TEXT};

/// The split of each row: `train`, `valid` or `test`, or 0 for train and 1 for test.
///
/// # Errors
/// A sentence about the first value that is none of these.
pub(crate) fn splits_into(values: &Values, splits: &mut Vec<u8>) -> Result<(), String> {
    splits.clear();
    match values {
        Values::Text(text) => {
            let of_value: Vec<u8> = (0..text.dictionary_len() as u32)
                .map(|id| of_text(text.value(id)))
                .collect::<Result<_, _>>()?;
            for id in &text.ids {
                if *id == MISSING_TEXT {
                    return Err(unknown("missing"));
                }
                splits.push(of_value[*id as usize]);
            }
        }
        Values::F32(values) => {
            for value in values {
                splits.push(of_number(f64::from(*value))?);
            }
        }
        Values::F64(values) => {
            for value in values {
                splits.push(of_number(*value)?);
            }
        }
    }
    Ok(())
}

fn of_text(value: &str) -> Result<u8, String> {
    let split = match value {
        "train" | "0" => Split::Train,
        "valid" | "validation" | "val" => Split::Valid,
        "test" | "1" => Split::Test,
        _ => return Err(unknown(&format!("`{}`", value.escape_debug()))),
    };
    Ok(split as u8)
}

fn of_number(value: f64) -> Result<u8, String> {
    match value {
        0.0 => Ok(Split::Train as u8),
        1.0 => Ok(Split::Test as u8),
        _ if value.is_nan() => Err(unknown("missing")),
        _ => Err(unknown(&value.to_string())),
    }
}

fn unknown(value: &str) -> String {
    format!(
        "a split is {value}; a split column says train, valid or test, or 0 for train and 1 for test"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::TextValues;

    #[test]
    fn numbers_and_names_are_splits() {
        let mut splits = Vec::new();
        splits_into(&Values::F32(vec![0.0, 1.0]), &mut splits).unwrap();
        assert_eq!(splits, [0, 2]);
        let mut text = TextValues::default();
        for value in ["test", "train", "valid"] {
            let id = text.push_value(value);
            text.ids.push(id);
        }
        splits_into(&Values::Text(text), &mut splits).unwrap();
        assert_eq!(splits, [2, 0, 1]);
    }

    #[test]
    fn anything_else_is_named() {
        let mut splits = Vec::new();
        let error = splits_into(&Values::F64(vec![0.0, 2.0]), &mut splits).unwrap_err();
        assert!(error.starts_with("a split is 2;"), "{error}");
        let error = splits_into(&Values::F64(vec![f64::NAN]), &mut splits).unwrap_err();
        assert!(error.starts_with("a split is missing;"), "{error}");
    }
}
