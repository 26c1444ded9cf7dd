//! Listings of nft(8) taken apart.

/// The elements in the listing of one set or map.
pub(crate) fn elements(set: &str) -> Vec<String> {
    let Some((_, elements)) = set.split_once("\t\telements = { ") else { return Vec::new() };
    let (elements, _) = elements.rsplit_once(" }\n").unwrap();
    let mut found = Vec::new();
    let mut rest = elements;
    while !rest.is_empty() {
        let end = end_of_element(rest);
        found.push(rest[..end].to_owned());
        rest = rest[end..].trim_start_matches(',').trim_start();
    }
    found
}

/// Where the first comma is that stands in no comment.
fn end_of_element(text: &str) -> usize {
    let mut quoted = false;
    let comma = text.find(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    comma.unwrap_or(text.len())
}

/// The listing with every map that JSON cannot declare put into the rules that ask it, where it
/// cannot count.
pub(crate) fn with_anonymous_maps(listing: &str) -> String {
    let names = ["dnat4_port", "dnat4_net", "snat4_net", "dnat6_port", "dnat6_net", "snat6_net"];
    names.iter().fold(listing.to_owned(), |listing, name| {
        let Some(start) = listing.find(&format!("\tmap {name} {{\n")) else { return listing };
        let end = start + listing[start..].find("\t}\n\n").unwrap() + "\t}\n\n".len();
        let elements = elements(&listing[start..end]).join(", ");
        let elements = elements.replace(" counter packets 0 bytes 0", "");
        let rest = format!("{}{}", &listing[..start], &listing[end..]);
        rest.replace(&format!("@{name}\n"), &format!("{{ {elements} }}\n"))
    })
}

/// The listing without the comments of tables, which the JSON parser of nft 1.0.6 passes over.
pub(crate) fn without_table_comments(text: &str) -> String {
    text.replace("\tcomment \"managed by hairnat\"\n", "")
}
