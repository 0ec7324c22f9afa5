//! What a reader has to know before the first request, in both languages.

/// One paragraph with its heading, each in Chinese and English.
pub(super) struct Part {
    pub(super) heading: (&'static str, &'static str),
    pub(super) text: (&'static str, &'static str),
}

pub(super) static PARTS: &[Part] = &[
    Part {
        heading: ("约定", "Conventions"),
        text: (
            "金额是以分为单位的整数（amount_minor），币种是 ISO 4217 代码；时间是 RFC 3339 UTC；\
             编号不透明。未知的请求字段会被拒绝，未知的应答字段必须忽略。",
            "Amounts are whole minor units (amount_minor) with an ISO 4217 currency, times RFC 3339 \
             UTC, ids opaque. Unknown request fields are refused; unknown answer fields must be \
             ignored.",
        ),
    },
    Part {
        heading: ("商户：API 密钥", "Merchants: an API key"),
        text: (
            "在 Authorization 头中发送 Bearer 和密钥。每个密钥有一组权限，操作页面写明所需的权限。",
            "Send it as Authorization: Bearer. A key has scopes; each operation names the one that it \
             needs.",
        ),
    },
    Part {
        heading: ("机构：请求签名", "Institutions: signed requests"),
        text: (
            "按 RFC 9421 签名，tag 为 tongma-wallet，覆盖 @method @authority @path @query，有正文时\
             再加 content-digest content-type；参数为 created、nonce、keyid。created 与服务器时间最多\
             相差五分钟。nonce 只在会改变状态的请求中留存并查重（attempts、report、confirm）：同一 nonce \
             的第二次请求得到 nonce-reused。resolve 和查询只读，重放无害，其 nonce 不留存。",
            "Sign by RFC 9421 with the tag tongma-wallet, over @method @authority @path @query and, \
             where there is a body, content-digest content-type; parameters created, nonce, keyid. \
             created lies within five minutes of our clock. Nonces are kept and compared only for \
             calls that change state (attempts, report, confirm): there a second request with the same \
             nonce is answered nonce-reused. resolve and the queries only read: sent twice they do no \
             harm, and their nonces are not kept.",
        ),
    },
    Part {
        heading: ("一个请求，一个结果", "One request, one effect"),
        text: (
            "新建付款或收款码时发送 Idempotency-Key：首次应答保留 30 天，重试得到逐字节相同的应答\
             （Idempotent-Replayed: true）。机构的付款以 payer_reference 去重，确认以 payee_reference \
             去重，不用 Idempotency-Key。",
            "What creates a payment or a code takes an Idempotency-Key: the first answer is kept for 30 \
             days, and a retry gets it byte for byte (Idempotent-Replayed: true). Institutions' \
             attempts are told apart by payer_reference, confirmations by payee_reference; they take \
             no Idempotency-Key.",
        ),
    },
    Part {
        heading: (
            "收编墙上已有的收款码",
            "A code that hangs on the wall already",
        ),
        text: (
            "商户提交其他机构为它签发的静态码（文本或照片）。tongma 给出一个金额；按此金额付给该码，\
             由持有收款账户的机构签名证明该款经此码（code_sha256）进入该账户，收编即告成立。此后钱包把\
             该码的文本交给本服务器解析，就付入该账户，且只付入该账户。它只对询问本服务器的钱包有效；\
             签发机构自己的用法不变。",
            "A merchant sends the static code that another institution issued for it, as text or photo. \
             tongma names an amount; it is paid to that code, and the institution that holds the \
             payment account attests under its signature that it came into this account by this code \
             (code_sha256). From then on a wallet that sends the code's text here pays into that \
             account, and into no other. This serves wallets that ask this server; what the issuing \
             institution does with its own code does not change.",
        ),
    },
    Part {
        heading: ("两种写法的收款码", "Codes in two forms"),
        text: (
            "form 为 url（默认）时，码是一个地址，图形最小；为 emv 时，码是各国读码器都认识的 EMV 对象列表，\
             商户在其他网络的账户（network_accounts，写法与解码应答的 fields.merchant_accounts 相同；或 \
             adopted，取自已收编的 EMV 码）与我们的账户并列，同受一个签名保护，换掉任何一个都会验签失败。\
             经其他网络付的钱不经过本服务器，收银台也看不到。",
            "With form url (the usual one) a code is an address, in the smallest symbol. With emv it is \
             EMV's list of objects, which readers all over the world take apart: the merchant's accounts \
             in other networks (network_accounts, written as decoding answers fields.merchant_accounts; \
             or adopted, out of EMV codes that were adopted) stand beside ours under one signature, and \
             exchanging any of them breaks it. What is paid through other networks goes past this server \
             and is not shown at the counter.",
        ),
    },
    Part {
        heading: ("没人付的码", "A code that falls silent"),
        text: (
            "一张平时这个时段有人付的码，忽然一直没人付，会产生一次 code.silent 事件（sign 是哪张码，paid_at \
             是上次收款）：请去看看它是否掉了、被人盖住；又有人付时产生一次 code.paid_again。POST /v1/signs/check 说墙上的码是不是自己的。",
            "A code that payers use at this hour and suddenly do not is told once, as code.silent (sign says \
             which, paid_at when somebody paid last): look whether it fell down or was stuck over; when \
             somebody pays by it again, code.paid_again says so once. POST /v1/signs/check says whether what hangs there is yours.",
        ),
    },
    Part {
        heading: ("拒绝", "Refusals"),
        text: (
            "一律是 application/problem+json（RFC 9457）。程序只看 code；type 指向解释它的页面；\
             request_id 供求助时引用。429 和 503 带有 Retry-After。",
            "Always application/problem+json (RFC 9457). Programs look at code; type leads to the page \
             that explains it; request_id is what to quote. 429 and 503 come with Retry-After.",
        ),
    },
    Part {
        heading: ("命令中的变量", "Variables in the commands"),
        text: (
            "$TONGMA 是本服务器的地址，$TONGMA_KEY 是 API 密钥；sign.sh 是下面的示例，它还需要 \
             $TONGMA_KEY_ID 和 $TONGMA_KEY_FILE（PEM 格式的 Ed25519 私钥）。",
            "$TONGMA is this server's address, $TONGMA_KEY an API key; sign.sh is the example below, \
             which also wants $TONGMA_KEY_ID and $TONGMA_KEY_FILE (an Ed25519 private key in PEM).",
        ),
    },
];
