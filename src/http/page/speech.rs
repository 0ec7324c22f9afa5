//! What the counter says aloud, in both languages: the cashier's ear need not speak the language of
//! the page. `{who}`, `{amount}`, `{why}` and `{count}` are filled in by the script, `{n}` by the
//! number.

use serde_json::{Map, Value, json};

use super::counter_view::code_words;
use super::lang::Lang;
use super::tag::Tag;

/// The sentences of both languages, JSON for the script.
pub(super) fn sentences() -> String {
    json!({"zh": of(Lang::Zh), "en": of(Lang::En)}).to_string()
}

fn of(lang: Lang) -> Value {
    let names: Map<String, Value> = Tag::all()
        .into_iter()
        .map(|tag| (tag.id.clone(), tag.name(lang).into()))
        .collect();
    json!({
        "voice": lang.of_two("zh-CN", "en-US"),
        "names": names,
        "someone": lang.of_two("", "Someone"),
        "codes": code_words(lang),
        "units": {"CNY": lang.of_two("{n} 元", "{n} yuan")},
        "on": lang.of_two("语音播报已打开", "Announcements are on"),
        "paid": lang.of_two("{who}收款 {amount}", "{who} paid {amount}"),
        "many": lang.of_two("刚才收到 {count} 笔，共 {amount}", "{count} payments came, {amount} in all"),
        "exception": lang.of_two(
            "注意，有异常款项：{why}，{amount}，请核对",
            "Attention, an exception: {why}, {amount}. Please check",
        ),
    })
}
