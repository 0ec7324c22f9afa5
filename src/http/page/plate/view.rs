//! The pages on which staff bind a plate, as they see them.

use maud::{Markup, html};

use crate::http::page::lang::Lang;
use crate::http::page::layout::both;

/// What stands below a field that was refused, in both languages.
pub(super) type Says = (String, String);

/// A plate in somebody's hand.
#[derive(Debug, Clone)]
pub(super) struct PlateView {
    pub(super) short_id: String,
    /// Whose staff it is.
    pub(super) merchant: String,
    pub(super) hangs: Hangs,
    /// Where it could hang.
    pub(super) spots: Vec<Spots>,
    /// The place that is chosen beforehand: what was chosen before, where it hangs, or the device's own
    /// store.
    pub(super) chosen: String,
    /// Whether there are places that the list does not offer.
    pub(super) has_more: bool,
}

/// Where a plate hangs now.
#[derive(Debug, Clone)]
pub(super) enum Hangs {
    /// It is blank.
    Nowhere,
    /// In a shop of this merchant.
    Here {
        store: String,
        counter: Option<String>,
    },
    /// In somebody else's.
    Elsewhere,
    /// It is over.
    Never,
}

/// A store, and its tills.
#[derive(Debug, Clone)]
pub(super) struct Spots {
    pub(super) store: String,
    pub(super) value: String,
    /// What each sends, and its name.
    pub(super) tills: Vec<(String, String)>,
}

/// Places that were looked for.
#[derive(Debug, Clone)]
pub(super) struct PlacesView {
    /// For which plate.
    pub(super) short_id: String,
    /// Stores, or the tills of one.
    pub(super) level: Level,
    /// What was looked for.
    pub(super) find: String,
    /// The last of the page before, if this is not the first.
    pub(super) from: Option<String>,
    /// What each sends, and its name.
    pub(super) rows: Vec<(String, String)>,
    /// Behind which there may be more.
    pub(super) after: Option<String>,
}

/// How near a search is.
#[derive(Debug, Clone)]
pub(super) enum Level {
    /// It looks for a store.
    Stores,
    /// It looks for a till of this one.
    Tills {
        /// The store, as the choice of places has it.
        store: String,
        /// What it is called.
        name: String,
    },
}

/// The form that finds the plate: by camera, picture, or what is typed.
pub(super) fn find_form(lang: Lang, says: Option<&Says>) -> Markup {
    let action = format!("/plates/find?lang={}", lang.word());
    html! {
        main.card.plate {
            h1 { (both(lang, "绑定码牌", "Bind a plate")) }
            p.lead { (lang.of_two(
                "扫描码牌上的码，或输入码下面的短号。",
                "Scan the code on the plate, or type the short id below it.",
            )) }
            form #find method="post" action=(action) autocomplete="off"
                data-decode="/v1/decode" data-words=(words(lang)) {
                div.ways {
                    button.plain type="button" data-camera="" { (lang.of_two("扫码", "Scan")) }
                    label.plain.button { (lang.of_two("图片", "Picture"))
                        input.hidden-file type="file" accept="image/png,image/jpeg,image/webp" data-picture=""; }
                }
                video.camera data-video="" hidden playsinline muted {}
                label.ask for="plate" { (both(lang, "码牌短号", "Short id")) }
                div.field.wrong[says.is_some()] {
                    input #plate name="plate" type="text" required maxlength="512" spellcheck="false"
                        autocapitalize="characters" placeholder="7F3K-2QZD" aria-describedby="plate-says";
                }
                p #plate-says .says role="alert" { (told(lang, says)) }
                button.primary type="submit" { (both(lang, "下一步", "Next")) }
            }
        }
    }
}

