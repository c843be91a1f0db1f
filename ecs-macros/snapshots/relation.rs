#[automatically_derived]
impl ::static_ecs::__support::Relation for PartOf {
    const CASCADE: ::static_ecs::__support::core::primitive::bool = true;
    fn to(target: ::static_ecs::__support::Entity) -> Self {
        Self {
            0: <Entity as ::static_ecs::__support::RelationTarget>::of(target),
        }
    }
    fn target(&self) -> ::static_ecs::__support::Entity {
        <Entity as ::static_ecs::__support::RelationTarget>::id(self.0)
    }
}
#[automatically_derived]
impl ::static_ecs::__support::Component for PartOf {
    const STORAGE: ::static_ecs::__support::Storage = ::static_ecs::__support::Storage::Sparse;
    const RELATION: ::static_ecs::__support::core::primitive::bool = true;
}
#[automatically_derived]
unsafe impl<
    __S: ::static_ecs::__support::Contains<Self>,
> ::static_ecs::__support::Bundle<__S> for PartOf {
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
