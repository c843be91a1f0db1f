//! What the compiler can tell a user is shown by a case of `tests/ui/`, and explained in
//! `docs/DIAGNOSTICS.md`. The texts are taken from the sources: what is new and in neither
//! fails here.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Literals of the macros that are no messages.
const NO_MESSAGES: &[&str] = &[
    // Documentation of what is generated.
    "The world that accepts.",
    "The world that waits for the operating system.",
    "The world that computes.",
    "The worlds of a coordinator.",
    // Asked of a message of syn's.
    "unsupported expression",
];

/// Assertions of constants that no user can make fail: of the library's own numbers, or of
/// what another rule refuses before.
const NEVER_FAIL: &[&str] = &[
    "a command of many gigabytes",
    "an index must fit into a `usize`",
    "a bit of `RELATIONS` is that of a relation",
    "the buffers are too large",
    "a coordinator has at most 256 worlds",
    // Said at run time, of numbers that are not constants.
    "a step takes some time",
    "there is at least one step a second",
];

/// Said of what `syn` reads only with its feature `full`, which other macros that are built with
/// these may ask for: a unit test of ecs-macros shows it.
const WITHOUT_A_CASE: &str = "this is too much for a macro: write a constant with this value";

/// Cases with more than one mistake, and how many they have: each is told once.
const SEVERAL_MISTAKES: &[(&str, usize)] = &[
    ("bundle/not_a_column", 2),
    ("component/argument_without_value", 3),
    ("component/changed_where_not_tracked", 6),
    ("component/not_the_listed_one", 2),
    ("component/unknown_storage", 2),
    ("event/not_the_listed_one", 3),
    ("query/observed_twice", 5),
    ("query/slices_of_another_query", 2),
    ("query/without_a_world", 2),
    ("relation/settings", 3),
    ("relation/shape", 3),
    ("topology/mistaken_world", 4),
    ("world/all_mistakes_at_once", 6),
    ("world/argument_without_parentheses", 4),
    ("world/argument_without_value", 8),
    ("world/beginning_of_a_name", 3),
    ("world/missing_comma", 2),
    ("world/misspelt_arguments", 8),
    ("world/misspelt_component", 2),
    ("world/misspelt_component_with_path", 2),
    ("world/name_in_quotes", 2),
    ("world/no_type", 2),
    ("world/setting_outside_of_its_argument", 3),
    ("world/unknown_archetype_setting", 2),
];

/// Cases with one mistake that is told more than once, how often, and why.
const TOLD_AGAIN: &[(&str, usize, &str)] = &[
    (
        "coordinator/not_a_set_of_worlds",
        2,
        "a type by hand is looked at as an argument and by itself",
    ),
    ("event/not_send", 2, "the derive and the list both ask for it"),
    ("relation/not_a_relation", 2, "what is no relation has no list of sources"),
    ("system/not_in_schema", 3, "the parameter, its use, and the system are typed apart"),
];

/// A text with holes.
struct Message {
    /// Where it stands.
    file: PathBuf,
    /// What stands between the holes.
    parts: Vec<String>,
}

impl Message {
    /// Of a literal; with `{}` in it, if `format` says so.
    fn new(file: &Path, literal: &str, format: bool) -> Self {
        let parts = if format { between_holes(literal) } else { vec![literal.to_owned()] };
        Self { file: file.to_owned(), parts }
    }

    /// Whether the line says it.
    fn is_in(&self, line: &str) -> bool {
        let mut rest = line;
        self.parts.iter().all(|part| match rest.find(part.as_str()) {
            Some(at) => {
                rest = &rest[at + part.len()..];
                true
            }
            None => false,
        })
    }

    fn is_one_of(&self, literals: &[&str]) -> bool {
        literals.iter().any(|literal| self.parts.concat() == *literal)
    }
}

/// Splits `a {b} {{c}}` into `a `, and ` {c}`.
fn between_holes(format: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = format.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '{' | '}' if chars.peek() == Some(&char) => {
                chars.next();
                parts.last_mut().unwrap().push(char);
            }
            '{' => {
                chars.find(|&end| end == '}').expect("a hole ends");
                parts.push(String::new());
            }
            other => parts.last_mut().unwrap().push(other),
        }
    }
    parts
}

