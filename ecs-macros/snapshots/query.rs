#[automatically_derived]
unsafe impl<
    'w,
    __S: ::static_ecs::__support::Schema,
> ::static_ecs::__support::QueryData<__S> for Moving<'w>
where
    for<'__item> Entity: ::static_ecs::__support::QueryData<__S, Item<'__item> = Entity>,
    __S: ::static_ecs::__support::Contains<Position>,
    __S: ::static_ecs::__support::Contains<Velocity>,
    for<'__item> Rest<
        'w,
    >: ::static_ecs::__support::QueryData<__S, Item<'__item> = Rest<'__item>>,
{
    type Item<'__item> = Moving<'__item>;
    type Slices<'__item> = (
        <Entity as ::static_ecs::__support::QueryData<__S>>::Slices<'__item>,
        <&'w mut Position as ::static_ecs::__support::QueryData<__S>>::Slices<'__item>,
        <Option<
            &'w Velocity,
        > as ::static_ecs::__support::QueryData<__S>>::Slices<'__item>,
        <Rest<'w> as ::static_ecs::__support::QueryData<__S>>::Slices<'__item>,
    );
    type Fetch = (
        <Entity as ::static_ecs::__support::QueryData<__S>>::Fetch,
        <&'w mut Position as ::static_ecs::__support::QueryData<__S>>::Fetch,
        <Option<&'w Velocity> as ::static_ecs::__support::QueryData<__S>>::Fetch,
        <Rest<'w> as ::static_ecs::__support::QueryData<__S>>::Fetch,
    );
    const ACCESS: ::static_ecs::__support::Access = ::static_ecs::__support::Access::NONE
        .and(<Entity as ::static_ecs::__support::QueryData<__S>>::ACCESS)
        .and(<&'w mut Position as ::static_ecs::__support::QueryData<__S>>::ACCESS)
        .and(<Option<&'w Velocity> as ::static_ecs::__support::QueryData<__S>>::ACCESS)
        .and(<Rest<'w> as ::static_ecs::__support::QueryData<__S>>::ACCESS);
    #[inline(always)]
    unsafe fn fetch(
        table: &::static_ecs::__support::Table,
        ticks: ::static_ecs::__support::Ticks,
    ) -> Self::Fetch {
        unsafe {
            (
                <Entity as ::static_ecs::__support::QueryData<__S>>::fetch(table, ticks),
                <&'w mut Position as ::static_ecs::__support::QueryData<
                    __S,
                >>::fetch(table, ticks),
                <Option<
                    &'w Velocity,
                > as ::static_ecs::__support::QueryData<__S>>::fetch(table, ticks),
                <Rest<
                    'w,
                > as ::static_ecs::__support::QueryData<__S>>::fetch(table, ticks),
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
                & <Entity as ::static_ecs::__support::QueryData<
                    __S,
                >>::present(fetch.0, word)
                & <&'w mut Position as ::static_ecs::__support::QueryData<
                    __S,
                >>::present(fetch.1, word)
                & <Option<
                    &'w Velocity,
                > as ::static_ecs::__support::QueryData<__S>>::present(fetch.2, word)
                & <Rest<
                    'w,
                > as ::static_ecs::__support::QueryData<__S>>::present(fetch.3, word)
        }
    }
    #[inline(always)]
    unsafe fn item<'__item>(
        fetch: Self::Fetch,
        row: ::static_ecs::__support::core::primitive::usize,
    ) -> Self::Item<'__item> {
        unsafe {
            Moving {
                entity: <Entity as ::static_ecs::__support::QueryData<
                    __S,
                >>::item(fetch.0, row),
                position: <&'w mut Position as ::static_ecs::__support::QueryData<
                    __S,
                >>::item(fetch.1, row),
                velocity: <Option<
                    &'w Velocity,
                > as ::static_ecs::__support::QueryData<__S>>::item(fetch.2, row),
                rest: <Rest<
                    'w,
                > as ::static_ecs::__support::QueryData<__S>>::item(fetch.3, row),
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
                <Entity as ::static_ecs::__support::QueryData<
                    __S,
                >>::slices(fetch.0, len),
                <&'w mut Position as ::static_ecs::__support::QueryData<
                    __S,
                >>::slices(fetch.1, len),
                <Option<
                    &'w Velocity,
                > as ::static_ecs::__support::QueryData<__S>>::slices(fetch.2, len),
                <Rest<
                    'w,
                > as ::static_ecs::__support::QueryData<__S>>::slices(fetch.3, len),
            )
        }
    }
}
