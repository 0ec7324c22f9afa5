//! Every problem that a client can meet: one line each, with its one status.

/// What went wrong, as clients know it. `code` is never translated and never changes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// The HTTP status.
    pub(crate) status: u16,
    /// What programs look at.
    pub(crate) code: &'static str,
    /// What people read, in Chinese.
    pub(crate) zh: &'static str,
    /// What people read, in English.
    pub(crate) en: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $status:literal $code:literal $zh:literal $en:literal;)+) => {
        $(pub(crate) static $name: Kind = Kind {
            status: $status,
            code: $code,
            zh: $zh,
            en: $en,
        };)+

        /// All of them.
        pub(crate) static ALL: &[&Kind] = &[$(&$name,)+];
    };
}

kinds! {
    BAD_REQUEST = 400 "bad-request" "请求无法识别" "The request cannot be read";
    JSON_INVALID = 400 "json-invalid" "不是正确的 JSON" "The body is not valid JSON";
    JSON_DUPLICATE_KEY = 400 "json-duplicate-key" "JSON 对象中有重复的键" "A key stands twice in a JSON object";
    HEADER_INVALID = 400 "header-invalid" "请求头格式错误" "A header cannot be read";
    QUERY_INVALID = 400 "query-invalid" "查询参数错误" "The query cannot be read";
    CURSOR_INVALID = 400 "cursor-invalid" "分页游标无效" "The cursor is not one that this list gave you";
    IDEMPOTENCY_KEY_MISSING = 400 "idempotency-key-missing" "缺少 Idempotency-Key" "Idempotency-Key is missing";
    IDEMPOTENCY_KEY_INVALID = 400 "idempotency-key-invalid" "Idempotency-Key 格式错误" "Idempotency-Key cannot be read";
    NONCE_SYNTAX = 400 "nonce-syntax" "nonce 格式错误" "The nonce is not 8 to 64 of A-Z a-z 0-9 _ -";
    DIGEST_ALGORITHM = 400 "digest-algorithm" "摘要算法不可用" "Content-Digest needs sha-256";
    MALFORMED = 400 "malformed" "签名无法解析" "The signature or token cannot be read";
    SIGNATURE_MISSING = 401 "signature-missing" "缺少签名" "The request is not signed";
    SIGNATURE_INVALID = 401 "signature-invalid" "签名无效" "The signature does not verify";
    SIGNATURE_INSUFFICIENT = 401 "signature-insufficient" "签名覆盖的内容不足" "The signature does not cover what it must";
    DIGEST_MISMATCH = 401 "digest-mismatch" "正文与摘要不符" "Content-Digest does not match the body";
    CLOCK_SKEW = 401 "clock-skew" "时间超出允许范围" "The request was signed too long ago or in the future";
    NONCE_REUSED = 401 "nonce-reused" "nonce 已使用过" "The nonce was used before";
    ALG_NOT_ALLOWED = 401 "alg-not-allowed" "签名算法不允许" "Only Ed25519 is taken";
    WRONG_TOKEN_TYPE = 401 "wrong-token-type" "凭证类型不符" "A credential of another kind is needed";
    EXPIRED = 401 "expired" "凭证已过期" "The token has expired";
    API_KEY_MISSING = 401 "api-key-missing" "缺少 API 密钥" "An API key is needed";
    API_KEY_INVALID = 401 "api-key-invalid" "API 密钥无效" "The API key is not valid";
    API_KEY_MISPLACED = 401 "api-key-misplaced" "API 密钥只能放在 Authorization 头中" "An API key belongs in the Authorization header only";
    SESSION_INVALID = 401 "session-invalid" "设备未配对或已退出" "This device is not paired";
    PAIRING_INVALID = 401 "pairing-invalid" "配对码错误或已失效" "The pairing code is wrong, used or too old";
    METRICS_TOKEN_INVALID = 401 "metrics-token-invalid" "监控令牌无效" "The metrics' token is missing or wrong";
    SCOPE = 403 "scope" "API 密钥没有此权限" "The API key may not do this";
    CSRF = 403 "csrf" "请求来自其他网站" "The request comes from another site";
    HMAC_CANNOT_CONFIRM = 403 "hmac-cannot-confirm" "共享密钥不能证明收款" "A shared secret cannot attest a payment";
    NOT_FOUND = 404 "not-found" "没有此地址" "There is nothing here";
    PAYMENT_NOT_FOUND = 404 "payment-not-found" "没有此付款" "There is no such payment";
    CODE_NOT_FOUND = 404 "code-not-found" "没有此收款码" "There is no such code";
    ATTEMPT_NOT_FOUND = 404 "attempt-not-found" "没有此付款尝试" "There is no such attempt";
    ORDER_NOT_FOUND = 404 "order-not-found" "没有此订单" "There is no such order";
    MERCHANT_NOT_FOUND = 404 "merchant-not-found" "没有此商户" "There is no such merchant";
    STORE_NOT_FOUND = 404 "store-not-found" "没有此门店" "There is no such store";
    COUNTER_NOT_FOUND = 404 "counter-not-found" "没有此收银台" "There is no such counter";
    ACCEPTANCE_NOT_FOUND = 404 "acceptance-not-found" "没有此受理关系" "There is no such acceptance";
    AGREEMENT_NOT_FOUND = 404 "agreement-not-found" "没有此互通协议" "There is no such agreement";
    INSTITUTION_NOT_FOUND = 404 "institution-not-found" "没有此支付机构" "There is no such payment institution";
    RECEIPT_NOT_FOUND = 404 "receipt-not-found" "没有此收据" "There is no such receipt";
    ADOPTION_NOT_FOUND = 404 "adoption-not-found" "没有此收编" "There is no such adoption";
    PLATE_NOT_FOUND = 404 "plate-not-found" "没有此码牌" "There is no such plate";
    PLATE_BATCH_NOT_FOUND = 404 "plate-batch-not-found" "没有此批码牌" "There is no such batch of plates";
    ACCOUNT_NOT_FOUND = 404 "account-not-found" "没有此收款账户" "There is no such payment account";
    PROBLEM_NOT_FOUND = 404 "problem-not-found" "没有此错误代码" "There is no such problem";
    METHOD_NOT_ALLOWED = 405 "method-not-allowed" "不支持此方法" "This method is not allowed here";
    NOT_ACCEPTABLE = 406 "not-acceptable" "无法提供所要求的格式" "No acceptable representation";
    REQUEST_TIMEOUT = 408 "request-timeout" "请求超时" "The request took too long to arrive";
    NO_ROUTE = 409 "no-route" "此钱包不能向该商户付款" "This wallet cannot pay this merchant";
    REFERENCE_CONFLICT = 409 "reference-conflict" "该编号已用于其他付款" "This reference was used with other facts";
    PAYMENT_HELD = 409 "payment-held" "该付款正由另一个钱包支付" "Another attempt holds this payment";
    STATE_CONFLICT = 409 "state-conflict" "当前状态不允许此操作" "The current state does not allow this";
    PAYEE_REFUSED = 409 "payee-refused" "收款机构拒绝了订单" "The payee institution refused the order";
    TRANSACTION_CONFLICT = 409 "transaction-conflict" "同一流水号的内容不一致" "This payee reference was used with other facts";
    CODE_TAKEN = 409 "code-taken" "此码已由其他商户收编" "Another merchant has adopted this code";
    PLATE_PART_NOT_FOUND = 404 "plate-part-not-found" "此批码牌没有这一份" "This batch has no such part";
    PLATE_BATCH_UNFINISHED = 409 "plate-batch-unfinished" "此批码牌尚未制完" "Not all plates of this batch are made";
    PLATE_UNBOUND = 409 "plate-unbound" "此码牌尚未绑定商户" "This plate has not been bound to a shop yet";
    NAME_HELD = 409 "name-held" "名称与其他商户相近，等待审核" "The name looks like another merchant's and is held for review";
    FONT_MISSING = 409 "font-missing" "服务器没有中文字体" "This server has no font to print with";
    IDEMPOTENCY_IN_FLIGHT = 409 "idempotency-in-flight" "同一请求正在处理" "The first request with this key is still running";
    CODE_EXPIRED = 410 "code-expired" "收款码已过期" "The code has expired";
    CODE_REVOKED = 410 "code-revoked" "收款码已作废" "The code was revoked";
    CODE_SUSPENDED = 410 "code-suspended" "收款码已停用" "The code is suspended";
    PLATE_VOID = 410 "plate-void" "此码牌已作废" "This plate was ended";
    BODY_TOO_LARGE = 413 "body-too-large" "请求正文过大" "The body is too large";
    PICTURE_TOO_LARGE = 413 "picture-too-large" "图片文件过大" "The picture file is too large";
    PICTURE_TOO_MANY_PIXELS = 413 "picture-too-many-pixels" "图片像素过多" "The picture has too many pixels";
    PICTURE_TOO_MUCH_MEMORY = 413 "picture-too-much-memory" "图片解压后过大" "The picture is too large when unpacked";
    URI_TOO_LONG = 414 "uri-too-long" "地址过长" "The address is too long";
    MEDIA_TYPE = 415 "media-type" "不支持此内容类型" "This content type or encoding is not taken here";
    PICTURE_UNSUPPORTED = 415 "picture-unsupported" "只支持 PNG、JPEG 和 WebP 图片" "Only PNG, JPEG and WebP pictures are read";
    CODE_SIGNATURE_INVALID = 422 "code-signature-invalid" "收款码签名无效" "The code was not issued here as it stands";
    CLAIM_INVALID = 422 "claim-invalid" "认领密码错误" "This is not the plate's claim secret";
    CODE_NOT_ADOPTABLE = 422 "code-not-adoptable" "此码不能收编" "This code cannot be adopted";
    PAYLOAD_INVALID = 422 "payload-invalid" "收款码内容无效" "The code cannot be read";
    AMOUNT_REQUIRED = 422 "amount-required" "需要输入金额" "An amount is needed";
    AMOUNT_FIXED = 422 "amount-fixed" "金额由收款码确定" "The amount is fixed by the code";
    AMOUNT_MISMATCH = 422 "amount-mismatch" "金额与付款不符" "The amount is not the payment's";
    CURRENCY_MISMATCH = 422 "currency-mismatch" "币种与付款不符" "The currency is not the payment's";
    PAYMENT_MISMATCH = 422 "payment-mismatch" "付款与收款码不符" "The code does not stand for this payment";
    NUMBER_INVALID = 422 "number-invalid" "收据号码必须是六位数字" "A receipt's number has six digits";
    AMOUNT_INVALID = 422 "amount-invalid" "金额无效" "The amount is not acceptable";
    CURRENCY_INVALID = 422 "currency-invalid" "币种无效" "The currency is not acceptable";
    FIELD_INVALID = 422 "field-invalid" "字段无效" "A field is not acceptable";
    FIELD_MISSING = 422 "field-missing" "缺少字段" "A field is missing";
    FIELD_UNKNOWN = 422 "field-unknown" "未知字段" "A field is not known here";
    TEXT_INVALID = 422 "text-invalid" "文本中有不允许的字符" "A text has a character that is not allowed";
    COUNTER_ELSEWHERE = 422 "counter-elsewhere" "收银台不在此门店" "The counter is in another store";
    LIFETIME_INVALID = 422 "lifetime-invalid" "有效期无效" "The lifetime is not acceptable";
    LIMIT_EXCEEDED = 422 "limit-exceeded" "超过限额" "A limit would be exceeded";
    QUOTA_EXCEEDED = 422 "quota-exceeded" "超过配额" "The merchant has as many of these as it may have";
    WALLET_MISMATCH = 422 "wallet-mismatch" "证明与调用方或订单不符" "The result is not the caller's or not this order's";
    AMOUNTS_INCONSISTENT = 422 "amounts-inconsistent" "金额合计不符" "The amounts do not add up";
    TIME_INVALID = 422 "time-invalid" "时间无效" "A time is not acceptable";
    KEY_WEAK = 422 "key-weak" "密钥强度不足" "The key is not strong enough";
    IDEMPOTENCY_KEY_REUSED = 422 "idempotency-key-reused" "Idempotency-Key 已用于其他请求" "The key was used with another body";
    PRINT_TOO_SMALL = 422 "print-too-small" "印得太小，无法扫描" "The print would be too small to scan";
    PRINT_UNREADABLE = 422 "print-unreadable" "加上图标和颜色后无法识读" "With this logo and these colours the code cannot be read";
    CONTRAST_TOO_LOW = 422 "contrast-too-low" "颜色对比度不足" "The colours are too much alike";
    GLYPH_MISSING = 422 "glyph-missing" "字体缺少某个字" "The font does not have a character that is to be printed";
    NO_CODE = 422 "no-code" "图片中没有找到二维码" "No code was found in the picture";
    PICTURE_AMBIGUOUS = 422 "picture-ambiguous" "图片中有多个收款码" "The picture shows more than one code";
    PICTURE_BROKEN = 422 "picture-broken" "图片文件已损坏" "The picture file is damaged";
    PICTURE_TOO_SLOW = 422 "picture-too-slow" "图片读取超时" "The picture takes too long to read";
    RATE_LIMITED = 429 "rate-limited" "请求过于频繁" "Too many requests; see Retry-After";
    TOO_MANY_STREAMS = 429 "too-many-streams" "实时连接过多" "Too many live feeds at once";
    TOO_MANY_STARTS = 429 "too-many-starts" "尝试次数过多" "Too many attempts from here";
    TOO_MANY_MISSES = 429 "too-many-misses" "无效的收款码过多" "Too many codes from here that were not issued here";
    TOO_MANY_ADOPTIONS = 429 "too-many-adoptions" "收编同一收款码的尝试过多" "This code was asked for too often today";
    PLATE_LOCKED = 429 "plate-locked" "认领密码错误次数过多，码牌已锁定" "Too many wrong claim secrets: the plate is locked";
    TOO_MANY_CLAIMS = 429 "too-many-claims" "绑定码牌过于频繁" "Too many claim secrets tried in a minute";
    TOO_MANY_CHECKS = 429 "too-many-checks" "核对收据过于频繁" "Too many receipts checked in a minute";
    TOO_MANY_PAIRINGS = 429 "too-many-pairings" "配对尝试过多" "Too many pairing codes tried in a minute";
    HEADER_TOO_LARGE = 431 "header-too-large" "请求头过大" "A header is too large";
    INTERNAL = 500 "internal" "服务器内部错误" "Something went wrong on our side";
    DRAINING = 503 "draining" "服务正在停止" "This server is being stopped";
    AUDIT_UNAVAILABLE = 503 "audit-unavailable" "无法写入审计日志，操作未执行" "The audit log cannot be written, so nothing was done";
    BUSY = 503 "busy" "系统繁忙" "Too busy just now";
    OVERLOADED = 503 "overloaded" "系统过载，请稍后重试" "Too much at once; come back in a moment";
    PAYEE_UNAVAILABLE = 503 "payee-unavailable" "收款机构暂时没有应答" "The payee institution does not answer";
}

/// The problem of this code.
pub(crate) fn by_code(code: &str) -> Option<&'static Kind> {
    ALL.iter().copied().find(|kind| kind.code == code)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_stands_once_in_kebab_case_with_a_title_in_both_languages() {
        let codes: BTreeSet<_> = ALL.iter().map(|kind| kind.code).collect();
        assert_eq!(codes.len(), ALL.len());
        for kind in ALL {
            let kebab = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(kind.code.chars().all(kebab), "{}", kind.code);
            assert!((400..600).contains(&kind.status), "{}", kind.code);
            assert!(!kind.zh.is_ascii() && kind.en.is_ascii(), "{}", kind.code);
        }
    }
}