/// The text of a literal, if it is one of text.
fn text(literal: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = literal else { return None };
    let written = literal.to_string();
    let mut chars = written.strip_prefix('"')?.strip_suffix('"')?.chars();
    let mut text = String::new();
    while let Some(char) = chars.next() {
        if char != '\\' {
            text.push(char);
            continue;
        }
        match chars.next().expect("something is escaped") {
            'n' => text.push('\n'),
            same @ ('"' | '\\' | '\'') => text.push(same),
            '\n' => {
                let rest = chars.as_str().trim_start();
                chars = rest.chars();
            }
            other => panic!("an escape that this test does not know: \\{other} in {written}"),
        }
    }
    Some(text)
}

fn is_ident(token: Option<&TokenTree>, name: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(ident)) if ident == name)
}

fn is_punct(token: Option<&TokenTree>, char: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == char)
}

fn group(token: Option<&TokenTree>, delimiter: Delimiter) -> Option<Vec<TokenTree>> {
    match token {
        Some(TokenTree::Group(group)) if group.delimiter() == delimiter => {
            Some(group.stream().into_iter().collect())
        }
        _ => None,
    }
}

/// A walk over the tokens of a file, macros' bodies too.
struct Walk<'a> {
    file: &'a Path,
    messages: &'a mut Vec<Message>,
}

impl Walk<'_> {
    fn push(&mut self, literal: &str, format: bool) {
        self.messages.push(Message::new(self.file, literal, format));
    }

    /// Of a library: the texts of assertions that constants make, those that are put together
    /// there, and what is said of traits that are not implemented.
    fn library(&mut self, tokens: &[TokenTree], constant: bool) {
        // Of an item or block that is being read: what its body is.
        let (mut body, mut until_semicolon) = (None, false);
        let mut at = 0;
        while at < tokens.len() {
            let token = &tokens[at];
            let next = tokens.get(at + 1);
            let before = at.checked_sub(1).and_then(|before| tokens.get(before));
            if is_punct(Some(token), '#')
                && let Some(attribute) = group(next, Delimiter::Bracket)
            {
                if is_test(&attribute) {
                    return;
                }
                self.attribute(&attribute);
                at += 2;
                continue;
            }
            if is_ident(Some(token), "const") {
                if group(next, Delimiter::Brace).is_some() {
                    body = Some(true);
                } else if !['*', '<', ','].iter().any(|&char| is_punct(before, char)) {
                    let function = is_ident(next, "fn")
                        || is_ident(next, "unsafe") && is_ident(tokens.get(at + 2), "fn");
                    body = Some(true);
                    until_semicolon = !function;
                }
            } else if is_ident(Some(token), "fn") && body != Some(true) {
                body = Some(false);
            } else if is_punct(Some(token), ';') {
                (body, until_semicolon) = (None, false);
            }
            let asserts = ["assert", "panic", "unreachable"];
            if asserts.iter().any(|name| is_ident(Some(token), name))
                && is_punct(next, '!')
                && body.unwrap_or(constant)
                && let Some(arguments) = group(tokens.get(at + 2), Delimiter::Parenthesis)
                && let Some(literal) = arguments.iter().find_map(text)
                && literal != "{}"
            {
                self.push(&literal, true);
            }
            if is_punct(Some(token), '.')
                && is_built(next)
                && group(tokens.get(at + 2), Delimiter::Parenthesis).is_some()
            {
                at = self.built(tokens, at);
                continue;
            }
            if let TokenTree::Group(group) = token {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                self.library(&inner, body.unwrap_or(constant));
                if group.delimiter() == Delimiter::Brace && !until_semicolon {
                    body = None;
                }
            }
            at += 1;
        }
    }

    /// A text that is put together: `.str("..").number(n).str("..")`.
    fn built(&mut self, tokens: &[TokenTree], mut at: usize) -> usize {
        let mut parts = vec![String::new()];
        while is_punct(tokens.get(at), '.')
            && is_built(tokens.get(at + 1))
            && let Some(argument) = group(tokens.get(at + 2), Delimiter::Parenthesis)
        {
            match argument.first().and_then(text) {
                Some(text) => parts.last_mut().unwrap().push_str(&text),
                None => {
                    self.library(&argument, true);
                    parts.push(String::new());
                }
            }
            at += 3;
        }
        self.messages.push(Message { file: self.file.to_owned(), parts });
        at
    }

    fn attribute(&mut self, attribute: &[TokenTree]) {
        if is_ident(attribute.first(), "diagnostic")
            && let Some(said) =
                attribute.last().and_then(|last| group(Some(last), Delimiter::Parenthesis))
        {
            for text in said.iter().filter_map(text) {
                self.push(&text, true);
            }
        }
    }

    /// Of the macros: all texts of more than one word, and of what kind an unknown name is.
    fn macros(&mut self, tokens: &[TokenTree]) {
        let mut at = 0;
        while at < tokens.len() {
            let token = &tokens[at];
            if is_punct(Some(token), '#') {
                let inner = is_punct(tokens.get(at + 1), '!');
                let attribute = at + 1 + usize::from(inner);
                if let Some(attribute) = group(tokens.get(attribute), Delimiter::Bracket)
                    && is_test(&attribute)
                {
                    return;
                }
                at = attribute + 1;
                continue;
            }
            if (is_ident(Some(token), "known") || is_ident(Some(token), "unknown"))
                && let Some(arguments) = group(tokens.get(at + 1), Delimiter::Parenthesis)
                && let Some(kind) = arguments.first().and_then(text)
            {
                self.push(&format!("unknown {kind} `"), true);
            }
            if let Some(literal) = text(token)
                && literal.contains(' ')
            {
                self.push(&literal, true);
            }
            if let TokenTree::Group(group) = token {
                self.macros(&group.stream().into_iter().collect::<Vec<_>>());
            }
            at += 1;
        }
    }
}

