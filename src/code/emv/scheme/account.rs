//! The accounts of the networks, as types: which sub-object holds what.

/// Declares one: a struct with a name for each sub-object, read from a template and written into
/// one. Whatever the network has not named is kept, so that writing gives back what was read.
macro_rules! account {
    ($(#[doc = $doc:literal])+ $name:ident {
        $($(#[doc = $each:literal])+ $field:ident = $sub:literal,)*
    }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            /// Which object it stands in.
            pub object: String,
            /// The network's identifier, as it is written.
            pub guid: String,
            $($(#[doc = $each])+ pub $field: Option<String>,)*
            /// Sub-objects without a name.
            pub others: std::collections::BTreeMap<String, String>,
        }

        impl $name {
            /// An account that says nothing yet.
            pub fn new(object: &str, guid: &str) -> Self {
                Self {
                    object: object.to_owned(),
                    guid: guid.to_owned(),
                    $($field: None,)*
                    others: std::collections::BTreeMap::new(),
                }
            }

            /// The account in a template; none in a bare value.
            pub fn read(template: &$crate::code::emv::Template) -> Option<Self> {
                let $crate::code::emv::Template::Opened { id, guid, sub } = template else {
                    return None;
                };
                let mut others = sub.clone();
                others.remove("00");
                Some(Self {
                    object: id.clone(),
                    guid: guid.clone(),
                    $($field: others.remove($sub),)*
                    others,
                })
            }

            /// The template that holds this account.
            pub fn write(self) -> $crate::code::emv::Template {
                let mut sub = self.others;
                sub.insert("00".to_owned(), self.guid.clone());
                $(sub.extend(self.$field.map(|value| ($sub.to_owned(), value)));)*
                $crate::code::emv::Template::Opened {
                    id: self.object,
                    guid: self.guid,
                    sub,
                }
            }
        }
    };
}
