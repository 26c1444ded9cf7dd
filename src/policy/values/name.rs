//! Names of floats.

use super::Problem;
use crate::policy::suggest::quoted;
use crate::policy::{LONGEST_NAME, Name};
use crate::printable::{is_invisible, printable};

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
            let invisible: String = text.chars().filter(|&c| is_invisible(c)).take(1).collect();
            let invisible = printable(&invisible);
            problem(&format!("contains the invisible character `{invisible}`"))
                .hint(format!("write it without `{invisible}`: a reader must see the whole name"))
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
        assert_eq!(
            refusal("a\tb"),
            "the name `a\\u{9}b` contains the invisible character `\\u{9}`"
        );
        assert_eq!(
            refusal("web-\u{202e}1"),
            "the name `web-\\u{202e}1` contains the invisible character `\\u{202e}`"
        );
        assert_eq!(refusal("the \"web\""), "the name `the \"web\"` contains a quotation mark");
        assert!(refusal(&"é".repeat(33)).ends_with("is 66 bytes long"));
        assert!(name(&"é".repeat(32)).is_ok());
    }
}
