//! What to do about each problem: one line each, in Chinese and English, for the page that its
//! `type` leads to.

/// What whoever wrote the client should do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Advice {
    /// In Chinese.
    pub(crate) zh: &'static str,
    /// In English.
    pub(crate) en: &'static str,
}

macro_rules! advice {
    ($($code:literal => $zh:literal, $en:literal;)+) => {
        /// Every code with its advice.
        pub(crate) static ALL: &[(&str, Advice)] = &[$(($code, Advice { zh: $zh, en: $en }),)+];
    };
}

/// The advice for a code.
pub(crate) fn of(code: &str) -> Option<Advice> {
    let found = ALL.iter().find(|(known, _)| *known == code);
    found.map(|(_, advice)| *advice)
}

advice! {
    "bad-request" =>
        "检查请求是否为完整的 HTTP/1.1 报文后重发。",
        "Check that the request is complete HTTP/1.1, and send it again.";
    "json-invalid" =>
        "用标准的 JSON 库生成正文；detail 指出了出错的位置。",
        "Have a JSON library write the body; `detail` says where reading stopped.";
    "json-duplicate-key" =>
        "每个键在一个对象中只写一次。",
        "Write each key once in an object.";
    "header-invalid" =>
        "detail 指出了哪个请求头；该请求头只能出现一次，且只含 ASCII 字符。",
        "`detail` names the header; it stands once, in ASCII.";
    "query-invalid" =>
        "对照该操作的查询参数及其范围改正；未知参数会被拒绝。",
        "Compare with the operation's parameters and their limits; unknown ones are refused.";
    "cursor-invalid" =>
        "原样传回本列表给出的 next_cursor，筛选条件不变；否则从头开始。",
        "Send back `next_cursor` of this very list with the same filters, or begin again without it.";
    "idempotency-key-missing" =>
        "为每个要做的操作生成一个唯一值（如 UUID），重试时沿用。",
        "Make one unique value (a UUID) for each thing to be done, and keep it for retries.";
    "idempotency-key-invalid" =>
        "使用 1 到 255 个可见 ASCII 字符，不含引号、逗号和反斜杠。",
        "Use 1 to 255 visible ASCII characters without quotes, commas and backslashes.";
    "nonce-syntax" =>
        "使用 8 到 64 个字母、数字、下划线或连字符。",
        "Use 8 to 64 letters, digits, `_` and `-`.";
    "digest-algorithm" =>
        "在 Content-Digest 中加入 sha-256。",
        "Put `sha-256` into Content-Digest.";
    "malformed" =>
        "对照签名示例生成请求头；detail 指出了哪一项读不出来。",
        "Compare with the signing examples; `detail` names what cannot be read.";
    "signature-missing" =>
        "按 RFC 9421 签名，tag 为 tongma-wallet；应答的 Accept-Signature 列出了要覆盖的内容。",
        "Sign by RFC 9421 with the tag `tongma-wallet`; `Accept-Signature` of the answer lists what to cover.";
    "signature-invalid" =>
        "核对密钥、keyid 以及签名的字节是否与发出的一致；代理不得改写路径和 Host。",
        "Check the key, its `keyid`, and that what was signed is what was sent; a proxy must not rewrite path or Host.";
    "signature-insufficient" =>
        "覆盖 Accept-Signature 中列出的全部内容，不要覆盖其他内容。",
        "Cover all that `Accept-Signature` lists, and nothing that we cannot recompute.";
    "digest-mismatch" =>
        "对实际发出的正文字节计算摘要，之后不再改动正文。",
        "Digest the very bytes that are sent, and change nothing afterwards.";
    "clock-skew" =>
        "用 NTP 校时；应答的 Date 是服务器时间，允许相差 window_seconds 秒。",
        "Set the clock by NTP; `Date` of the answer is our time, `window_seconds` how far it may differ.";
    "nonce-reused" =>
        "每次请求生成新的随机 nonce，重试时也重新签名。",
        "Make a new random nonce for every request, and sign again for a retry.";
    "alg-not-allowed" =>
        "用 Ed25519 签名（alg 为 Ed25519）。",
        "Sign with Ed25519 (`alg` is `Ed25519`).";
    "wrong-token-type" =>
        "商户接口使用 API 密钥，钱包接口使用请求签名，两者不能互换。",
        "Merchant routes take an API key, wallet routes a signature; neither does for the other.";
    "expired" =>
        "重新签发：exp 必须在将来。",
        "Issue it again: `exp` has to lie in the future.";
    "api-key-missing" =>
        "在 Authorization 头中写 Bearer 和 API 密钥。",
        "Send `Authorization: Bearer` and the API key.";
    "api-key-invalid" =>
        "检查密钥是否完整、未作废、未过期，且与测试或正式环境相符。",
        "Check that the key is whole, neither revoked nor expired, and of this mode (test or live).";
    "api-key-misplaced" =>
        "该密钥已视为泄露：请作废并换新，只放在 Authorization 头中。",
        "Take the key as leaked: revoke it, make a new one, and send it in Authorization only.";
    "session-invalid" =>
        "在收银台页面用新的配对码重新配对。",
        "Pair the device again at the counter page with a new pairing code.";
    "pairing-invalid" =>
        "重新申请配对码；每个码只能用一次，十分钟内有效。",
        "Ask for a new pairing code; each works once, for ten minutes.";
    "scope" =>
        "换用具有 scope 所示权限的密钥，或请管理员签发。",
        "Use a key with the right that `scope` names, or have one made.";
    "csrf" =>
        "从本服务器自己的页面提交。",
        "Send it from this server's own page.";
    "hmac-cannot-confirm" =>
        "登记一个 Ed25519 密钥，用它确认收款。",
        "Register an Ed25519 key, and confirm with it.";
    "not-found" =>
        "检查路径：只含字母、数字和 / - _ .，没有双斜杠和转义。",
        "Check the path: letters, digits and `/ - _ .`, no doubled slash, no escape.";
    "payment-not-found" =>
        "检查付款编号，以及密钥是否属于同一商户。",
        "Check the id, and that the key belongs to the same merchant.";
    "code-not-found" =>
        "该收款码不是由本服务器签发，或不属于此商户。",
        "The code was not issued by this server, or is not this merchant's.";
    "attempt-not-found" =>
        "只有发起付款的机构才能看到它。",
        "Only the institution that started the attempt can see it.";
    "order-not-found" =>
        "只有持有收款账户的机构才能看到它。",
        "Only the institution that holds the account can see it.";
    "merchant-not-found" =>
        "检查商户编号。",
        "Check the merchant's id.";
    "store-not-found" =>
        "从 /v1/stores 取门店编号。",
        "Take the id from `/v1/stores`.";
    "counter-not-found" =>
        "从 /v1/counters 取收银台编号。",
        "Take the id from `/v1/counters`.";
    "acceptance-not-found" =>
        "从 /v1/acceptances 取编号。",
        "Take the id from `/v1/acceptances`.";
    "agreement-not-found" =>
        "从 /v1/agreements 取编号。",
        "Take the id from `/v1/agreements`.";
    "institution-not-found" =>
        "从 /v1/institutions 取机构编号。",
        "Take the id from `/v1/institutions`.";
    "receipt-not-found" =>
        "核对六位数字和门店；号码只在当天该店有效。",
        "Check the six digits and the store; a number counts in its store on its day.";
    "adoption-not-found" =>
        "从 /v1/adoptions 取编号。",
        "Take the id from `/v1/adoptions`.";
    "account-not-found" =>
        "检查收款账户编号，或不发送 account。",
        "Check the payment account's id, or leave `account` out.";
    "plate-not-found" =>
        "核对码牌上的短号，以及该码牌是否属于此商户。",
        "Check the short id on the plate, and that the plate is this merchant's.";
    "plate-batch-not-found" =>
        "从 /v1/plate-batches 取编号。",
        "Take the id from `/v1/plate-batches`.";
    "plate-part-not-found" =>
        "每份 480 块，从 1 起；份数见此批的 parts。",
        "Parts have 480 plates and begin at 1; `parts` of the batch says how many there are.";
    "plate-batch-unfinished" =>
        "用原来的 Idempotency-Key 和正文再次创建，即从断处续完；运营方也可用 tongma plate finish。",
        "Create it again with the same Idempotency-Key and body, which makes what is missing; an operator does by `tongma plate finish`.";
    "plate-unbound" =>
        "未扣款；请店员用码牌上的认领密码绑定后再扫。",
        "Nothing was paid; have staff bind the plate by the claim secret on it, then scan again.";
    "plate-void" =>
        "此码牌不再可用，请取下并换新。",
        "It will never be paid again: take the plate down and hang another.";
    "claim-invalid" =>
        "核对码牌上的认领密码；tries_left 次之后码牌会锁定。",
        "Compare with the secret on the plate; after `tries_left` more wrong ones it locks itself.";
    "plate-locked" =>
        "按 Retry-After 等待（until 为止）；每次锁定的时间加倍。",
        "Wait as `Retry-After` says, until `until`; each lock is twice as long as the one before.";
    "too-many-claims" =>
        "按 Retry-After 等待；不要逐个试密码。",
        "Wait as `Retry-After` says; secrets are read off the plate, not tried.";
    "code-taken" =>
        "请原商户先解除收编；若此码确属于您，请联系运营方。",
        "The other merchant has to let it go first; if the code is yours, ask the operator.";
    "code-not-adoptable" =>
        "reason 说明了原因；只有商户自己的静态收款码可以收编。",
        "`reason` says why; only a merchant's own static receiving code can be adopted.";
    "picture-ambiguous" =>
        "裁剪图片，只留下要收编的那一个码。",
        "Cut the picture to the one code that is to be adopted.";
    "too-many-adoptions" =>
        "明天再试，并核对应付的金额和收款账户。",
        "Try again tomorrow; check the amount that was named and the account.";
    "problem-not-found" =>
        "全部错误代码见 /problems。",
        "All problems are listed at `/problems`.";
    "method-not-allowed" =>
        "应答的 Allow 列出了可用的方法。",
        "`Allow` of the answer lists the methods.";
    "not-acceptable" =>
        "不要限制 Accept，或接受 application/json。",
        "Leave `Accept` open, or take application/json.";
    "request-timeout" =>
        "检查网络，一次发完请求后重试。",
        "Check the network, and send the request again in one go.";
    "no-route" =>
        "请付款人换用 alternatives 中的机构；商户可用 dry-run 查看原因。",
        "Let the payer use one of `alternatives`; the merchant's dry run says why.";
    "reference-conflict" =>
        "重试必须与原请求完全相同；新的付款请用新编号。",
        "A retry repeats the same facts; a new payment takes a new reference.";
    "payment-held" =>
        "等待当前尝试结束；收银员也可以新建一笔付款。",
        "Wait until the other attempt ends, or have the cashier make a new payment.";
    "state-conflict" =>
        "先读取当前状态；detail 说明了它排除了什么。",
        "Read the current state first; `detail` says what it rules out.";
    "payee-refused" =>
        "detail 是收款机构给出的原因；请换一种方式付款。",
        "`detail` is the payee institution's reason; pay another way.";
    "transaction-conflict" =>
        "同一 payee_reference 只能对应一组事实；请核对账务。",
        "One `payee_reference` stands for one set of facts; look at your books.";
    "idempotency-in-flight" =>
        "按 Retry-After 等待后用同一个键重发。",
        "Wait as `Retry-After` says, and send the same again.";
    "code-expired" =>
        "请商户出示新的收款码。",
        "Have the merchant show a new code.";
    "code-revoked" =>
        "此码已永久作废，请商户更换。",
        "The code is out of use for good; the merchant has another.";
    "code-suspended" =>
        "此码暂停使用；商户可以恢复它。",
        "The code is out of use for now; the merchant can resume it.";
    "body-too-large" =>
        "缩小正文：JSON 最多 64 KiB，图片最多 5 MiB。",
        "Send less: JSON at most 64 KiB, pictures 5 MiB.";
    "picture-too-large" =>
        "压缩图片到 5 MiB 以内。",
        "Make the picture file smaller than 5 MiB.";
    "picture-too-many-pixels" =>
        "缩小图片后重试，收款码占满画面即可。",
        "Scale the picture down; the code may fill it.";
    "picture-too-much-memory" =>
        "另存为 8 位颜色的图片。",
        "Save the picture with eight bits a colour.";
    "uri-too-long" =>
        "缩短地址，参数放进正文。",
        "Shorten the address.";
    "media-type" =>
        "按该操作所列的 Content-Type 发送，不压缩，字符集为 UTF-8。",
        "Send the Content-Type that the operation lists, unpacked, in UTF-8.";
    "picture-unsupported" =>
        "发送 PNG、JPEG 或 WebP 文件。",
        "Send a PNG, JPEG or WebP file.";
    "code-signature-invalid" =>
        "不要付款：此码可能被改动或伪造。",
        "Do not pay: the code may be changed or forged.";
    "payload-invalid" =>
        "重新扫描；/v1/decode 说明了文本中的问题。",
        "Scan again; `/v1/decode` says what is wrong with the text.";
    "amount-required" =>
        "静态码需要付款人输入的金额。",
        "A static code needs the amount that the payer enters.";
    "amount-fixed" =>
        "金额以收款码为准，不要另外发送。",
        "The code says the amount; send that one.";
    "amount-mismatch" =>
        "发送 resolve 应答中的金额。",
        "Send the amount that `resolve` answered.";
    "currency-mismatch" =>
        "发送 resolve 应答中的币种，或商户自己的币种。",
        "Send the currency that `resolve` answered, or the merchant's own.";
    "payment-mismatch" =>
        "发送与扫到的码相同的付款，或不发送 payment。",
        "Send the payment of the scanned code, or none.";
    "number-invalid" =>
        "发送收据上的六位数字。",
        "Send the six digits on the receipt.";
    "amount-invalid" =>
        "金额是以分为单位的整数，1 到 9007199254740991。",
        "Amounts are whole minor units from 1 to 9007199254740991.";
    "currency-invalid" =>
        "用三个大写字母的 ISO 4217 代码，如 CNY。",
        "Use three capital letters of ISO 4217, such as CNY.";
    "field-invalid" =>
        "errors 指出了字段及其限制。",
        "`errors` names the field and its limit.";
    "field-missing" =>
        "补上 errors 指出的字段。",
        "Add the field that `errors` names.";
    "field-unknown" =>
        "去掉 errors 指出的字段；未知字段一律拒绝。",
        "Leave out the field that `errors` names; unknown ones are refused.";
    "text-invalid" =>
        "去掉不可见字符和控制字符。",
        "Remove characters that nobody can see.";
    "counter-elsewhere" =>
        "选用同一门店的收银台。",
        "Choose a counter of the same store.";
    "lifetime-invalid" =>
        "有效期最长两小时，最短一秒。",
        "A lifetime is one second to two hours.";
    "limit-exceeded" =>
        "减少金额；limit_minor 是 rule 所示规则的限额。",
        "Pay less; `limit_minor` is the most that `rule` allows.";
    "wallet-mismatch" =>
        "证明必须由持有账户的机构签发，并对应这一订单和账户。",
        "The statement has to be the account holder's own, about this order and account.";
    "amounts-inconsistent" =>
        "payer_amount_minor 加优惠必须等于 amount_minor。",
        "`payer_amount_minor` and discounts have to add up to `amount_minor`.";
    "time-invalid" =>
        "时间用 RFC 3339 UTC，且在合理范围内；errors 指出了字段。",
        "Times are RFC 3339 UTC, where they can be; `errors` names the field.";
    "metrics-token-invalid" =>
        "在 Authorization: Bearer 中发送 metrics.token_file 文件里的令牌。",
        "Send the token of `metrics.token_file` as `Authorization: Bearer`.";
    "audit-unavailable" =>
        "没有做任何事；审计日志恢复后原样重试。",
        "Nothing was done; send the same again once the audit log can be written.";
    "name-held" =>
        "换一个名称，或请运营方核对后放行。",
        "Choose another name, or have the operator look at it and let it through.";
    "quota-exceeded" =>
        "停用不再需要的，或请运营方提高配额；quota 和 limit 指出了是哪一项。",
        "Retire what is no longer needed, or ask the operator for more; `quota` and `limit` say of what.";
    "rate-limited" =>
        "按 Retry-After 的秒数等待后重试，并参照 RateLimit 控制速度。",
        "Wait for the seconds of `Retry-After`, and pace yourself by `RateLimit`.";
    "too-many-streams" =>
        "关闭不再使用的实时连接；同一页面共用一个连接。",
        "Close feeds that nobody reads; let the pages of one device share one.";
    "overloaded" =>
        "没有做任何事；按 Retry-After 等待后原样重试。",
        "Nothing was begun; send the same again after the seconds of `Retry-After`.";
    "key-weak" =>
        "生成新的密钥：Ed25519，或至少 32 字节的随机共享密钥。",
        "Make a new key: Ed25519, or a shared secret of 32 random bytes or more.";
    "idempotency-key-reused" =>
        "新的内容用新的键；重试时正文逐字节相同。",
        "A new body takes a new key; a retry repeats the body byte for byte.";
    "font-missing" =>
        "安装 package 所列的字体包，或设置 print.font_file；format=html 由浏览器排版，不需要字体。",
        "Install the font `package`, or set print.font_file; format=html needs none, since a browser sets it.";
    "print-too-small" =>
        "改用 works 所列的模板，降低 level，或缩短 distance_mm。",
        "Take the template in `works`, a lower level, or a shorter distance_mm.";
    "print-unreadable" =>
        "换一个更简单的图标、H 级纠错，或对比度更高的颜色。",
        "Take a simpler logo, level H, or colours with more contrast.";
    "contrast-too-low" =>
        "ink 选深色，paper 选浅色；detail 给出了下限。",
        "Take a darker ink or a lighter paper; `detail` says the limit.";
    "glyph-missing" =>
        "在 print.font_file 中设置含有该字的字体，或使用 format=html。",
        "Set a font that has it in print.font_file, or take format=html.";
    "no-code" =>
        "对准收款码重新拍摄，光线均匀，四周留白。",
        "Take the picture again: even light, the whole code, its white frame.";
    "picture-broken" =>
        "重新导出或重新拍摄图片。",
        "Save or take the picture again.";
    "picture-too-slow" =>
        "缩小图片，裁剪到收款码周围。",
        "Scale the picture down, or cut it to the code.";
    "too-many-starts" =>
        "有 Retry-After 时按其等待；没有时等待无用，请商户重新收款。",
        "Wait as `Retry-After` says; where there is none, waiting is of no use: have the merchant make a new payment.";
    "too-many-misses" =>
        "按 Retry-After 等待，并检查为何扫到这么多无效的码。",
        "Wait as `Retry-After` says, and look at why so many codes are not genuine.";
    "too-many-checks" =>
        "按 Retry-After 等待；每张收据核对一次即可。",
        "Wait as `Retry-After` says; one check a receipt is enough.";
    "too-many-pairings" =>
        "按 Retry-After 等待后再输入配对码。",
        "Wait as `Retry-After` says before the next pairing code.";
    "header-too-large" =>
        "每个请求头最多 8 KiB。",
        "Keep each header below 8 KiB.";
    "internal" =>
        "带上 request_id 联系运营方；可以安全地重试同一请求。",
        "Quote `request_id` to the operator; the same request may be sent again.";
    "draining" =>
        "立即改发到其他实例，或按 Retry-After 重试。",
        "Send it to another instance, or again as `Retry-After` says.";
    "busy" =>
        "按 Retry-After 等待后重发同一请求。",
        "Wait as `Retry-After` says, and send the same again.";
    "payee-unavailable" =>
        "没有扣款；按 Retry-After 用同一编号重试。",
        "No money has moved; send the same again as `Retry-After` says.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::http::problem::kinds;

    #[test]
    fn every_kind_says_what_to_do_once_in_both_languages() {
        let codes: BTreeSet<_> = ALL.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes.len(), ALL.len());
        for kind in kinds::ALL {
            let advice = of(kind.code).unwrap_or_else(|| panic!("{} says nothing", kind.code));
            assert!(
                !advice.zh.is_ascii() && advice.en.is_ascii(),
                "{}",
                kind.code
            );
        }
        assert_eq!(codes.len(), kinds::ALL.len(), "advice about no kind");
    }
}