/// A plate: where it hangs, and the form that hangs it somewhere.
pub(super) fn plate_card(lang: Lang, view: &PlateView, says: Option<&Says>) -> Markup {
    html! {
        main.card.plate {
            h1 { (lang.of_two("码牌", "Plate")) " " code { (view.short_id) } }
            p #hangs .lead role="status" { (where_now(lang, view)) }
            @match &view.hangs {
                Hangs::Nowhere => (bind_form(lang, view, says)),
                Hangs::Here { .. } => (move_forms(lang, view)),
                Hangs::Elsewhere | Hangs::Never => {}
            }
            a.button.plain href={ "/plates/bind?lang=" (lang.word()) } {
                (both(lang, "另一块码牌", "Another plate"))
            }
        }
    }
}

fn where_now(lang: Lang, view: &PlateView) -> Markup {
    html! {
        @match &view.hangs {
            Hangs::Nowhere => (lang.of_two("还没有绑定，付款人现在付不了。", "Not bound: nobody can pay by it yet.")),
            Hangs::Here { store, counter, .. } => {
                (lang.of_two("已绑定：", "Bound to "))
                strong { bdi { (view.merchant) } }
                " · " bdi { (store) }
                @if let Some(counter) = counter { " · " bdi { (counter) } }
            }
            Hangs::Elsewhere => (lang.of_two(
                "已绑定到另一家商户。若它挂在您的店里，请取下。",
                "Bound to another merchant. If it hangs in your shop, take it down.",
            )),
            Hangs::Never => (lang.of_two("已作废，请换一块。", "Ended for good; take another one.")),
        }
    }
}

fn bind_form(lang: Lang, view: &PlateView, says: Option<&Says>) -> Markup {
    let action = format!("/plates/{}/bind?lang={}", view.short_id, lang.word());
    html! {
        form #bind method="post" action=(action) autocomplete="off" {
            label.ask for="secret" { (both(lang, "认领密码", "Claim secret")) }
            div.field.wrong[says.is_some()] {
                input #secret name="secret" type="text" required maxlength="40" spellcheck="false"
                    autocapitalize="characters" placeholder="ABCDE-FGHJK" aria-describedby="secret-says";
            }
            p #secret-says .says role="alert" { (told(lang, says)) }
            (choice(lang, view))
            button.primary type="submit" { (both(lang, "绑定", "Bind")) }
        }
    }
}

fn move_forms(lang: Lang, view: &PlateView) -> Markup {
    let to = |what: &str| format!("/plates/{}/{what}?lang={}", view.short_id, lang.word());
    html! {
        form #move method="post" action=(to("move")) {
            (choice(lang, view))
            button.primary type="submit" { (both(lang, "换到这里", "Move it there")) }
        }
        details.off {
            summary { (lang.of_two("解除绑定", "Take it off")) }
            p.notice { (lang.of_two(
                "解除后付款人付不了这块码牌，未付完的订单会关闭。",
                "Nobody can pay by it then; what is being paid just now is closed.",
            )) }
            form #unbind method="post" action=(to("unbind")) {
                button.plain type="submit" { (lang.of_two("确认解除", "Yes, take it off")) }
            }
        }
    }
}

/// Which store, or which till of it.
fn choice(lang: Lang, view: &PlateView) -> Markup {
    let chosen = view.chosen.as_str();
    html! {
        label.ask for="spot" { (both(lang, "挂在", "It hangs in")) }
        div.field {
            select #spot name="spot" required {
                @for spots in &view.spots {
                    optgroup label=(spots.store) {
                        option value=(spots.value) selected[spots.value == chosen] {
                            (spots.store) " · " (lang.of_two("全店", "the whole store"))
                        }
                        @for (value, name) in &spots.tills {
                            option value=(value) selected[value == chosen] { (spots.store) " · " (name) }
                        }
                    }
                }
            }
        }
        @if view.has_more {
            a.more-places href={ "/plates/" (view.short_id) "/places?lang=" (lang.word()) } {
                (lang.of_two("找别的门店或收银台", "Find another store or till"))
            }
        }
    }
}

impl PlacesView {
    /// Where this search goes on behind `from`, or begins; in no language yet.
    pub(super) fn address(&self, from: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Level::Tills { store, .. } = &self.level {
            query.append_pair("store", store);
        }
        query.append_pair("find", &self.find);
        if let Some(from) = from {
            query.append_pair("after", from);
        }
        format!("/plates/{}/places?{}", self.short_id, query.finish())
    }
}

