#[automatically_derived]
unsafe impl ::static_ecs::__support::Relation for PartOf {
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
    type Form = ::static_ecs::__support::Single;
}
