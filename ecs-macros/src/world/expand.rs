//! A world as an item, constants and trait impls.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, Ident, Path, PathArguments};

use super::{
    Archetype, Event, OnFull, Origin, Overflow, Role, Route, Settings, Target, Timeout, World,
};
use crate::root::Root;

/// The item, its `WorldConfig` and, for a world with components, its `Schema`.
pub(super) fn world(world: &World) -> TokenStream {
    let (import, root) = world.root.imported();
    let support = root.support();
    let item = &world.item;
    let ident = &item.ident;
    let doc = world
        .doc
        .filter(|_| !item.attrs.iter().any(|attr| attr.path().is_ident("doc")))
        .map(|doc| quote!(#[doc = #doc]));
    let name = ident.unraw().to_string();
    let path = quote! {
        #support::core::concat!(#support::core::module_path!(), "::", #name)
    };
    let (body, schema) = match &world.origin {
        Origin::Components(components, events) => {
            schema(&root, ident, &name, components, events, world.mistaken)
        }
        Origin::Base(base) => (TokenStream::new(), inherited(&root, base)),
    };
    let desc = desc(&root, world, &name);
    // Lints are allowed here: with an attribute of its own, a type that stands in that of each
    // world makes all of a program compile again when a line is added before it.
    let generated = quote! {
        #[allow(dead_code, clippy::needless_update)]
        const _: () = {
            #import
            #body
            impl #support::Queried for #ident {
                type Schema = #schema;
            }
            impl #support::WorldConfig for #ident {
                type Schema = #schema;
                const PATH: &'static #support::core::primitive::str = #path;
                const DESC: #support::WorldDesc = #desc;
            }
        };
    };
    quote!(#doc #item #generated)
}

/// What a world with components is made of: itself as the schema, and settings
/// that are all at their defaults.
///
/// The row and the tuple of components are types of their own, since an
/// associated type of a public world may not name a private component.
///
/// The promises of `Schema`: description and index come from the same list in
/// the same order, and `Row` is the struct whose offsets are given. Of
/// `Contains`: the index is the component's place in that list. That of `AllClone` is its bounds.
fn schema(
    root: &Root,
    ident: &Ident,
    name: &str,
    components: &[Path],
    events: &[Event],
    mistaken: bool,
) -> (TokenStream, TokenStream) {
    let support = root.support();
    // A list that could not be read, or was left out, may have had anything.
    let unread = mistaken && components.is_empty();
    let events = if unread { &[] } else { events };
    let (event_items, event_impls) = self::events(root, ident, events);
    let fields: Vec<Ident> =
        (0..components.len()).map(|index| format_ident!("component_{index}")).collect();
    let indices = 0..components.len();
    let names = components.iter().map(component_name);
    let anything = unread.then(|| {
        quote! {
            unsafe impl<__C: #support::Component> #support::Contains<__C> for #ident {
                type Component = __C;
                const INDEX: #support::core::primitive::usize = 0;
            }
            unsafe impl<__E: #support::Event> #support::HasEvent<__E> for #ident {
                const INDEX: #support::core::primitive::usize = 0;
            }
        }
    });
    // One name for each, at the user's token: what the compiler has against a path, it says once.
    let types: Vec<Ident> = components
        .iter()
        .enumerate()
        .map(|(index, component)| {
            let span = component.span().resolved_at(Span::mixed_site());
            Ident::new(&format!("__Component{index}"), span)
        })
        .collect();
    let contains = types.iter().zip(indices).map(|(component, index)| {
        // At the user's token, where an error about the component belongs.
        let span = component.span();
        let support_here = root.support_at(span);
        let for_component = quote_spanned!(span=> #support_here::Contains<#component>);
        quote! {
            unsafe impl #for_component for #ident {
                type Component = #component;
                const INDEX: #support::core::primitive::usize = #index;
            }
        }
    });
    let body = quote! {
        #(type #types = #components;)*
        #[repr(C)]
        pub struct __Row {
            #(#fields: #support::core::mem::MaybeUninit<#types>,)*
        }
        pub struct __Types(#support::core::marker::PhantomData<(#(#types,)*)>);

        // The bounds are over a lifetime, or the compiler would demand them here and
        // not where a world is cloned.
        unsafe impl #support::AllClone for __Types
        where
            #(for<'__any> #types: #support::core::clone::Clone,)*
        {}

        unsafe impl #support::Schema for #ident {
            type Types = __Types;
            type Row = __Row;
            const NAME: &'static #support::core::primitive::str = #name;
            const PATH: &'static #support::core::primitive::str =
                <#ident as #support::WorldConfig>::PATH;
            const COMPONENTS: &'static [#support::ComponentInfo] =
                #support::component_infos!(__Row; #(#types, #names;)*);
            #event_items
        }
        #(#contains)*
        #event_impls
        #anything
    };
    (body, ident.to_token_stream())
}

