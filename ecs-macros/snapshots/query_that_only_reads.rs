#[automatically_derived]
unsafe impl<
    'a,
    C: Component,
    __S: ::static_ecs::__support::Schema,
> ::static_ecs::__support::QueryData<__S> for Seen<'a, C>
where
    __S: ::static_ecs::__support::Contains<C>,
    for<'__item> Entity: ::static_ecs::__support::QueryData<__S, Item<'__item> = Entity>,
{
    type Item<'__item> = Seen<'__item, C>;
    type Slices<'__item> = (
        <&'a C as ::static_ecs::__support::QueryData<__S>>::Slices<'__item>,
        <Entity as ::static_ecs::__support::QueryData<__S>>::Slices<'__item>,
    );
    type Fetch = (
        <&'a C as ::static_ecs::__support::QueryData<__S>>::Fetch,
        <Entity as ::static_ecs::__support::QueryData<__S>>::Fetch,
    );
    const ACCESS: ::static_ecs::__support::Access = ::static_ecs::__support::Access::NONE
        .and(<&'a C as ::static_ecs::__support::QueryData<__S>>::ACCESS)
        .and(<Entity as ::static_ecs::__support::QueryData<__S>>::ACCESS);
    #[inline(always)]
    unsafe fn fetch(
        table: &::static_ecs::__support::Table,
        ticks: ::static_ecs::__support::Ticks,
    ) -> Self::Fetch {
        unsafe {
            (
                <&'a C as ::static_ecs::__support::QueryData<__S>>::fetch(table, ticks),
                <Entity as ::static_ecs::__support::QueryData<__S>>::fetch(table, ticks),
            )
        }
    }
    #[inline(always)]
    unsafe fn present(
        fetch: Self::Fetch,
        word: ::static_ecs::__support::core::primitive::usize,
    ) -> ::static_ecs::__support::core::primitive::u64 {
        unsafe {
            !0
                & <&'a C as ::static_ecs::__support::QueryData<
                    __S,
                >>::present(fetch.0, word)
                & <Entity as ::static_ecs::__support::QueryData<
                    __S,
                >>::present(fetch.1, word)
        }
    }
    #[inline(always)]
    unsafe fn item<'__item>(
        fetch: Self::Fetch,
        row: ::static_ecs::__support::core::primitive::usize,
    ) -> Self::Item<'__item> {
        unsafe {
            Seen {
                0: <&'a C as ::static_ecs::__support::QueryData<
                    __S,
                >>::item(fetch.0, row),
                1: <Entity as ::static_ecs::__support::QueryData<
                    __S,
                >>::item(fetch.1, row),
            }
        }
    }
    #[inline(always)]
    unsafe fn slices<'__item>(
        fetch: Self::Fetch,
        len: ::static_ecs::__support::core::primitive::usize,
    ) -> Self::Slices<'__item> {
        unsafe {
            (
                <&'a C as ::static_ecs::__support::QueryData<__S>>::slices(fetch.0, len),
                <Entity as ::static_ecs::__support::QueryData<__S>>::slices(fetch.1, len),
            )
        }
    }
}
#[automatically_derived]
unsafe impl<
    'a,
    C: Component,
    __S: ::static_ecs::__support::Schema,
> ::static_ecs::__support::ReadOnlyQueryData<__S> for Seen<'a, C>
where
    __S: ::static_ecs::__support::Contains<C>,
    for<'__item> Entity: ::static_ecs::__support::QueryData<__S, Item<'__item> = Entity>,
    Entity: ::static_ecs::__support::ReadOnlyQueryData<__S>,
{}
