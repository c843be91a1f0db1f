#[automatically_derived]
impl ::static_ecs::__support::Event for Damage {}
