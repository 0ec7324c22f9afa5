//! The examples: whole programs, shown from the very files that the tests run.

/// One program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Example {
    /// Its file's name.
    pub(crate) file: &'static str,
    /// What it does, in Chinese.
    pub(super) zh: &'static str,
    /// What it does, in English.
    pub(super) en: &'static str,
    /// The program.
    pub(crate) text: &'static str,
}

/// All of them, in the order in which a reader needs them.
pub(crate) static ALL: &[Example] = &[
    Example {
        file: "sign.sh",
        zh: "用 openssl 签名并用 curl 发送任意钱包请求（RFC 9421，Ed25519）",
        en: "Sign any wallet request with openssl and send it with curl (RFC 9421, Ed25519)",
        text: include_str!("../../../../static/examples/sign.sh"),
    },
    Example {
        file: "resolve.py",
        zh: "用 Python 签名，解析扫到的收款码，并核验应答的签名",
        en: "Sign in Python, resolve a scanned code, and check the signature of the answer",
        text: include_str!("../../../../static/examples/resolve.py"),
    },
    Example {
        file: "create_payment.sh",
        zh: "用商户密钥新建一笔订单付款，得到可打印的码",
        en: "Create an order payment with a merchant's key, and get its code",
        text: include_str!("../../../../static/examples/create_payment.sh"),
    },
    Example {
        file: "follow_feed.sh",
        zh: "接收付款事件，断线后从上次的位置继续",
        en: "Follow what happens, and go on where the last connection ended",
        text: include_str!("../../../../static/examples/follow_feed.sh"),
    },
    Example {
        file: "verify_code.py",
        zh: "仅凭 JWKS 离线核验打印的收款码",
        en: "Check a printed code offline, from the JWKS alone",
        text: include_str!("../../../../static/examples/verify_code.py"),
    },
    Example {
        file: "verify_receipt.py",
        zh: "离线核验收据的签名，再在线确认它没有被出示过",
        en: "Check a receipt's signature offline, then ask whether it was shown before",
        text: include_str!("../../../../static/examples/verify_receipt.py"),
    },
];

/// The program in this file.
pub(super) fn of(file: &str) -> Option<Example> {
    ALL.iter().copied().find(|example| example.file == file)
}
