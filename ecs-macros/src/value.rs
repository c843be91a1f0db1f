//! Values of settings, which are handed on as they are.

use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Expr, ExprLit, Ident, Lit, LitInt, Token};

use crate::errors::Errors;

/// Parses the `=` after the name of a setting; what stands behind it is there.
pub(crate) fn equals(name: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
    let missing = || {
        let name = name.unraw();
        let message = format!("`{name}` needs a value: write `{name} = {}`", example(&name));
        syn::Error::new(name.span(), message)
    };
    if !input.peek(Token![=]) {
        return Err(missing());
    }
    input.parse::<Token![=]>()?;
    if input.is_empty() || input.peek(Token![,]) { Err(missing()) } else { Ok(()) }
}

/// A value for the setting.
fn example(name: &Ident) -> &'static str {
    match name.to_string().as_str() {
        "base" | "default_target" => "World",
        "batch_size" => "64",
        "crate" => "static_ecs",
        "linger" => "4",
        "max_entities" => "65_536",
        "neighbours" => "ring::<16>",
        "on_despawn" => "cascade",
        "on_full" => "retain",
        "role" => "io",
        "spsc" => "true",
        "storage" => "\"sparse\"",
        "version" | "world_id" => "1",
        _ => "1024",
    }
}

/// Parses `= value`, after the name of a setting.
pub(crate) fn assigned(name: &Ident, input: ParseStream<'_>) -> syn::Result<Expr> {
    equals(name, input)?;
    expression(input)
}

/// A number alone among settings that have a `capacity`, which is probably meant.
pub(crate) fn unnamed_capacity(
    input: ParseStream<'_>,
    errors: &mut Errors,
) -> syn::Result<Option<Expr>> {
    if !input.peek(LitInt) {
        return Ok(None);
    }
    let value = input.parse::<LitInt>()?;
    errors.at(&value, format!("a setting has a name: write `capacity = {value}`"));
    let lit = Lit::Int(value);
    Ok(Some(Expr::Lit(ExprLit { attrs: Vec::new(), lit })))
}

/// Refuses a value of what has none.
pub(crate) fn no_value(name: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
    if !input.peek(Token![=]) {
        return Ok(());
    }
    let name = name.unraw();
    Err(syn::Error::new(input.span(), format!("`{name}` takes no value: write `{name}`")))
}

/// Parses an expression. What `syn` reads only with its costly feature `full`, such as a `match`,
/// is refused: handed on as it is, a half-typed value would take all that is generated with it.
pub(crate) fn expression(input: ParseStream<'_>) -> syn::Result<Expr> {
    input.parse()
}
