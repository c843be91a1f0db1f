//! `pipeline_configs!`: the three worlds of an accept → I/O → compute server.

use std::collections::HashSet;

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitInt, Path, Token, Visibility};

use super::{Origin, Role, Settings, Target, World, unit_struct};
use crate::errors::Errors;
use crate::root::Root;

/// What to write.
const WORLDS: &str = "a pipeline has three worlds: write `Base => Accept, Io, Compute`";

/// `crate = path, Base => Accept, Io, Compute`.
pub(super) struct Pipeline {
    root: Root,
    base: Path,
    names: Vec<Name>,
}

struct Name {
    attrs: Vec<Attribute>,
    vis: Visibility,
    ident: Ident,
}

/// Parses the input.
pub(super) fn parse(tokens: TokenStream) -> syn::Result<Pipeline> {
    let parser = |input: ParseStream<'_>| {
        let mut root = Root::default();
        if input.peek(Token![crate]) && input.peek2(Token![=]) {
            let name = input.call(Ident::parse_any)?;
            root = Root(Some(Root::parse_value(&name, input)?));
            input.parse::<Token![,]>()?;
        }
        let base: Path = input.parse()?;
        if !input.peek(Token![=>]) {
            return Err(syn::Error::new_spanned(base, WORLDS));
        }
        input.parse::<Token![=>]>()?;
        let names = input.parse_terminated(name, Token![,])?;
        Ok(Pipeline { root, base, names: names.into_iter().collect() })
    };
    Parser::parse2(parser, tokens)
}

fn name(input: ParseStream<'_>) -> syn::Result<Name> {
    let attrs = input.call(Attribute::parse_outer)?;
    Ok(Name { attrs, vis: input.parse()?, ident: input.parse()? })
}

/// The three worlds; none after a mistake.
pub(super) fn worlds(pipeline: Pipeline, errors: &mut Errors) -> Vec<World> {
    let Pipeline { root, base, names } = pipeline;
    let mut seen = HashSet::new();
    for name in &names {
        if !seen.insert(&name.ident) {
            let message = format!("world `{}` is named twice: rename one of the two", name.ident);
            errors.at(&name.ident, message);
            return Vec::new();
        }
    }
    let [accept, io, compute] = match <[Name; 3]>::try_from(names) {
        Ok(names) => names,
        Err(names) => {
            match names.get(3) {
                Some(fourth) => errors.at(&fourth.ident, WORLDS),
                None => errors.at(&base, WORLDS),
            }
            return Vec::new();
        }
    };
    let (to_io, to_compute) = (io.ident.clone(), compute.ident.clone());
    let world = |name: Name, id: u8, role, target: &Ident, doc| World {
        root: root.clone(),
        item: unit_struct(name.attrs, name.vis, name.ident),
        doc: Some(doc),
        origin: Origin::Base(base.clone()),
        settings: Settings {
            role: Some(role),
            id: Some(Expr::Lit(ExprLit {
                attrs: Vec::new(),
                lit: Lit::Int(LitInt::new(&id.to_string(), Span::mixed_site())),
            })),
            default_target: Some(Target::World(target.clone().into())),
            ..Settings::default()
        },
        itself: false,
        mistaken: false,
    };
    vec![
        world(accept, 0, Role::Accept, &to_io, "The world that accepts."),
        world(io, 1, Role::Io, &to_compute, "The world that waits for the operating system."),
        world(compute, 2, Role::Compute, &to_io, "The world that computes."),
    ]
}
