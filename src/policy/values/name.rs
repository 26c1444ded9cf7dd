//! Names of floats.

use super::Problem;
use crate::policy::suggest::quoted;
use crate::policy::{LONGEST_NAME, Name};

/// Reads the name of a float.
pub(in crate::policy) fn name(text: &str) -> Result<Name, Problem> {
    Name::new(text).ok_or_else(|| {
        let problem = |what: &str| Problem::new(format!("the name {} {what}", quoted(text)));
        if text.is_empty() {
            Problem::new("the name is empty").hint("leave `name` out for a float without one")
        } else if text.len() > LONGEST_NAME {
            problem(&format!("is {} bytes long", text.len()))
                .hint(format!("a name is at most {LONGEST_NAME} bytes long"))
        } else if text.contains('"') {
            problem("contains a quotation mark")
                .hint("nft has no way to write one in a comment; use `'`")
        } else {
            problem("contains a control character").hint("a name is printable")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn each_refusal_has_its_own_words() {
        let refusal = |text: &str| name(text).unwrap_err().message;
        assert_eq!(refusal(""), "the name is empty");
        assert_eq!(refusal("a\tb"), "the name `a\\u{9}b` contains a control character");
        assert_eq!(refusal("the \"web\""), "the name `the \"web\"` contains a quotation mark");
        assert!(refusal(&"é".repeat(33)).ends_with("is 66 bytes long"));
        assert!(name(&"é".repeat(32)).is_ok());
    }
}