/// Stores, or the tills of one, by what is in their names.
pub(super) fn places_card(lang: Lang, view: &PlacesView) -> Markup {
    let place = format!("/plates/{}/places", view.short_id);
    let (label_zh, label_en) = match &view.level {
        Level::Stores => ("门店名称", "Name of the store"),
        Level::Tills { .. } => ("收银台名称", "Name of the till"),
    };
    html! {
        main.card.plate {
            h1 { (lang.of_two("码牌", "Plate")) " " code { (view.short_id) } }
            p.lead {
                @match &view.level {
                    Level::Stores => (lang.of_two("挂在哪家门店？", "In which store does it hang?")),
                    Level::Tills { name, .. } => {
                        bdi { (name) } " · " (lang.of_two("哪个收银台？", "at which till?"))
                    }
                }
            }
            form #search method="get" action=(place) {
                input type="hidden" name="lang" value=(lang.word());
                @if let Level::Tills { store, .. } = &view.level {
                    input type="hidden" name="store" value=(store);
                }
                label.ask for="find" { (both(lang, label_zh, label_en)) }
                div.field {
                    input #find .name name="find" type="search" maxlength="60" value=(view.find);
                }
                button.plain type="submit" { (both(lang, "查找", "Search")) }
            }
            (found(lang, view, &place))
            a.button.plain href={ "/plates/" (view.short_id) "?lang=" (lang.word()) } {
                (both(lang, "返回码牌", "Back to the plate"))
            }
        }
    }
}

fn found(lang: Lang, view: &PlacesView, place: &str) -> Markup {
    let chosen = |spot: &str| format!("/plates/{}?spot={spot}&lang={}", view.short_id, lang.word());
    html! {
        @if view.rows.is_empty() {
            p.notice role="status" { (lang.of_two("没有找到。", "Nothing was found.")) }
        }
        ul.places {
            @if let Level::Tills { store, .. } = &view.level {
                li { a href=(chosen(store)) { (lang.of_two("全店", "The whole store")) } }
            }
            @for (spot, name) in &view.rows {
                li {
                    @match &view.level {
                        Level::Stores => a href={ (place) "?store=" (spot) "&lang=" (lang.word()) } { bdi { (name) } },
                        Level::Tills { .. } => a href=(chosen(spot)) { bdi { (name) } },
                    }
                }
            }
        }
        @if let Some(after) = &view.after {
            a.button.plain #more href={ (view.address(Some(after))) "&lang=" (lang.word()) } {
                (both(lang, "更多", "More"))
            }
        }
    }
}

fn told(lang: Lang, says: Option<&Says>) -> Markup {
    html! {
        @if let Some((zh, en)) = says {
            @match lang { Lang::Zh => (zh), Lang::En => (en) }
        }
    }
}

/// What the script says.
fn words(lang: Lang) -> String {
    serde_json::json!({
        "noCamera": lang.of_two("用不了摄像头，请上传图片或输入短号。", "The camera cannot be used; upload a picture or type the short id."),
        "noCode": lang.of_two("图片里没有找到码。", "No code was found in the picture."),
        "payersCode": lang.of_two("这是顾客的付款码，这里用不上：请勿保存或转发。", "This is a payer’s code, of no use here: do not keep it or pass it on."),
        "manyCodes": lang.of_two("图片里有多个码，请只对准一个。", "There is more than one code; show one only."),
        "tooLarge": lang.of_two("图片太大，请换一张小一点的。", "The picture is too large; take a smaller one."),
        "unreadable": lang.of_two("这个文件不是能读的图片。", "This file is no picture that can be read."),
        "tooOften": lang.of_two("扫得太频繁，请过一分钟再试。", "Too many tries; wait a minute."),
        "busy": lang.of_two("现在太忙，请稍后再试。", "Too busy right now; try again in a moment."),
        "failed": lang.of_two("没有读成，请再试一次。", "That did not go through; try again."),
    })
    .to_string()
}
