//! What the documents name exists: links, headings, files, tests and other code.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a directory with this extension.
fn files(dir: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("the directory is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() && !path.ends_with("target") && !path.ends_with(".git") {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
}

/// The documents, and their text without blocks of code.
fn documents() -> Vec<(PathBuf, String)> {
    let mut paths = Vec::new();
    files(root(), "md", &mut paths);
    assert!(paths.len() >= 6, "{paths:?}");
    let prose = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a document is text");
        let mut code = false;
        let lines = text.lines().filter(|line| {
            let fence = line.starts_with("```");
            code ^= fence;
            !code && !fence
        });
        let prose = lines.collect::<Vec<_>>().join("\n");
        (path, prose)
    };
    paths.into_iter().map(prose).collect()
}

/// What stands between backticks.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn is_name(span: &str) -> bool {
    let mut letters = span.chars();
    letters.next().is_some_and(|first| first.is_ascii_lowercase())
        && letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && span.contains('_')
}

/// The name of a heading in a link.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn links_lead_somewhere() {
    for (document, text) in documents() {
        for (at, _) in text.match_indices("](") {
            let link = text[at + 2..].split(')').next().expect("a split has a first part");
            if link.contains("://") {
                continue;
            }
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => document.clone(),
                file => document.parent().expect("a file is somewhere").join(file),
            };
            assert!(target.exists(), "{}: no file `{file}`", document.display());
            if !heading.is_empty() {
                let text = fs::read_to_string(&target).expect("a document is text");
                let mut headings = text.lines().filter_map(|line| line.strip_prefix('#'));
                let found = headings.any(|line| anchor(line.trim_start_matches('#')) == heading);
                assert!(found, "{}: no heading `{link}`", document.display());
            }
        }
    }
}

#[test]
fn paths_exist() {
    for (document, text) in documents() {
        // A file may be named within the directory that was named last.
        let mut place = root().to_owned();
        for span in spans(&text) {
            let is_file = [".rs", ".md", ".toml", ".lock"].iter().any(|end| span.ends_with(end));
            let first = span.split('/').next().unwrap_or("");
            let known = span.contains('/') && !first.is_empty() && root().join(first).exists();
            if !(is_file || known) || span.contains([' ', '*', '<', ':']) {
                continue;
            }
            let found = [root(), &place, document.parent().expect("a file is somewhere")]
                .map(|place| place.join(span))
                .into_iter()
                .find(|path| path.exists());
            let found = found.unwrap_or_else(|| panic!("{}: no `{span}`", document.display()));
            if found.is_dir() && known {
                place = found;
            }
        }
    }
}

/// The names of the tests in a file, or in the files of a directory.
fn tests_in(path: &Path) -> HashSet<String> {
    let mut sources = vec![path.to_owned()];
    if path.is_dir() {
        sources.clear();
        files(path, "rs", &mut sources);
    }
    let mut names = HashSet::new();
    for source in sources {
        let text = fs::read_to_string(source).expect("a source is text");
        for after in text.split("#[test]").skip(1) {
            let name = after.split("fn ").nth(1).and_then(|rest| rest.split('(').next());
            names.extend(name.map(str::to_owned));
        }
    }
    names
}

/// The names in `text` are tests of the files that it, or `heading`, names.
fn check_tests(document: &Path, text: &str, heading: &str) -> usize {
    let is_source = |span: &&str| span.ends_with(".rs") && span.contains("tests/");
    let sources: Vec<_> = spans(text).chain(spans(heading)).filter(is_source).collect();
    let known: HashSet<_> =
        sources.iter().flat_map(|source| tests_in(&root().join(source))).collect();
    let names: Vec<_> = spans(text).filter(|span| is_name(span)).collect();
    for name in &names {
        assert!(known.contains(*name), "{}: no test `{name}` in {sources:?}", document.display());
    }
    names.len()
}

/// After `Test:`, `Tests:` or `Tests in`, and in columns of tables about tests.
#[test]
fn tests_exist() {
    let mut checked = 0;
    for (document, text) in &documents() {
        for paragraph in text.split("\n\n") {
            for mark in ["Test: ", "Tests: ", "Tests in "] {
                if let Some((_, tests)) = paragraph.split_once(mark) {
                    checked += check_tests(document, tests, "");
                }
            }
        }
        let cells = |line: &str| line.split('|').map(str::to_owned).collect::<Vec<_>>();
        let mut column = None;
        for line in text.lines() {
            match &column {
                _ if !line.starts_with('|') => column = None,
                None => {
                    let heading = cells(line);
                    let place = heading.iter().position(|cell| cell.trim().starts_with("test"));
                    column = Some(place.map(|place| (place, heading[place].clone())));
                }
                Some(None) => {}
                Some(Some((place, heading))) => {
                    let row = cells(line);
                    checked +=
                        row.get(*place).map_or(0, |cell| check_tests(document, cell, heading));
                }
            }
        }
    }
    assert!(checked >= 40, "{checked}");
}

