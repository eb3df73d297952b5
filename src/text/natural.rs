//! Natural order of names: runs of digits compare as numbers.

use std::cmp::Ordering;

/// Compares two names: `part-2` before `part-10`; names that are numerically equal (`1`, `01`)
/// compare by their bytes, so that different names never compare equal.
pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    let (mut l, mut r) = (left.as_bytes(), right.as_bytes());
    while let (Some(&first_l), Some(&first_r)) = (l.first(), r.first()) {
        let order = if first_l.is_ascii_digit() && first_r.is_ascii_digit() {
            let (digits_l, rest_l) = split_digits(l);
            let (digits_r, rest_r) = split_digits(r);
            (l, r) = (rest_l, rest_r);
            compare_digits(digits_l, digits_r)
        } else {
            (l, r) = (&l[1..], &r[1..]);
            first_l.cmp(&first_r)
        };
        if order.is_ne() {
            return order;
        }
    }
    l.len().cmp(&r.len()).then_with(|| left.cmp(right))
}

fn split_digits(name: &[u8]) -> (&[u8], &[u8]) {
    let digits = name.iter().take_while(|byte| byte.is_ascii_digit()).count();
    name.split_at(digits)
}

/// Compares numbers of any length without reading them into an integer.
fn compare_digits(left: &[u8], right: &[u8]) -> Ordering {
    let zeros = |digits: &[u8]| digits.iter().take_while(|&&digit| digit == b'0').count();
    let (left, right) = (&left[zeros(left)..], &right[zeros(right)..]);
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}
