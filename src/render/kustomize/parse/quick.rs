//! Pieces of a text that hold nothing but the common part of YAML, which both readings agree about; others are left alone.

use std::ops::Range;
use std::sync::Arc;

use memchr::memmem;

use super::Placing;
use crate::budget::Budget;
use crate::render::kustomize::meaning;
use crate::source::{FileId, Span};
use crate::yaml::{self, Dialect, Manner, Node, Origin, Role, Scalar, Style, Value};

/// The document of a piece, which may be none; nothing for a piece that is not of the common kind.
pub(super) fn read(
    text: &str,
    piece: Range<usize>,
    placing: &Placing,
    role: Role,
    budget: &Budget,
) -> Option<Option<Node>> {
    // An escape of JSON that YAML 1.1 has not.
    if memmem::find(&text.as_bytes()[piece.clone()], b"\\/").is_some() {
        return None;
    }
    let file = if let Placing::Whole(file) = placing { *file } else { FileId(0) };
    let manner = Manner { dialect: Dialect::V3, role, takes_key };
    let mut parsed = yaml::parse_part(manner, file, text, piece, budget)?;
    if parsed.documents.len() > 1 {
        return None;
    }
    let mut root = parsed.documents.pop().map(|document| document.root);
    if let (Some(root), false) = (&mut root, matches!(placing, Placing::Whole(_))) {
        replace(root, placing);
    }
    Some(root)
}

/// Whether a key is an ordinary one: a text, and not the sign of a merge.
fn takes_key(key: &Scalar) -> bool {
    &*key.text != "<<" && (key.style != Style::Plain || meaning::is_text(key))
}

/// Brings the places of a text that stands in a file to those of the file. As deep as what was read.
fn replace(node: &mut Node, placing: &Placing) {
    move_to(&mut node.origin, placing);
    let mut end = 0;
    let mut inner = |node: &mut Node| {
        replace(node, placing);
        end = end.max(node.span().end);
    };
    match &mut node.value {
        Value::Map(map) => {
            for entry in &mut Arc::make_mut(map).entries {
                move_to(&mut entry.key_origin, placing);
                inner(&mut entry.value);
            }
        }
        Value::Seq(items) => Arc::make_mut(items).iter_mut().for_each(inner),
        Value::Scalar(_) => {}
    }
    // A block without a line stands where the next line begins, which in the file is behind that line's indentation.
    let at = node.span();
    if end > at.end {
        node.origin = Origin::of(node.origin.role(), Span { end, ..at });
    }
}

fn move_to(origin: &mut Origin, placing: &Placing) {
    let Span { start, end, .. } = origin.anchor();
    *origin = Origin::of(origin.role(), placing.span(start as usize, end as usize));
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::render::kustomize::parse::{pieces, whole};
    use crate::render::kustomize::tree;

    /// Reads the pieces of a text in both ways, where the common one takes them, and wants the same of both.
    fn alike(text: &str) -> (usize, usize) {
        let file = FileId(0);
        let mut outer = 7;
        let mut starts = Vec::new();
        for (at, line) in
            text.split_inclusive('\n').scan(0, |at, line| Some((std::mem::replace(at, *at + line.len()), line)))
        {
            outer += 4;
            starts.push((at, outer));
            outer += line.len();
        }
        let block = Placing::Lines { file, starts, whole: Span::new(file, 3, outer) };
        let somewhere = Placing::Somewhere(Span::new(file, 3, 9));
        let (mut seen, mut taken) = (0, 0);
        for piece in pieces::cut(text).unwrap_or_default() {
            for placing in [&Placing::Whole(file), &block, &somewhere] {
                seen += 1;
                let (quick, slow) = (Budget::default(), Budget::default());
                let Some(found) = read(text, piece.clone(), placing, Role::Patch, &quick) else { continue };
                taken += 1;
                let wanted = whole(text, piece.clone(), placing, Role::Patch, &slow);
                let (root, flaws) = wanted.unwrap_or_else(|fail| panic!("{}: {text}", fail.message)).unzip();
                assert!(flaws.is_none_or(|flaws| flaws.is_empty()), "{text}");
                let filled = |root: Option<Node>| root.filter(|root| !tree::is_null(root));
                assert_eq!(filled(found), filled(root), "{text}");
                // The document of a `---` at the very end is one that nobody else comes to.
                assert!(matches!(slow.items_left() - quick.items_left(), 0 | 1), "{text}");
            }
        }
        (seen, taken)
    }

    fn folder(place: &Path, seen: &mut (usize, usize)) {
        for entry in std::fs::read_dir(place).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folder(&path, seen);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                let (pieces, taken) = alike(&text);
                *seen = (seen.0 + pieces, seen.1 + taken);
            }
        }
    }

    #[test]
    fn quick_pieces_are_read_as_all_others() {
        let mut seen = (0, 0);
        folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"), &mut seen);
        assert!(seen.0 > 500 && seen.1 * 2 > seen.0, "{seen:?}");
    }

    #[test]
    fn what_the_readings_differ_in_is_left_alone() {
        let taken = |text: &str| alike(text).1 > 0;
        for text in [
            "",
            "# c\n",
            "a:\n- 1\n- b: |\n    c\n",
            "---\na: {b: [c, 'd']}\n---\n",
            "on: yes\n",
            "a\n---",
            "- - > # c\n- b: |\n- c\n",
        ] {
            assert!(taken(text), "{text:?}");
        }
        for text in [
            "a: &b 1\n",
            "<<: {a: 1}\n",
            "'<<': 1\n",
            "1: a\n",
            "null: a\n",
            "2001-01-01: a\n",
            "a: 1\na: 2\n",
            "a: \"\\/\"\n",
            "a: [b, ]\nc: {d: }\n",
            "a: !!str 1\n",
            "%YAML 1.1\n",
            "...\n",
            "a: |\n  \tb\n",
            "? a\n",
            "a: \u{2028}b\n",
        ] {
            assert!(!taken(text), "{text:?}");
        }
    }

    proptest::proptest! {
        #![proptest_config(crate::proptests::same_cases())]
        #[test]
        fn any_lines_are_read_alike(lines in proptest::collection::vec("[ ]{0,5}(- |- - |-){0,2}([ab\\-]{1,2}:( |  |)){0,2}(x|x y|'x'|\"x\"|\"\\\\n\"|\"\\\\/\"|\\||\\|-|\\|\\+|>|\\{\\}|\\[a, b\\]|\\{a: b\\}|\\[|---|\\.\\.\\.|<<|~|1|\\.5|'|\"|x'|x\"|x\\\\|)( #c|#|  |\t|)", 0..9)) {
            alike(&lines.join("\n"));
            alike(&(lines.join("\n") + "\n"));
        }
    }
}
