#[automatically_derived]
impl<T: Copy, const N: usize> ::static_ecs::__support::Component for Buffer<T, N>
where
    T: Default,
    T: 'static,
{}
#[automatically_derived]
unsafe impl<
    T: Copy,
    const N: usize,
    __S: ::static_ecs::__support::Contains<Self>,
> ::static_ecs::__support::Bundle<__S> for Buffer<T, N>
where
    T: Default,
    T: 'static,
{
    const MASK: ::static_ecs::__support::Mask = __S::BIT;
    const TWICE: ::static_ecs::__support::core::option::Option<
        ::static_ecs::__support::Twice,
    > = ::static_ecs::__support::core::option::Option::None;
    const MARKER: ::static_ecs::__support::core::primitive::bool = false;
    #[inline(always)]
    unsafe fn write<__T: ::static_ecs::__support::Cells<__S>>(self, cells: &mut __T) {
        unsafe { cells.cell::<Self>().write(self) }
    }
    #[inline(always)]
    unsafe fn read<__T: ::static_ecs::__support::Cells<__S>>(cells: &mut __T) -> Self {
        unsafe { cells.cell::<Self>().read() }
    }
}