/// What puts a text together.
fn is_built(token: Option<&TokenTree>) -> bool {
    is_ident(token, "str") || is_ident(token, "number")
}

/// Whether an attribute is `#[cfg(test)]`, after which nothing but tests follows.
fn is_test(attribute: &[TokenTree]) -> bool {
    is_ident(attribute.first(), "cfg")
        && group(attribute.get(1), Delimiter::Parenthesis)
            .is_some_and(|of| of.len() == 1 && is_ident(of.first(), "test"))
}

/// All files below a directory that end so.
fn files(dir: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut dirs = vec![root().join(dir)];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(&dir).unwrap_or_else(|error| panic!("{dir:?}: {error}")) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}

/// Every text of the sources that the compiler can show.
fn messages() -> Vec<Message> {
    let mut messages = Vec::new();
    for dir in ["ecs-macros/src", "ecs-core/src", "ecs-coordination/src"] {
        for path in files(dir, ".rs") {
            if path.ends_with("tests.rs") {
                continue;
            }
            let tokens: TokenStream = read(&path).parse().expect("a source is tokens");
            let tokens: Vec<TokenTree> = tokens.into_iter().collect();
            let file = path.strip_prefix(root()).unwrap();
            let mut walk = Walk { file, messages: &mut messages };
            if dir == "ecs-macros/src" {
                walk.macros(&tokens);
            } else {
                walk.library(&tokens, false);
            }
        }
    }
    messages.retain(|message| !message.is_one_of(NO_MESSAGES) && !message.is_one_of(NEVER_FAIL));
    messages
}

/// What the line of a `.stderr` says, without the source that it shows.
fn said(line: &str) -> Option<&str> {
    let shown = line.trim_start_matches(|char: char| char == ' ' || char.is_ascii_digit());
    let Some(shown) = shown.strip_prefix('|') else { return Some(line) };
    let label = shown.trim_start_matches([' ', '|', '_', '^', '-', '/']);
    let marks = &shown[..shown.len() - label.len()];
    (marks.contains('^') || marks.contains('-')).then_some(label)
}