/// Each name among the invariants is a test somewhere.
#[test]
fn invariants_name_tests() {
    let tests = tests_in(root());
    let architecture = root().join("docs/ARCHITECTURE.md");
    let text = fs::read_to_string(architecture).expect("there is an architecture");
    let (_, invariants) = text.split_once("\n## Invariants\n").expect("it has invariants");
    let invariants = invariants.split("\n## ").next().expect("a split has a first part");
    let names: Vec<_> = spans(invariants).filter(|span| is_name(span)).collect();
    assert!(names.len() >= 10, "{names:?}");
    for name in names {
        assert!(tests.contains(name), "docs/ARCHITECTURE.md: no test `{name}`");
    }
}

/// Whether a source has `unsafe` outside of comments and texts.
fn has_unsafe(source: &str) -> bool {
    source.lines().any(|line| {
        let code = line.split("//").next().expect("a split has a first part");
        let code: String = code.split('"').step_by(2).collect();
        code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe")
    })
}

/// The modules with `unsafe`, crate by crate, are those of the architecture's list.
#[test]
fn unsafe_is_in_the_listed_modules() {
    let text = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).expect("it is there");
    let (_, list) = text.split_once("\n## Unsafe code\n").expect("it has the section");
    for crate_name in ["ecs-core", "ecs-coordination", "ecs-macros", "static-ecs"] {
        let item = list.split_once(&format!("- `{crate_name}`"));
        let item = item.and_then(|(_, rest)| rest.split([';', '.']).next()).unwrap_or("");
        let listed: BTreeSet<_> = spans(item).map(str::to_owned).collect();
        let sources = match crate_name {
            "static-ecs" => root().join("src"),
            name => root().join(name).join("src"),
        };
        let mut paths = Vec::new();
        files(&sources, "rs", &mut paths);
        assert!(!paths.is_empty(), "{crate_name} has sources");
        paths.retain(|path| has_unsafe(&fs::read_to_string(path).expect("a source is text")));
        let module = |path: &PathBuf| {
            let path = path.strip_prefix(&sources).expect("it is below").with_extension("");
            let path = path.to_string_lossy().replace('\\', "/");
            path.strip_suffix("/mod").map_or(path.clone(), str::to_owned)
        };
        let found: BTreeSet<_> = paths.iter().map(module).collect();
        assert_eq!(found, listed, "{crate_name}: `unsafe` in the sources, and in the list");
    }
}

/// The text, of whose tables the last column alone is left: the others tell of another
/// library.
fn about_us(text: &str) -> String {
    let lines = text.lines().map(|line| match line.trim_end_matches('|').rsplit_once('|') {
        Some((_, last)) if line.starts_with('|') => last,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Any other name in the documents is a word of the sources.
#[test]
fn names_are_in_the_sources() {
    let mut sources = Vec::new();
    files(root(), "rs", &mut sources);
    sources.retain(|source| !source.ends_with("tests/docs.rs"));
    let mut words = HashSet::new();
    for source in sources {
        let text = fs::read_to_string(&source).expect("a source is text");
        let split = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.extend(split.map(str::to_owned));
        words.extend(source.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    }
    for (document, mut text) in documents() {
        if document.to_string_lossy().contains("COMING_FROM_") {
            text = about_us(&text);
        }
        for span in spans(&text).filter(|span| is_name(span)) {
            let found = words.contains(span) || root().join("examples").join(span).exists();
            // Other crates.
            let other = ["bevy_ecs", "ecs_bench_suite", "flecs_ecs"].contains(&span);
            assert!(found || other, "{}: no `{span}`", document.display());
        }
    }
}

#[test]
fn readme_leads_to_every_document() {
    let readme = fs::read_to_string(root().join("README.md")).expect("there is a README");
    for (document, _) in documents() {
        let name = document.strip_prefix(root()).expect("it is below").to_string_lossy();
        let own = name == "README.md" || name.starts_with("docs/decisions/0");
        assert!(own || readme.contains(&format!("({name})")), "README.md does not name {name}");
    }
}

/// Each atomic operation that is more than relaxed has a row in docs/ORDERINGS.md, and each
/// row an operation.
#[test]
fn each_ordering_is_in_its_table() {
    let text = fs::read_to_string(root().join("docs/ORDERINGS.md")).expect("it is there");
    let rows: BTreeSet<(String, String)> = text
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split('`');
            let (file, _, function) = (cells.next()?, cells.next()?, cells.next()?);
            file.ends_with(".rs").then(|| (file.to_owned(), function.to_owned()))
        })
        .collect();
    let sources = root().join("ecs-coordination/src");
    let mut paths = Vec::new();
    files(&sources, "rs", &mut paths);
    let mut sites = BTreeSet::new();
    for path in paths {
        let file = path.strip_prefix(&sources).expect("it is below").to_string_lossy();
        let source = fs::read_to_string(&path).expect("a source is text");
        let mut function = "";
        for line in source.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
            if let Some((_, after)) = line.split_once("fn ") {
                function = after.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
            }
            let strong = ["Acquire", "Release", "AcqRel", "SeqCst"];
            if strong.iter().any(|order| line.contains(&format!("Ordering::{order}"))) {
                sites.insert((file.replace('\\', "/"), function.to_owned()));
            }
        }
    }
    assert!(sites.len() > 20, "{sites:?}");
    assert_eq!(sites.difference(&rows).collect::<Vec<_>>(), Vec::<&_>::new(), "have no row");
    assert_eq!(rows.difference(&sites).collect::<Vec<_>>(), Vec::<&_>::new(), "are nowhere");
}
