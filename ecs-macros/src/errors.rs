//! The mistakes found in one input; names that are one of a list, and how a mistyped one is
//! answered.

use std::fmt::Display;

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::LitStr;
use syn::ext::IdentExt;
use syn::parse::ParseStream;

/// The mistakes of one input, all shown at once.
#[derive(Default)]
pub(crate) struct Errors {
    all: Option<syn::Error>,
    count: usize,
}

impl Errors {
    /// A mistake at these tokens of the user's.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// A mistake at a span: for what isn't there.
    pub(crate) fn span(&mut self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    /// A mistake that the parser found.
    pub(crate) fn push(&mut self, mut error: syn::Error) {
        // Of no use to who has not written the macro.
        if error.to_string().starts_with("unsupported expression") {
            let message = "this is too much for a macro: write a constant with this value";
            error = syn::Error::new(error.span(), message);
        }
        self.count += 1;
        match &mut self.all {
            Some(first) => first.combine(error),
            None => self.all = Some(error),
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Keeps the value, or the mistake.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// The mistakes as items that don't compile; nothing without mistakes.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.all.map(|error| error.to_compile_error()).unwrap_or_default()
    }
}

/// Parses one of `names`. A mistyped name is told of, and taken for the one that was probably
/// meant.
pub(crate) fn known(
    kind: &str,
    names: &[&str],
    input: ParseStream<'_>,
    errors: &mut Errors,
) -> syn::Result<Ident> {
    if let Ok(text) = input.fork().parse::<LitStr>()
        && names.contains(&text.value().as_str())
    {
        let name = text.value();
        errors.at(input.parse::<LitStr>()?, format!("write `{name}` without quotes"));
        return Ok(Ident::new(&name, text.span()));
    }
    if !input.peek(Ident::peek_any) {
        return Err(nameless(kind, input.span(), names));
    }
    let name = input.call(Ident::parse_any)?;
    let text = name.unraw().to_string();
    if !names.contains(&text.as_str()) {
        let error = unknown(kind, &name, names);
        let Some(nearest) = nearest(&text, names.iter().copied()) else { return Err(error) };
        errors.push(error);
        return Ok(Ident::new(nearest, name.span()));
    }
    Ok(name)
}

/// As [`known`], each name at most once. One that is mistyped is not told of as doubled too.
pub(crate) fn known_once(
    kind: &str,
    names: &[&str],
    seen: &mut Vec<String>,
    input: ParseStream<'_>,
    errors: &mut Errors,
) -> syn::Result<Ident> {
    let told = errors.count();
    let name = known(kind, names, input, errors)?;
    if errors.count() == told {
        let text = name.unraw().to_string();
        if seen.contains(&text) {
            return Err(doubled(&name));
        }
        seen.push(text);
    }
    Ok(name)
}

/// What to say of a name that is none of `known`.
fn unknown(kind: &str, name: &Ident, known: &[&str]) -> syn::Error {
    let written = name.unraw().to_string();
    let list = list(known);
    let message = match nearest(&written, known.iter().copied()) {
        Some(nearest) if known.len() > 1 => {
            format!("unknown {kind} `{written}`: write `{nearest}` (there are {list})")
        }
        _ if known.len() == 1 => {
            format!("unknown {kind} `{written}`: write `{}`", known[0])
        }
        _ => format!("unknown {kind} `{written}`: write one of {list}"),
    };
    syn::Error::new(name.span(), message)
}

/// What to say of what is no name at all.
fn nameless(kind: &str, span: Span, known: &[&str]) -> syn::Error {
    let message = match known {
        [only] => format!("this is no {kind}: write `{only}`"),
        _ => format!("this is no {kind}: write one of {}", list(known)),
    };
    syn::Error::new(span, message)
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The name that was probably meant.
pub(crate) fn nearest<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let known: Vec<&str> = known.into_iter().collect();
    let distances = known.iter().map(|known| (distance(written, known), *known));
    let near = distances.filter(|(distance, known)| distance * 3 <= known.len().max(3));
    if let Some((_, nearest)) = near.min_by_key(|(distance, _)| *distance) {
        return Some(nearest);
    }
    // A beginning, or a last word, of one name alone: `capa`, `id`.
    let is_part = |known: &&&str| {
        known.strip_prefix(written).is_some()
            || known.strip_suffix(written).is_some_and(|rest| rest.ends_with('_'))
    };
    let mut parts = known.iter().filter(is_part);
    match (parts.next(), parts.next()) {
        (Some(only), None) if written.len() > 1 => Some(only),
        _ => None,
    }
}

/// What to say of a name that is given a second time.
pub(crate) fn doubled(name: &Ident) -> syn::Error {
    syn::Error::new(name.span(), format!("`{}` is given twice: keep one of the two", name.unraw()))
}

/// How many characters have to be put in, taken out, replaced, or swapped with the next.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    // Row `i` has the distances of `a`'s first `i` characters to the beginnings of `b`.
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;

    use super::{Errors, distance};

    /// Whether syn says so depends on what other macros ask of it, so that no case of
    /// `tests/ui/` can show it.
    #[test]
    fn what_syn_can_not_read_is_said_plainly() {
        let mut errors = Errors::default();
        let said = "unsupported expression; enable syn's features=[\"full\"]";
        errors.push(syn::Error::new(Span::call_site(), said));
        let told = errors.into_tokens().to_string();
        assert!(told.contains("write a constant with this value"), "{told}");
    }

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("role", "role"), 0);
        assert_eq!(distance("compnents", "components"), 1);
        assert_eq!(distance("target", "targets"), 1);
        assert_eq!(distance("", "base"), 4);
        assert_eq!(distance("Tihng", "Thing"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
