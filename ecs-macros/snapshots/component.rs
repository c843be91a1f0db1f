#[automatically_derived]
impl ::static_ecs::__support::Component for Position {}
#[automatically_derived]
unsafe impl<
    __S: ::static_ecs::__support::Contains<Self>,
> ::static_ecs::__support::Bundle<__S> for Position {
    type Form = ::static_ecs::__support::Single;
}
