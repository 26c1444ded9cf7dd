//! The objects as nft(8) text, to the byte as `nft list ruleset` of nft 1.0.6 prints them.
//!
//! Nothing is built up in memory: an element is written as it is reached.

mod chain;
mod loadable;
mod names;
mod set;
mod statement;

use std::fmt;
use std::io::{self, BufWriter, Write};

use super::{Ruleset, TABLE_COMMENT, TABLE_NAME, Table, TableFamily};

pub(super) use set::comment_text;
pub(super) use statement::Mac;

impl Ruleset {
    /// Writes what `nft list ruleset` lists once this is live, and what `nft -f` makes it from.
    ///
    /// Loaded where our tables are already, it would add the rules once more; a script that may
    /// be loaded again is [`Ruleset::to_nft_script`].
    ///
    /// # Errors
    ///
    /// What `out` says.
    pub fn to_nft(&self, out: &mut impl Write) -> io::Result<()> {
        let mut out = BufWriter::new(out);
        write!(out, "{self}")?;
        out.flush()
    }

    /// Writes a script with which `nft -f` replaces our tables, whatever they hold, in one step.
    ///
    /// A table is made before it is deleted, as deleting one that is not there would fail; a table
    /// that the ruleset has not is left as it is.
    ///
    /// # Errors
    ///
    /// What `out` says.
    pub fn to_nft_script(&self, out: &mut impl Write) -> io::Result<()> {
        self.to_nft_script_with(&[], out)
    }

    /// As [`Ruleset::to_nft_script`], with the tables of the families in `dormant` switched off.
    ///
    /// # Errors
    ///
    /// What `out` says.
    pub fn to_nft_script_with(
        &self,
        dormant: &[TableFamily],
        out: &mut impl Write,
    ) -> io::Result<()> {
        let mut out = BufWriter::new(out);
        for table in &self.tables {
            let family = table.family;
            writeln!(out, "table {family} {TABLE_NAME}")?;
            writeln!(out, "delete table {family} {TABLE_NAME}")?;
        }
        for table in &self.tables {
            let flags = if dormant.contains(&table.family) { "\tflags dormant\n" } else { "" };
            write!(out, "{}", Listed { table, flags })?;
        }
        out.flush()
    }
}

impl fmt::Display for Ruleset {
    /// The text of [`Ruleset::to_nft`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tables.iter().try_for_each(|table| table.fmt(f))
    }
}

impl fmt::Display for Table {
    /// The table as nft(8) lists it: sets and maps, then chains, with blank lines between.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Listed { table: self, flags: "" }.fmt(f)
    }
}

/// A table and the line of its flags.
struct Listed<'a> {
    table: &'a Table,
    flags: &'static str,
}

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table: Table { family, sets, chains }, flags } = self;
        writeln!(f, "table {family} {TABLE_NAME} {{")?;
        f.write_str(flags)?;
        writeln!(f, "\tcomment \"{TABLE_COMMENT}\"")?;
        let mut separator = if flags.is_empty() { "" } else { "\n" };
        for set in sets {
            f.write_str(separator)?;
            set.fmt(f)?;
            separator = "\n";
        }
        for chain in chains {
            f.write_str(separator)?;
            chain.list(*family, f)?;
            separator = "\n";
        }
        f.write_str("}\n")
    }
}

#[cfg(test)]
mod tests {
    use crate::ruleset::{
        BaseChain, Chain, ChainDeclaration, ChainType, Hook, Rule, Ruleset, Statement, Table,
        TableFamily,
    };

    fn guard() -> Ruleset {
        let forward = Chain {
            declaration: ChainDeclaration {
                name: "forward".to_owned(),
                base: Some(BaseChain {
                    chain_type: ChainType::Filter,
                    hook: Hook::Forward,
                    priority: -200,
                    accept: true,
                }),
            },
            rules: vec![Rule { statements: vec![Statement::Counter, Statement::Drop] }],
        };
        let regular = Chain {
            declaration: ChainDeclaration { name: "other".to_owned(), base: None },
            rules: vec![],
        };
        let chains = vec![forward, regular];
        Ruleset { tables: vec![Table { family: TableFamily::Bridge, sets: vec![], chains }] }
    }

    const LISTING: &str = "\
table bridge hairnat {
\tcomment \"managed by hairnat\"
\tchain forward {
\t\ttype filter hook forward priority filter; policy accept;
\t\tcounter packets 0 bytes 0 drop
\t}

\tchain other {
\t}
}
";

    #[test]
    fn objects_are_listed_with_blank_lines_between() {
        let mut out = Vec::new();
        guard().to_nft(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), LISTING);
    }

    #[test]
    fn a_script_replaces_the_tables_that_it_lists() {
        let mut out = Vec::new();
        guard().to_nft_script(&mut out).unwrap();
        let head = "table bridge hairnat\ndelete table bridge hairnat\n";
        assert_eq!(String::from_utf8(out).unwrap(), format!("{head}{LISTING}"));
        let mut out = Vec::new();
        guard().to_nft_script_with(&[TableFamily::Bridge], &mut out).unwrap();
        let listing = LISTING.replacen("{\n", "{\n\tflags dormant\n", 1).replacen(
            "by hairnat\"\n",
            "by hairnat\"\n\n",
            1,
        );
        assert_eq!(String::from_utf8(out).unwrap(), format!("{head}{listing}"));
    }

    #[test]
    fn no_tables_are_no_text() {
        assert_eq!(Ruleset::default().to_string(), "");
    }
}
