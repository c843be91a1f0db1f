#[automatically_derived]
unsafe impl<T, __S: ::static_ecs::__support::Schema> ::static_ecs::__support::Bundle<__S>
for Mover<T>
where
    T: 'static,
    Position: ::static_ecs::__support::Bundle<__S>,
    T: ::static_ecs::__support::Bundle<__S>,
    (Velocity, Failed): ::static_ecs::__support::Bundle<__S>,
{
    type Form = Self;
}
#[automatically_derived]
unsafe impl<
    T,
    __S: ::static_ecs::__support::Schema,
> ::static_ecs::__support::Form<__S, Self> for Mover<T>
where
    T: 'static,
    Position: ::static_ecs::__support::Bundle<__S>,
    T: ::static_ecs::__support::Bundle<__S>,
    (Velocity, Failed): ::static_ecs::__support::Bundle<__S>,
{
    const MASK: ::static_ecs::__support::Mask = 0
        | <Position as ::static_ecs::__support::Bundle<__S>>::MASK
        | <T as ::static_ecs::__support::Bundle<__S>>::MASK
        | <(Velocity, Failed) as ::static_ecs::__support::Bundle<__S>>::MASK;
    const TWICE: ::static_ecs::__support::core::option::Option<
        ::static_ecs::__support::Twice,
    > = ::static_ecs::__support::twice(
        &[
            ::static_ecs::__support::part::<__S, Position>(),
            ::static_ecs::__support::part::<__S, T>(),
            ::static_ecs::__support::part::<__S, (Velocity, Failed)>(),
        ],
    );
    const MARKER: ::static_ecs::__support::core::primitive::bool = false
        || <Position as ::static_ecs::__support::Bundle<__S>>::MARKER
        || <T as ::static_ecs::__support::Bundle<__S>>::MARKER
        || <(Velocity, Failed) as ::static_ecs::__support::Bundle<__S>>::MARKER;
    #[inline(always)]
    unsafe fn write<__T: ::static_ecs::__support::Cells<__S>>(
        bundle: Self,
        cells: &mut __T,
    ) {
        unsafe {
            <Position as ::static_ecs::__support::Bundle<
                __S,
            >>::write(bundle.position, cells);
            <T as ::static_ecs::__support::Bundle<__S>>::write(bundle.r#type, cells);
            <(
                Velocity,
                Failed,
            ) as ::static_ecs::__support::Bundle<__S>>::write(bundle.rest, cells);
        }
    }
    #[inline(always)]
    unsafe fn read<__T: ::static_ecs::__support::Cells<__S>>(cells: &mut __T) -> Self {
        unsafe {
            Self {
                position: <Position as ::static_ecs::__support::Bundle<
                    __S,
                >>::read(cells),
                r#type: <T as ::static_ecs::__support::Bundle<__S>>::read(cells),
                rest: <(
                    Velocity,
                    Failed,
                ) as ::static_ecs::__support::Bundle<__S>>::read(cells),
            }
        }
    }
}
