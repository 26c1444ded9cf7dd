//! What hairnat and its guardian say to each other.

use serde_json::{Value, json};

use crate::cli::reverted::{Reverted, Trouble};

/// What hairnat says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// The changes are made: the time runs.
    Applied,
    /// Keep them.
    Confirm,
    /// Bring the previous state back.
    Revert,
    /// Nothing was changed; go.
    Discard,
}

impl Word {
    const ALL: [Self; 4] = [Self::Applied, Self::Confirm, Self::Revert, Self::Discard];

    /// As it goes over the line.
    pub(super) const fn encode(self) -> &'static [u8] {
        match self {
            Self::Applied => b"applied",
            Self::Confirm => b"confirm",
            Self::Revert => b"revert",
            Self::Discard => b"discard",
        }
    }

    /// What was said; `None` if it is no word.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.encode() == bytes)
    }
}

/// What the guardian says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It has all that it needs.
    Ready,
    /// It heard the confirmation in time, and compares what is live with what was applied.
    Comparing,
    /// It brings the previous state back, and nothing keeps it from that any more.
    Reverting,
    /// The changes stay.
    Kept,
    /// The previous state is back.
    Reverted(Reverted),
    /// It could not do its work.
    Failed(Trouble),
}

impl Answer {
    /// As it goes over the line.
    pub(super) fn encode(&self) -> Vec<u8> {
        let value = match self {
            Self::Ready => json!({ "answer": "ready" }),
            Self::Comparing => json!({ "answer": "comparing" }),
            Self::Reverting => json!({ "answer": "reverting" }),
            Self::Kept => json!({ "answer": "kept" }),
            Self::Reverted(Reverted { connections_cut, not_cut, refused, differences }) => json!({
                "answer": "reverted",
                "connections_cut": connections_cut,
                "not_cut": not_cut.as_ref().map(Trouble::to_json),
                "refused": refused,
                "differences": differences,
            }),
            Self::Failed(trouble) => json!({ "answer": "failed", "trouble": trouble.to_json() }),
        };
        value.to_string().into_bytes()
    }

    /// What was answered; `None` if it is no answer.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(bytes).ok()?;
        Some(match value["answer"].as_str()? {
            "ready" => Self::Ready,
            "comparing" => Self::Comparing,
            "reverting" => Self::Reverting,
            "kept" => Self::Kept,
            "reverted" => Self::Reverted(Reverted {
                connections_cut: value["connections_cut"].as_u64()?.try_into().ok()?,
                not_cut: Trouble::from_json(&value["not_cut"]),
                refused: value["refused"].as_str().map(str::to_owned),
                differences: texts(&value["differences"])?,
            }),
            "failed" => Self::Failed(Trouble::from_json(&value["trouble"])?),
            _ => return None,
        })
    }
}

/// A list of texts; `None` if it is none.
fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

impl Trouble {
    fn to_json(&self) -> Value {
        json!({ "message": self.message, "hint": self.hint })
    }

    fn from_json(value: &Value) -> Option<Self> {
        let message = value["message"].as_str()?.to_owned();
        Some(Self { message, hint: value["hint"].as_str().map(str::to_owned) })
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Reverted, Trouble, Word};

    #[test]
    fn what_is_said_is_what_is_heard() {
        for word in Word::ALL {
            assert_eq!(Word::decode(word.encode()), Some(word));
        }
        let trouble = |hint| Trouble { message: "no\n`é`".to_owned(), hint };
        let answers = [
            Answer::Ready,
            Answer::Comparing,
            Answer::Reverting,
            Answer::Kept,
            Answer::Reverted(Reverted::default()),
            Answer::Reverted(Reverted {
                connections_cut: 7,
                not_cut: Some(trouble(None)),
                refused: Some("no".to_owned()),
                differences: vec!["one".to_owned(), "another".to_owned()],
            }),
            Answer::Failed(trouble(Some("try".to_owned()))),
            Answer::Failed(trouble(None)),
        ];
        for answer in answers {
            assert_eq!(Answer::decode(&answer.encode()), Some(answer));
        }
    }

    #[test]
    fn anything_else_is_neither_a_word_nor_an_answer() {
        for bytes in [
            "",
            "kept",
            "{}",
            "[]",
            r#"{"answer":"reverted"}"#,
            r#"{"answer":"perhaps"}"#,
            r#"{"answer":"reverted","connections_cut":0,"differences":[0]}"#,
        ] {
            assert_eq!(Word::decode(bytes.as_bytes()), None, "{bytes}");
            assert_eq!(Answer::decode(bytes.as_bytes()), None, "{bytes}");
        }
    }
}
