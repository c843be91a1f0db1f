//! Comma-separated lists in which one bad entry does not hide the others.

use proc_macro2::TokenTree;
use syn::Token;
use syn::parse::{ParseStream, Parser};

use crate::errors::Errors;
use crate::value::assigned;

/// Parses entries until the end; after a mistake goes on at the next comma.
pub(crate) fn entries(
    input: ParseStream<'_>,
    errors: &mut Errors,
    mut entry: impl FnMut(ParseStream<'_>, &mut Errors) -> syn::Result<()>,
) {
    while !input.is_empty() {
        match entry(input, errors) {
            Ok(()) if input.is_empty() || input.peek(Token![,]) => {}
            Ok(()) => {
                errors.push(input.error("expected `,` here"));
                skip(input);
            }
            Err(error) => {
                errors.push(error);
                skip(input);
            }
        }
        let _ = input.parse::<Token![,]>();
    }
}

/// Parses the entries of a group in parentheses.
pub(crate) fn group(
    input: ParseStream<'_>,
    errors: &mut Errors,
    entry: impl FnMut(ParseStream<'_>, &mut Errors) -> syn::Result<()>,
) -> syn::Result<()> {
    let content;
    syn::parenthesized!(content in input);
    entries(&content, errors, entry);
    Ok(())
}

/// Parses the entries of a whole input.
pub(crate) fn all(
    tokens: proc_macro2::TokenStream,
    errors: &mut Errors,
    entry: impl FnMut(ParseStream<'_>, &mut Errors) -> syn::Result<()>,
) {
    let result = Parser::parse2(
        |input: ParseStream<'_>| {
            entries(input, errors, entry);
            Ok(())
        },
        tokens,
    );
    errors.take(result);
}

/// Skips to the next comma; a value after `=` is skipped as a whole, as it may
/// have commas of its own.
fn skip(input: ParseStream<'_>) {
    use syn::parse::discouraged::Speculative;

    while !input.is_empty() && !input.peek(Token![,]) {
        let fork = input.fork();
        if assigned(&fork).is_ok() {
            input.advance_to(&fork);
        } else {
            let _ = input.parse::<TokenTree>();
        }
    }
}