#[test]
fn each_message_has_a_case() {
    let cases: Vec<String> = files("tests/ui", ".stderr").iter().map(|path| read(path)).collect();
    let lines: Vec<&str> = cases.iter().flat_map(|case| case.lines()).filter_map(said).collect();
    let missing: Vec<String> = messages()
        .iter()
        .filter(|message| !message.is_one_of(&[WITHOUT_A_CASE]))
        .filter(|message| !lines.iter().any(|line| message.is_in(line)))
        .map(|message| format!("{}: {}", message.file.display(), message.parts.join("{}")))
        .collect();
    assert!(missing.is_empty(), "no `.stderr` in tests/ui/ shows\n{}", missing.join("\n"));
}

#[test]
fn each_message_is_explained() {
    let page = read(&root().join("docs/DIAGNOSTICS.md"));
    let missing: Vec<String> = messages()
        .iter()
        .filter(|message| !page.lines().any(|line| message.is_in(line)))
        .map(|message| format!("{}: {}", message.file.display(), message.parts.join("{}")))
        .collect();
    assert!(missing.is_empty(), "docs/DIAGNOSTICS.md lacks\n{}", missing.join("\n"));
}

#[test]
fn each_case_has_what_it_shows_and_is_explained() {
    let page = read(&root().join("docs/DIAGNOSTICS.md"));
    let name = |path: &Path| {
        path.strip_prefix(root().join("tests/ui")).unwrap().with_extension("").display().to_string()
    };
    let cases: BTreeSet<String> = files("tests/ui", ".rs").iter().map(|path| name(path)).collect();
    let shown: BTreeSet<String> =
        files("tests/ui", ".stderr").iter().map(|path| name(path)).collect();
    let (passing, refused): (BTreeSet<_>, BTreeSet<_>) =
        cases.into_iter().partition(|case| case.ends_with("/pass"));
    assert_eq!(refused, shown, "a case and what it shows belong together");
    for case in &refused {
        assert!(page.contains(&format!("tests/ui/{case}.rs")), "no example is tests/ui/{case}.rs");
        let (class, _) = case.split_once('/').unwrap();
        assert!(passing.contains(&format!("{class}/pass")), "{class} has no case that passes");
    }
}

/// One mistake is one error.
#[test]
fn each_mistake_is_told_once() {
    let mut wrong = Vec::new();
    for path in files("tests/ui", ".stderr") {
        let case = path.strip_prefix(root().join("tests/ui")).unwrap().with_extension("");
        let case = case.display().to_string();
        let told = read(&path).lines().filter(|line| line.starts_with("error")).count();
        let several = SEVERAL_MISTAKES.iter().find(|(name, _)| *name == case);
        let again = TOLD_AGAIN.iter().find(|(name, ..)| *name == case);
        let known = several.map(|known| known.1).or(again.map(|known| known.1)).unwrap_or(1);
        if told != known {
            wrong.push(format!("{case}: {told} in place of {known}"));
        }
    }
    let cases = SEVERAL_MISTAKES.iter().map(|(case, _)| case);
    for case in cases.chain(TOLD_AGAIN.iter().map(|(case, ..)| case)) {
        if !root().join(format!("tests/ui/{case}.stderr")).exists() {
            wrong.push(format!("{case} is no case"));
        }
    }
    assert!(wrong.is_empty(), "mistakes that are not told once:\n{}", wrong.join("\n"));
}

/// What is looked for is found: a text of each kind of source.
#[test]
fn texts_are_found_in_the_sources() {
    let messages = messages();
    for line in [
        "unknown queue setting `",
        "a bundle is a struct: write `struct Name`",
        "changes of component `Health` are not tracked: write `#[component(track)]` on it",
        "component `C` is not in the schema `Base`",
        "nothing reaches ",
        "the capacity of a queue is a power of two: write 1, 2, 4, .. for `N`",
        "`Audit` is no member of the coordinator: name it in its `coordinator!`",
        "this bundle holds component `A` twice: remove one of the two",
    ] {
        let found = messages.iter().any(|message| {
            message.parts.iter().map(String::len).sum::<usize>() * 2 > line.len()
                && message.is_in(line)
        });
        assert!(found, "`{line}` is no message of the sources");
    }
}