/// What a schema says of its events, and the impls of `HasEvent`. Their promise: the
/// index is the event's place in the list.
fn events(root: &Root, ident: &Ident, events: &[Event]) -> (TokenStream, TokenStream) {
    let support = root.support();
    let paths: Vec<&Path> = events.iter().map(|event| &event.path).collect();
    let infos = events.iter().map(|Event { path, capacity, overflow }| {
        let name = component_name(path);
        let capacity = match capacity {
            Some(capacity) => quote!(#capacity),
            None => quote!(#support::DEFAULT_CAPACITY),
        };
        let overflow = match overflow {
            Some(Overflow::DropOldest) => quote!(#support::Overflow::DropOldest),
            Some(Overflow::Refuse) | None => quote!(#support::Overflow::Refuse),
        };
        quote!(#support::EventInfo::new::<#path>(#name, #capacity, #overflow))
    });
    let items = quote! {
        const EVENTS: &'static [#support::EventInfo] = &[#(#infos),*];
        fn visit_events<__V: #support::EventVisitor<Self>>(__visitor: &mut __V) {
            #[allow(unused_imports)]
            use #support::NoEvent as _;
            #(#support::Shown::<Self, #paths>::to(__visitor);)*
        }
    };
    let impls = paths.iter().enumerate().map(|(index, path)| {
        // At the user's token, where an error about the event belongs.
        let span = path.span().resolved_at(Span::mixed_site());
        let support_here = root.support_at(span);
        let for_event = quote_spanned!(span=> #support_here::HasEvent<#path>);
        quote! {
            unsafe impl #for_event for #ident {
                const INDEX: #support::core::primitive::usize = #index;
            }
        }
    });
    (if events.is_empty() { TokenStream::new() } else { items }, impls.collect())
}

/// The schema of a world with a base.
fn inherited(root: &Root, base: &Path) -> TokenStream {
    let span = base.span().resolved_at(Span::mixed_site());
    let support_here = root.support_at(span);
    quote_spanned!(span=> <#base as #support_here::WorldConfig>::Schema)
}

/// The description: all at its default, or as the base's, but for what is set.
fn desc(root: &Root, world: &World, name: &str) -> TokenStream {
    let ident = &world.item.ident;
    let support = root.support();
    let path = quote!(<#ident as #support::WorldConfig>::PATH);
    let base = match &world.origin {
        Origin::Components(..) => {
            quote!(#support::WorldDesc::new(#name, #path, <#ident as #support::Schema>::PATH))
        }
        Origin::Base(base) => quote!({
            #[allow(unused_imports)]
            use #support::NoBase as _;
            #support::Inherited::<#base>::DESC.inherit(#name, #path)
        }),
    };
    let settings = settings(root, world);
    if settings.is_empty() {
        return base;
    }
    quote! {{
        const __BASE: #support::WorldDesc = #base;
        #support::WorldDesc { #settings ..__BASE }
    }}
}

/// The fields of the description that are set.
fn settings(root: &Root, world: &World) -> TokenStream {
    let Settings {
        role,
        id,
        capacity,
        batch_size,
        linger,
        spsc,
        on_full,
        default_target,
        routes,
        targets,
        archetypes,
        closed,
        neighbours,
        source,
        max_entities,
    } = &world.settings;
    let (support, ident) = (root.support(), &world.item.ident);
    let mut out = TokenStream::new();
    let some = quote!(#support::core::option::Option::Some);

    if let Some(role) = role {
        let role = role_name(*role);
        out.extend(quote!(role: #support::Role::#role,));
    }
    if let Some(id) = id {
        let id = wrapped(root, id, "u16");
        out.extend(quote!(id: #id,));
    }
    if world.itself {
        out.extend(quote!(itself: true,));
    }
    if world.mistaken {
        out.extend(quote!(mistaken: true,));
    }

    let on_full = on_full.as_ref().map(|on_full| self::on_full(&support, on_full));
    let queue: Vec<TokenStream> = [
        capacity.as_ref().map(|value| quote!(capacity: #value,)),
        batch_size.as_ref().map(|value| quote!(batch_size: #value,)),
        linger.as_ref().map(|value| quote!(linger: #value,)),
        spsc.as_ref().map(|value| quote!(spsc: #value,)),
        on_full.map(|value| quote!(on_full: #value,)),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !queue.is_empty() {
        out.extend(quote!(queue: #support::QueueConfig { #(#queue)* ..__BASE.queue },));
    }

    let default = default_target.as_ref().map(|value| {
        let value = target(root, value);
        quote!(default: #some(#value),)
    });
    let listed = (!routes.is_empty()).then(|| {
        let routes = routes.iter().map(|value| route(root, ident, value));
        quote!(routes: &[#(#routes),*],)
    });
    if default.is_some() || listed.is_some() {
        out.extend(quote!(routing: #support::Routing { #default #listed ..__BASE.routing },));
    }
    if let Some(targets) = targets {
        let targets = targets.iter().map(|value| target(root, value));
        out.extend(quote!(targets: &[#(#targets),*],));
    }
    if !archetypes.is_empty() {
        let archetypes = archetypes.iter().map(|value| archetype(root, ident, value));
        out.extend(quote!(archetypes: &[#(#archetypes),*],));
    }
    if closed.is_some() {
        out.extend(quote!(closed: true,));
    }
    if let Some(reaches) = neighbours {
        let span = reaches.span().resolved_at(Span::mixed_site());
        let support_here = root.support_at(span);
        let matrix = quote_spanned!(span=> #support_here::neighbour_matrix!(#reaches));
        out.extend(quote!(neighbours: #support::Neighbours::Matrix(&#matrix),));
    }
    if *source {
        out.extend(quote!(source: true,));
    }
    if let Some(max_entities) = max_entities {
        out.extend(quote!(max_entities: #max_entities,));
    }
    out
}

/// `Some` of a value. It gets its type at the value's own place, so that the compiler shows no
/// more than that of one with another type.
fn wrapped(root: &Root, value: &Expr, ty: &str) -> TokenStream {
    let span = value.span().resolved_at(Span::mixed_site());
    let (ty, support) = (Ident::new(ty, span), root.support_at(span));
    quote_spanned!(span=> {
        let value: #support::core::primitive::#ty = #value;
        #support::core::option::Option::Some(value)
    })
}

fn on_full(support: &TokenStream, on_full: &OnFull) -> TokenStream {
    let duration = quote!(#support::core::time::Duration);
    match on_full {
        OnFull::Retain => quote!(#support::OnFull::Retain),
        OnFull::Shed => quote!(#support::OnFull::Shed),
        OnFull::Spill(limit) => quote!(#support::OnFull::Spill(#limit)),
        OnFull::Block(timeout) => {
            let timeout = match timeout {
                Timeout::Micros(value) => quote!(#duration::from_micros(#value)),
                Timeout::Millis(value) => quote!(#duration::from_millis(#value)),
                Timeout::Secs(value) => quote!(#duration::from_secs(#value)),
                Timeout::Const(value) => quote!(#value),
            };
            quote!(#support::OnFull::Block(#timeout))
        }
    }
}

fn target(root: &Root, target: &Target) -> TokenStream {
    let support = root.support();
    match target {
        Target::Id(id) => quote!(#support::Target::Id(#id)),
        Target::World(world) => {
            let span = world.span().resolved_at(Span::mixed_site());
            let support_here = root.support_at(span);
            let path = quote_spanned!(span=> <#world as #support_here::WorldConfig>::PATH);
            quote!(#support::Target::World(#path))
        }
    }
}

fn route(root: &Root, ident: &Ident, route: &Route) -> TokenStream {
    let support = root.support();
    let index = of_component(root, ident, &route.component, "INDEX");
    let target = target(root, &route.target);
    quote!(#support::Route { component: #index, target: #target })
}

fn archetype(root: &Root, ident: &Ident, archetype: &Archetype) -> TokenStream {
    let support = root.support();
    let name = archetype.name.unraw().to_string();
    let bits = archetype.components.iter().map(|path| of_component(root, ident, path, "BIT"));
    let capacity = match &archetype.capacity {
        Some(capacity) => wrapped(root, capacity, "u32"),
        None => quote!(#support::core::option::Option::None),
    };
    let mask = quote!(0 #(| #bits)*);
    quote! {
        #support::ArchetypeDesc::new::<<#ident as #support::WorldConfig>::Schema>(
            #name,
            #mask,
            #capacity,
        )
    }
}

/// A constant of `Contains`, at the user's token.
fn of_component(root: &Root, ident: &Ident, component: &Path, constant: &str) -> TokenStream {
    let span = component.span().resolved_at(Span::mixed_site());
    let constant = Ident::new(constant, span);
    let support = root.support_at(span);
    let schema = quote_spanned!(span=> <#ident as #support::WorldConfig>::Schema);
    quote_spanned!(span=> <#schema as #support::Contains<#component>>::#constant)
}

fn role_name(role: Role) -> Ident {
    let name = match role {
        Role::Standalone => "Standalone",
        Role::Accept => "Accept",
        Role::Io => "Io",
        Role::Compute => "Compute",
        Role::Custom => "Custom",
    };
    Ident::new(name, Span::mixed_site())
}

/// The last part of the path, with what is in angle brackets.
fn component_name(path: &Path) -> String {
    let Some(last) = path.segments.last() else { return String::new() };
    let name = last.ident.unraw().to_string();
    match &last.arguments {
        PathArguments::None => name,
        arguments => name + &arguments.to_token_stream().to_string().replace(' ', ""),
    }
}
